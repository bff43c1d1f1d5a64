package dev.interlock.policy.yaml;

import java.util.Locale;

/** How much a diagnostic matters. */
public enum Severity {
    /** The document is no policy. */
    ERROR,
    /** The document is a policy, but perhaps not the one that was meant. */
    WARNING,
    /** Nothing is wrong; worth knowing when moving here from elsewhere. */
    NOTE;

    /** In lower case, as it is printed. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
