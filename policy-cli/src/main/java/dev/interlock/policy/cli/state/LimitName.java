package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.text.NamePattern;
import java.util.Locale;

/**
 * A person's way to name limits: the name that a listing shows, a part of it, a glob, or the name in a denial. Case
 * doesn't matter in a part: it is for finding, and what is found is shown.
 */
final class LimitName {

    private final String text;

    LimitName(String text) {
        this.text = text;
    }

    /** Whether this is the whole name of the key's limit. */
    boolean isExactly(LimitKey key) {
        return key.limit().equals(text);
    }

    /**
     * Whether the text names the key's limit.
     *
     * @param rule what a denial calls the limit; empty if that is not known
     */
    boolean matches(LimitKey key, String rule) {
        return rule.equals(text) || matches(key);
    }

    private boolean matches(LimitKey key) {
        if (text.indexOf('*') >= 0 || text.indexOf('?') >= 0) {
            return isExactly(key) || new NamePattern(text).matches(key.limit());
        }
        return key.limit().toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
    }
}
