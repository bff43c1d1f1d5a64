package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.LimitKey;

/**
 * Keys of limits as texts whose order is that of {@link LimitKey#compareTo}: the three parts, each but the last
 * followed by two characters 0. A character 0 of a part is followed by a character 1.
 */
final class KeyText {

    private static final char NUL = 0;
    private static final char PART = 0;
    private static final char ESCAPED = 1;

    private KeyText() {}

    static String of(LimitKey key) {
        StringBuilder text = new StringBuilder(
                key.limit().length() + key.subject().length() + key.partition().length() + 4);
        append(text, key.limit());
        text.append(NUL).append(PART);
        append(text, key.subject());
        text.append(NUL).append(PART);
        append(text, key.partition());
        return text.toString();
    }

    private static void append(StringBuilder text, String part) {
        for (int i = 0; i < part.length(); i++) {
            text.append(part.charAt(i));
            if (part.charAt(i) == NUL) {
                text.append(ESCAPED);
            }
        }
    }

    /**
     * The key that a text is of.
     *
     * @throws IllegalArgumentException if it is of none
     */
    static LimitKey key(String text) {
        StringBuilder[] parts = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
        int part = 0;
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            if (next != NUL) {
                parts[part].append(next);
                continue;
            }
            char what = ++i < text.length() ? text.charAt(i) : Character.MAX_VALUE;
            if (what == ESCAPED) {
                parts[part].append(NUL);
            } else if (what == PART && part < 2) {
                part++;
            } else {
                throw new IllegalArgumentException("this is no key of a limit");
            }
        }
        if (part < 2) {
            throw new IllegalArgumentException("this is no key of a limit");
        }
        return new LimitKey(parts[0].toString(), parts[1].toString(), parts[2].toString());
    }
}
