package dev.interlock.policy.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One plain command for a POSIX shell: words, of which parts may stand in quotes or behind backslashes, and nothing
 * else that a shell acts on. A text that some shell of this kind, interactive or not, could read in another way is not
 * a command here. Reading takes time linear in the length of the text. Immutable.
 */
public final class ShellCommand {

    /** Stands for an asterisk outside quotes in the words of a pattern. No text that is read can contain it. */
    static final char STAR = '\0';

    /** Stands for a word {@code !-} outside quotes, which forbids options in a pattern. No text can contain it. */
    static final char NO_OPTIONS = '\1';

    /** Characters on which a shell acts wherever they stand outside quotes. */
    private static final String ACTIVE = "|&;<>()$`*?[{}~";

    /** Characters on which a shell acts within double quotes, besides the backslash. */
    private static final String ACTIVE_IN_QUOTES = "$`";

    /** Characters that lose their meaning behind a backslash within double quotes. */
    private static final String ESCAPED_IN_QUOTES = "$`\"\\";

    /** Words at the beginning of a command that some shell takes for a part of its language. */
    private static final Set<String> RESERVED = Set.of(
            "!",
            "-",
            "]]",
            "always",
            "case",
            "coproc",
            "do",
            "done",
            "elif",
            "else",
            "end",
            "esac",
            "fi",
            "for",
            "foreach",
            "function",
            "if",
            "in",
            "namespace",
            "nocorrect",
            "noglob",
            "repeat",
            "select",
            "then",
            "time",
            "until",
            "while");

    private final List<String> words;

    private ShellCommand(List<String> words) {
        this.words = words;
    }

    /** Reads a command. Returns null if the text is anything else, more than that, or could be read differently. */
    public static @Nullable ShellCommand parse(CharSequence text) {
        List<String> words = new Scan(text, false).words();
        return words == null ? null : new ShellCommand(words);
    }

    /**
     * The words of a pattern, in which {@link #STAR} and {@link #NO_OPTIONS} stand for what has a meaning outside
     * quotes.
     */
    static @Nullable List<String> patternWords(String text) {
        return new Scan(text, true).words();
    }

    /** Returns what a shell hands to the program: its name, and then its arguments. Never empty. */
    public List<String> words() {
        return words;
    }

    /** One pass over a text. */
    private static final class Scan {

        private final CharSequence text;
        private final boolean pattern;
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private int at;
        private boolean inWord;

        /** Whether a part of the current word is quoted. */
        private boolean quoted;

        Scan(CharSequence text, boolean pattern) {
            this.text = text;
            this.pattern = pattern;
        }

        @Nullable
        List<String> words() {
            while (at < text.length()) {
                char c = text.charAt(at);
                boolean read = switch (c) {
                    case ' ' -> endWord();
                    case '\'' -> singleQuotes();
                    case '"' -> doubleQuotes();
                    case '\\' -> escape();
                    default -> plain(c);
                };
                if (!read) {
                    return null;
                }
            }
            return endWord() && !words.isEmpty() ? List.copyOf(words) : null;
        }

        private boolean endWord() {
            at++;
            if (inWord) {
                String ended = word.toString();
                boolean first = words.isEmpty();
                // Shells compare the name with their jobs' numbers after they have taken the quotes away.
                if (first && (ended.startsWith("%") || (!quoted && RESERVED.contains(ended)))) {
                    return false;
                }
                words.add(ended);
                word.setLength(0);
                inWord = false;
                quoted = false;
            }
            return true;
        }

        private boolean singleQuotes() {
            begin();
            at++;
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '\'') {
                    at++;
                    return true;
                }
                if (!append(c)) {
                    return false;
                }
            }
            return false;
        }

        private boolean doubleQuotes() {
            begin();
            at++;
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return true;
                }
                if (ACTIVE_IN_QUOTES.indexOf(c) >= 0 || (c == '!' && mayRecall('"'))) {
                    return false;
                }
                if (c == '\\') {
                    char next = at + 1 < text.length() ? text.charAt(at + 1) : 0;
                    if (next == '!') {
                        return false; // Some shells take the backslash away, and some don't.
                    }
                    if (ESCAPED_IN_QUOTES.indexOf(next) >= 0) {
                        at++;
                        c = next;
                    }
                }
                if (!append(c)) {
                    return false;
                }
            }
            return false;
        }

        private boolean escape() {
            begin();
            at++;
            return at < text.length() && isOneForAllShells() && append(text.charAt(at));
        }

        private void begin() {
            inWord = true;
            quoted = true;
        }

        private boolean plain(char c) {
            if (pattern && c == '*') {
                inWord = true;
                word.append(STAR);
                at++;
                return true;
            }
            boolean starts = !inWord;
            if (pattern && c == '!' && starts && forbidsOptions()) {
                inWord = true;
                word.append(NO_OPTIONS);
                at += 2;
                return true;
            }
            boolean acts = ACTIVE.indexOf(c) >= 0
                    || (c == '#' && starts)
                    // An assignment, or in some shells the path of a program.
                    || (c == '=' && (starts || words.isEmpty()))
                    || (c == '^' && starts && words.isEmpty())
                    || (c == '!' && mayRecall(' '))
                    || !isOneForAllShells();
            inWord = true;
            return !acts && append(c);
        }

        /** Whether an interactive shell could put an earlier command here: {@code !!}, {@code !rm}. */
        private boolean mayRecall(char end) {
            if (at + 1 >= text.length()) {
                return false;
            }
            char next = text.charAt(at + 1);
            return next != ' ' && next != end;
        }

        /** Whether {@code !-} stands here as a word. {@link CommandPattern} checks that it is the last. */
        private boolean forbidsOptions() {
            int end = at + 2;
            return end <= text.length()
                    && text.charAt(at + 1) == '-'
                    && (end == text.length() || text.charAt(end) == ' ');
        }

        /** Appends the character, unless it is one that no command may contain, even in quotes. */
        private boolean append(char c) {
            boolean paired = !Character.isSurrogate(c)
                    || (Character.isHighSurrogate(c)
                            ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                            : at > 0 && Character.isHighSurrogate(text.charAt(at - 1)));
            // Encoded as UTF-8, an unpaired surrogate becomes a question mark.
            if (!paired || VisibleText.isControl(c)) {
                return false;
            }
            word.append(c);
            at++;
            return true;
        }

        /**
         * Whether a character outside quotes is a part of a word for every shell. Some systems take the bytes 0x85 and
         * 0xA0 for blanks, also within the encoding of another character, and some shells take other scripts' spaces
         * for blanks.
         */
        private boolean isOneForAllShells() {
            char c = text.charAt(at);
            if (c < 0x80 || Character.isLowSurrogate(c)) {
                return true;
            }
            int point = Character.codePointAt(text, at);
            return !VisibleText.isInvisible(point)
                    && !isBlankByte(point)
                    && !(point >= 0x800 && isBlankByte(point >> 6))
                    && !(point >= 0x10000 && isBlankByte(point >> 12));
        }

        /** Whether the byte for the last six bits is one of those. */
        private static boolean isBlankByte(int bits) {
            int last = bits & 0x3F;
            return last == 0x20 || last == 0x05;
        }
    }
}
