package dev.interlock.policy.tool.rating;

import dev.interlock.policy.text.VisibleText;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Splits hostile text into lower-case words. Each method looks at a bounded part of its text and walks it once.
 *
 * <p>Characters that a reader can't see are dropped before the text is split, so that they can't split a word.
 * Compatibility forms (full-width letters, ligatures) are folded to plain ones.
 */
final class Words {

    /** How many characters of a name are read. MCP asks for at most 128. */
    static final int NAME_LIMIT = 256;

    /** How many characters of a sentence are read to find what the tool does. */
    static final int SENTENCE_LIMIT = 600;

    private static final int SHOWN_LIMIT = 64;

    /**
     * Stands in a sentence's words for anything that starts or separates a list: a comma, a slash, a colon, a
     * parenthesis.
     */
    static final String COMMA = ",";

    private Words() {}

    /** The words of a name in snake, kebab, dotted or camel case; digits count as separators. */
    static List<String> ofName(String name) {
        String text = plain(name, NAME_LIMIT);
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            boolean letter = i < text.length() && Character.isLetter(text.charAt(i));
            if (start >= 0 && (!letter || startsWord(text, i))) {
                words.add(text.substring(start, i).toLowerCase(Locale.ROOT));
                start = -1;
            }
            if (letter && start < 0) {
                start = i;
            }
        }
        return words;
    }

    /** Whether a capital at {@code i}, after a letter, starts a word: {@code getUser}, {@code HTTPServer}. */
    private static boolean startsWord(String text, int i) {
        if (!Character.isUpperCase(text.charAt(i))) {
            return false;
        }
        boolean afterSmall = Character.isLowerCase(text.charAt(i - 1));
        boolean beforeSmall = i + 1 < text.length() && Character.isLowerCase(text.charAt(i + 1));
        boolean pluralAcronym = beforeSmall
                && text.charAt(i + 1) == 's'
                && (i + 2 == text.length() || !Character.isLowerCase(text.charAt(i + 2)));
        return afterSmall || (beforeSmall && !pluralAcronym);
    }

    /** The words of the first sentence, including {@link #COMMA}. */
    static List<String> ofFirstSentence(String description) {
        String text = plain(description, SENTENCE_LIMIT);
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '.';
            boolean wordly = Character.isLetterOrDigit(c) || c == '_' || (c == '\'' && start >= 0);
            if (wordly && start < 0) {
                start = i;
            }
            if (!wordly && start >= 0) {
                words.add(text.substring(start, i).toLowerCase(Locale.ROOT));
                start = -1;
            }
            if (!words.isEmpty() && endsSentence(text, i)) {
                break;
            }
            if (",/&+(:".indexOf(c) >= 0) {
                words.add(COMMA);
            }
        }
        return words;
    }

    private static boolean endsSentence(String text, int i) {
        if (i >= text.length()) {
            return true;
        }
        boolean beforeSpace = i + 1 == text.length() || VisibleText.isBreakingSpace(text.charAt(i + 1));
        return switch (text.charAt(i)) {
            case '.' -> beforeSpace && !abbreviation(text, i);
            case '!', '?', ';' -> beforeSpace;
            case '\n' -> i + 1 < text.length() && text.charAt(i + 1) == '\n';
            default -> false;
        };
    }

    /** Whether this is {@code e.g.}, {@code i.e.} or {@code etc.}: a point that does not end a sentence. */
    private static boolean abbreviation(String text, int i) {
        return text.regionMatches(true, i - 3, "e.g", 0, 3)
                || text.regionMatches(true, i - 3, "i.e", 0, 3)
                || text.regionMatches(true, i - 3, "etc", 0, 3);
    }

    /** All the words of a text, without punctuation. */
    static List<String> ofText(String text, int limit) {
        String plain = plain(text, limit);
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= plain.length(); i++) {
            boolean wordly = i < plain.length() && isWordly(plain.charAt(i), start >= 0);
            if (wordly && start < 0) {
                start = i;
            } else if (!wordly && start >= 0) {
                words.add(plain.substring(start, i).replace('\u2019', '\'').toLowerCase(Locale.ROOT));
                start = -1;
            }
        }
        return words;
    }

    private static boolean isWordly(char c, boolean inWord) {
        return Character.isLetterOrDigit(c) || (inWord && (c == '\'' || c == '\u2019'));
    }

    /**
     * Whether the name contains a letter other than the Latin ones that names are written with, which may look like
     * one.
     */
    static boolean hasForeignLetters(String name) {
        String text = plain(name, NAME_LIMIT);
        return text.chars().anyMatch(c -> c >= 0x80);
    }

    /** The name in the form used in a factor: short and printable. */
    static String shown(String name) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < name.length() && i < SHOWN_LIMIT; i++) {
            char c = name.charAt(i);
            shown.append(c >= ' ' && c < 0x7F ? c : '?');
        }
        return name.length() > SHOWN_LIMIT ? shown.append("...").toString() : shown.toString();
    }

    private static String plain(String text, int limit) {
        String head = text.length() > limit ? text.substring(0, limit) : text;
        StringBuilder seen = new StringBuilder(head.length());
        head.codePoints()
                .filter(c -> !VisibleText.isInvisible(c) || VisibleText.isSpace(c))
                .forEach(seen::appendCodePoint);
        return Normalizer.normalize(seen, Normalizer.Form.NFKC);
    }
}
