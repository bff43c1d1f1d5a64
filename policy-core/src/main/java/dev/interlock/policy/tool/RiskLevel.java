package dev.interlock.policy.tool;

import java.util.Locale;
import java.util.Optional;

/** How bad a wrong call would be, in rising order. */
public enum RiskLevel {
    /** Nothing is changed. */
    LOW,
    /** Something changes that can be changed back. */
    MEDIUM,
    /** Something runs whose effect is hard to bound. */
    HIGH,
    /** Something is permanently lost or paid. */
    CRITICAL;

    /** Returns the name as policies write it: {@code low}, {@code medium}, {@code high}, {@code critical}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the level that policies write as {@code text}, if there is one. */
    public static Optional<RiskLevel> of(String text) {
        for (RiskLevel level : values()) {
            if (level.text().equals(text)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }
}
