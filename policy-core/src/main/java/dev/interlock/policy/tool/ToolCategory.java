package dev.interlock.policy.tool;

import java.util.Locale;
import java.util.Optional;

/** What a call to a tool does to the world. The categories are those of the Intercept risk catalogue. */
public enum ToolCategory {
    /** Reads; changes nothing. */
    READ(RiskLevel.LOW),
    /** Changes something that can be changed back. */
    WRITE(RiskLevel.MEDIUM),
    /** Runs something whose effect the tool's description does not bound: a job, a command, code. */
    EXECUTE(RiskLevel.HIGH),
    /** Deletes or overwrites something that can't be restored. */
    DESTRUCTIVE(RiskLevel.CRITICAL),
    /** Moves money, or creates a debt. */
    FINANCIAL(RiskLevel.CRITICAL);

    private final RiskLevel usualRisk;

    ToolCategory(RiskLevel usualRisk) {
        this.usualRisk = usualRisk;
    }

    /** Returns the risk of a tool of this category if nothing else is known about it. */
    public RiskLevel usualRisk() {
        return usualRisk;
    }

    /** Returns the name as policies write it: {@code read}, {@code write}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the category that policies write as {@code text}, if there is one. */
    public static Optional<ToolCategory> of(String text) {
        for (ToolCategory category : values()) {
            if (category.text().equals(text)) {
                return Optional.of(category);
            }
        }
        return Optional.empty();
    }
}
