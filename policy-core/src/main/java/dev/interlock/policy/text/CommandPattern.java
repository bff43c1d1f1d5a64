package dev.interlock.policy.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Commands as policies write them: {@code git diff **}, {@code npm run *}, {@code git push origin feature/* !-}.
 *
 * <p>A pattern is read as a shell reads a command, so its words may stand in quotes, too. Outside quotes, a word
 * {@code *} stands for one word, a last {@code **} for any number of them, and {@code *} within a word for a run of
 * ASCII letters, digits and {@code . _ - /} in which no two dots stand side by side. A last {@code !-} forbids words
 * that begin with {@code -} where the pattern does not spell a word's beginning out. Immutable.
 */
public final class CommandPattern {

    private static final String ONE = String.valueOf(ShellCommand.STAR);
    private static final String REST = ONE + ONE;
    private static final String NO_OPTIONS = String.valueOf(ShellCommand.NO_OPTIONS);

    /** The words up to a last {@code **}. */
    private final List<String> words;

    /** Whether any words may follow. */
    private final boolean open;

    private final boolean optionsForbidden;

    private CommandPattern(List<String> words, boolean open, boolean optionsForbidden) {
        this.words = words;
        this.open = open;
        this.optionsForbidden = optionsForbidden;
    }

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException if no command could match it; the message says what is wrong
     */
    public static CommandPattern parse(String text) {
        List<String> words = ShellCommand.patternWords(text);
        if (words == null) {
            throw bad(text, "is not one plain shell command");
        }
        int size = words.size();
        boolean optionsForbidden = words.get(size - 1).equals(NO_OPTIONS);
        size -= optionsForbidden ? 1 : 0;
        boolean open = size > 0 && words.get(size - 1).equals(REST);
        size -= open ? 1 : 0;
        List<String> fixed = List.copyOf(words.subList(0, size));
        if (fixed.isEmpty() && !open) {
            throw bad(text, "names no command");
        }
        for (String word : fixed) {
            if (word.contains(REST)) {
                throw bad(text, "has a '**' that is not its last word");
            }
            if (word.equals(NO_OPTIONS)) {
                throw bad(text, "has a '!-' that does not end it");
            }
        }
        return new CommandPattern(fixed, open, optionsForbidden);
    }

    private static IllegalArgumentException bad(String text, String problem) {
        return new IllegalArgumentException(VisibleText.quoted(text) + " " + problem);
    }

    /**
     * Returns whether a command is one of these. The time is linear in the length of the command, times the length of
     * the pattern's longest word.
     */
    public boolean matches(ShellCommand command) {
        List<String> found = command.words();
        if (found.size() < words.size() || (found.size() > words.size() && !open)) {
            return false;
        }
        for (int i = 0; i < found.size(); i++) {
            String expected = i < words.size() ? words.get(i) : ONE;
            if (isForbiddenOption(expected, found.get(i)) || !matches(expected, found.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean isForbiddenOption(String expected, String word) {
        return optionsForbidden && expected.startsWith(ONE) && word.startsWith("-");
    }

    /** Whether a word matches. Backs up to the last star only, as {@link NamePattern} does. */
    static boolean matches(String expected, CharSequence word) {
        if (expected.equals(ONE)) {
            return true;
        }
        int p = 0;
        int w = 0;
        int star = -1;
        int resume = 0;
        while (w < word.length()) {
            if (p < expected.length() && expected.charAt(p) == ShellCommand.STAR) {
                star = p++;
                resume = w;
            } else if (p < expected.length() && expected.charAt(p) == word.charAt(w)) {
                p++;
                w++;
            } else if (star >= 0 && mayBeInRun(word, resume)) {
                p = star + 1;
                w = ++resume;
            } else {
                return false;
            }
        }
        while (p < expected.length() && expected.charAt(p) == ShellCommand.STAR) {
            p++;
        }
        return p == expected.length();
    }

    private static boolean mayBeInRun(CharSequence word, int index) {
        char c = word.charAt(index);
        if (c == '.') {
            return (index == 0 || word.charAt(index - 1) != '.')
                    && (index + 1 == word.length() || word.charAt(index + 1) != '.');
        }
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '-'
                || c == '/';
    }

    /** Returns whether a command may have options that the pattern does not spell out. */
    public boolean admitsOptions() {
        return !optionsForbidden && (open || words.stream().skip(1).anyMatch(word -> word.startsWith(ONE)));
    }

    /** Returns the name of the program, without its directory; null if the pattern does not spell it out. */
    public @Nullable String program() {
        String first = words.isEmpty() ? ONE : words.get(0);
        return first.contains(ONE) ? null : first.substring(first.lastIndexOf('/') + 1);
    }
}
