package dev.interlock.policy.text;

import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells which characters are visible, and makes text from an agent, a server or a file safe for a log, a message or a
 * terminal: nothing in it ends a line, moves the cursor, changes the direction of writing, or is hidden.
 *
 * <p>All methods take time linear in the length of what they show, and may be called by any thread.
 */
public final class VisibleText {

    /** How many characters of a name are shown. MCP asks for names of 128 characters at most. */
    private static final int MAX_NAME = 128;

    /** How many characters of a text are shown in a message that quotes it. */
    private static final int MAX_QUOTE = 80;

    /** How many names a message lists before it counts the others. */
    private static final int MAX_LISTED = 3;

    private VisibleText() {}

    /**
     * Returns whether a character can't be seen or can't be distinguished from a space: controls, formatting characters
     * (zero-width characters, signs that change the direction, tags), fillers, variation selectors, blank glyphs, every
     * space except the plain one, unpaired surrogates, and code points that Unicode leaves to private use or does not
     * assign.
     */
    public static boolean isInvisible(int c) {
        if (c < 0x7F) {
            return c < ' ';
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> true;
            default -> isBlankGlyph(c);
        };
    }

    /**
     * Whether this is a filler, variation selector or blank glyph. Java classifies these as letters, marks or symbols.
     */
    private static boolean isBlankGlyph(int c) {
        return c == 0x115F
                || c == 0x1160
                || c == 0x3164
                || c == 0xFFA0
                || c == 0x2800
                || c == 0x034F
                || (c >= 0xFE00 && c <= 0xFE0F)
                || (c >= 0xE0100 && c <= 0xE01EF)
                || c == 0x17B4
                || c == 0x17B5
                || (c >= 0x180B && c <= 0x180F)
                || c == 0x16FE4
                || c == 0x1D159
                || c == 0x13441
                || c == 0x13442;
    }

    /** Returns whether any character of a text is {@linkplain #isInvisible invisible}. */
    public static boolean hasInvisible(String text) {
        return firstInvisible(text, text.length()) < text.length();
    }

    /**
     * Returns whether a character ends a line or controls a terminal: a control character, a line or a paragraph
     * separator.
     */
    public static boolean isControl(int c) {
        return isControlCode(c) || c == 0x2028 || c == 0x2029;
    }

    /** Returns whether a character is a control code: U+0000 to U+001F, and U+007F to U+009F. */
    public static boolean isControlCode(int c) {
        return Character.isISOControl(c);
    }

    /** Returns whether a character only changes how others are shown, for example their direction. */
    public static boolean isFormat(int c) {
        return Character.getType(c) == Character.FORMAT;
    }

    /** Returns whether a character is drawn on the one before it, so that it takes no column of its own. */
    public static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
    }

    /** Returns whether a character is a space or ends a line. */
    public static boolean isSpace(int c) {
        return isBreakingSpace(c) || Character.isSpaceChar(c);
    }

    /** Returns whether a character is a {@linkplain #isSpace space} at which a line may be broken. */
    public static boolean isBreakingSpace(int c) {
        return Character.isWhitespace(c);
    }

    /**
     * Returns whether a character is a letter that takes one place in a line from left to right, and changes nothing
     * around it. Characters beyond the basic plane are two UTF-16 units, so they are none.
     */
    public static boolean isPlainLetter(int c) {
        return c <= Character.MAX_VALUE
                && !isInvisible(c)
                && Character.isLetter(c)
                && Character.getType(c) != Character.MODIFIER_LETTER
                && Character.getDirectionality(c) == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
    }

    /**
     * Returns the first character that a person doesn't see but a model reads, as {@code U+200B}. Unlike
     * {@link #hasInvisible}, it accepts what written languages and emoji need: spaces, joiners between characters
     * outside ASCII, a single variation selector.
     */
    public static Optional<String> hidden(String text) {
        return InvisibleText.find(text);
    }

    /** Returns the text on one line, with invisible characters escaped, such as {@code \n} or {@code \u200b}. */
    public static String escaped(String text) {
        return escaped(text, text.length());
    }

    /**
     * Returns the same for a text that may be long.
     *
     * @param most how many characters (UTF-16 units) of it are shown; an ellipsis stands for the others
     */
    public static String escaped(String text, int most) {
        int end = Math.min(text.length(), most);
        if (end > 0 && end < text.length() && Character.isSurrogatePair(text.charAt(end - 1), text.charAt(end))) {
            end--;
        }
        int plain = firstInvisible(text, end);
        if (plain == text.length()) {
            return text;
        }
        StringBuilder out = new StringBuilder(end + 16).append(text, 0, plain);
        for (int i = plain; i < end; ) {
            int c = text.codePointAt(i);
            appendEscaped(c, out);
            i += Character.charCount(c);
        }
        return end < text.length() ? out.append('…').toString() : out.toString();
    }

    /**
     * Returns the text as a message quotes it: on one line, escaped, cut after 80 characters, without quotes around it.
     */
    public static String brief(String text) {
        return escaped(text, MAX_QUOTE);
    }

    /** Returns the {@linkplain #brief brief} text in single quotes. */
    public static String quoted(String text) {
        return "'" + brief(text) + "'";
    }

    /** Returns the first three names, {@linkplain #quoted quoted}, and the number of the others. */
    public static String list(Collection<String> names) {
        String few = String.join(
                ", ", names.stream().limit(MAX_LISTED).map(VisibleText::quoted).toList());
        return names.size() > MAX_LISTED ? few + " and " + (names.size() - MAX_LISTED) + " more" : few;
    }

    /** Returns a name that came over the wire, on one line, escaped, and cut after 128 characters. */
    public static String name(@Nullable String name) {
        return name == null || name.isEmpty() ? "(no name)" : escaped(name, MAX_NAME);
    }

    /** Appends a character, or its escape if it is {@linkplain #isInvisible invisible}. */
    public static void appendEscaped(int c, StringBuilder out) {
        if (isInvisible(c)) {
            escape(c, out);
        } else {
            out.appendCodePoint(c);
        }
    }

    /** Appends the escape of a character, whether it is visible or not. */
    public static void escape(int c, StringBuilder out) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
                String hex = Integer.toHexString(c);
                if (c > Character.MAX_VALUE) {
                    out.append("\\u{").append(hex).append('}');
                } else {
                    out.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
                }
            }
        }
    }

    private static int firstInvisible(String text, int end) {
        int i = 0;
        while (i < end) {
            int c = text.codePointAt(i);
            if (isInvisible(c)) {
                return i;
            }
            i += Character.charCount(c);
        }
        return i;
    }
}
