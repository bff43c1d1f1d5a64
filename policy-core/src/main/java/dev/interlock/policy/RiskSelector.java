package dev.interlock.policy;

import dev.interlock.policy.tool.RiskLevel;
import java.util.Optional;

/**
 * A key of {@code risks}: one level, or one level and all above.
 *
 * @param level the level
 * @param orAbove whether higher levels also match ({@code high+})
 */
public record RiskSelector(RiskLevel level, boolean orAbove) {

    /** Returns the selector that policies write as {@code text}, if there is one. */
    public static Optional<RiskSelector> of(String text) {
        boolean orAbove = text.endsWith("+");
        String name = orAbove ? text.substring(0, text.length() - 1) : text;
        return RiskLevel.of(name).map(level -> new RiskSelector(level, orAbove));
    }

    /** Returns whether it selects tools of this risk. */
    public boolean matches(RiskLevel risk) {
        return orAbove ? risk.compareTo(level) >= 0 : risk == level;
    }

    /** Returns the selector as policies write it. */
    public String text() {
        return orAbove ? level.text() + "+" : level.text();
    }
}
