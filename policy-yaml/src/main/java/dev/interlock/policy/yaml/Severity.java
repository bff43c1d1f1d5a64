package dev.interlock.policy.yaml;

import java.util.Locale;

/** How serious a diagnostic is. */
public enum Severity {
    /** The document isn't a valid policy. */
    ERROR,
    /** The document is a valid policy, but perhaps not the intended one. */
    WARNING,
    /** Nothing is wrong, but it is worth knowing when migrating from another tool. */
    NOTE;

    /** The name in lower case, as it is printed. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
