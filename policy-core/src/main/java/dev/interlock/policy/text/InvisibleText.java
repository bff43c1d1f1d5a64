package dev.interlock.policy.text;

import java.util.Optional;

/**
 * Finds characters that a person doesn't see but a model reads: Unicode tags, zero-width and bidirectional controls,
 * fillers, runs of variation selectors, control characters. Accepts what written languages and emoji need: a joiner
 * between characters outside ASCII, a single variation selector.
 */
final class InvisibleText {

    private InvisibleText() {}

    /** The first such character, as {@code U+200B}. */
    static Optional<String> find(String text) {
        int before = ' ';
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            int after = i < text.length() ? text.codePointAt(i) : ' ';
            if (isHidden(c)
                    || (isJoiner(c) && (before < 0x80 || after < 0x80))
                    || (isVariation(c) && (before < 0x20 || isVariation(before)))) {
                return Optional.of(String.format("U+%04X", c));
            }
            before = c;
        }
        return Optional.empty();
    }

    private static boolean isHidden(int c) {
        return switch (c) {
            case 0x00AD,
                    0x034F,
                    0x061C,
                    0x115F,
                    0x1160,
                    0x17B4,
                    0x17B5,
                    0x180E,
                    0x200B,
                    0x200E,
                    0x200F,
                    0x3164,
                    0xFEFF,
                    0xFFA0 -> true;
            default ->
                (VisibleText.isControlCode(c) && c != '\n' && c != '\r' && c != '\t')
                        || within(c, 0x202A, 0x202E)
                        || within(c, 0x2060, 0x206F)
                        || within(c, 0xFFF9, 0xFFFB)
                        || within(c, 0xE0000, 0xE0FFF);
        };
    }

    private static boolean isJoiner(int c) {
        return c == 0x200C || c == 0x200D;
    }

    private static boolean isVariation(int c) {
        return within(c, 0xFE00, 0xFE0F);
    }

    private static boolean within(int c, int first, int last) {
        return c >= first && c <= last;
    }
}
