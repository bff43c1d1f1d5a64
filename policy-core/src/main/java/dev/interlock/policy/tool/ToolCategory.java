package dev.interlock.policy.tool;

import java.util.Locale;
import java.util.Optional;

/** What a call of a tool does to the world. The categories are those of the Intercept risk catalogue. */
public enum ToolCategory {
    /** Looks, changes nothing. */
    READ(RiskLevel.LOW),
    /** Changes something that can be changed back. */
    WRITE(RiskLevel.MEDIUM),
    /** Runs something whose effect the tool's description does not bound: a job, a command, code. */
    EXECUTE(RiskLevel.HIGH),
    /** Deletes or overwrites what can't be brought back. */
    DESTRUCTIVE(RiskLevel.CRITICAL),
    /** Moves money, or makes somebody owe it. */
    FINANCIAL(RiskLevel.CRITICAL);

    private final RiskLevel usualRisk;

    ToolCategory(RiskLevel usualRisk) {
        this.usualRisk = usualRisk;
    }

    /** The risk of a tool of this category when nothing else is known of it. */
    public RiskLevel usualRisk() {
        return usualRisk;
    }

    /** The name as policies write it: {@code read}, {@code write}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The category that policies write as {@code text}, if there is one. */
    public static Optional<ToolCategory> of(String text) {
        for (ToolCategory category : values()) {
            if (category.text().equals(text)) {
                return Optional.of(category);
            }
        }
        return Optional.empty();
    }
}
