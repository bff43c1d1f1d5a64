package dev.interlock.policy;

import java.util.Locale;

/** How much something that was found in a policy matters. */
public enum Severity {
    /** The document isn't a valid policy, or the policy can't do what it says, or leaves a hole. */
    ERROR,
    /** The policy is valid, but it or the server may not do what was intended. */
    WARNING,
    /** Nothing is wrong, but it is worth knowing. */
    NOTE;

    /** Returns the severity in lower case, as it is printed. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
