package dev.interlock.policy.call;

import java.util.Locale;

/** What a policy does with the result of a call. */
public enum ResultFate {
    /** The caller sees it as it came. */
    PASSED,
    /** The caller sees it with other texts in place of some of its own. */
    REDACTED,
    /** The caller sees a part of it, from which texts may have been removed before. */
    CUT,
    /** The caller does not see it. */
    WITHHELD;

    /** Returns the word that records use: {@code passed}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
