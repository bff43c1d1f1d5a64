package dev.interlock.policy.engine;

import dev.interlock.policy.NamePattern;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tells names that look like one another. Two names look alike when their skeletons are equal: NFKC, case folding, and
 * one letter for each group of confusable ones (the idea, and the groups, of Unicode Technical Standard 39, cut down to
 * what can pass for a letter or digit of a tool's name).
 */
public final class LookAlikes {

    static final int MAX_NAME = 128;

    private static final int MAX_WORD = 64;

    /** Each row: the letter that stands for the row, then letters of other scripts and digits that pass for it. */
    private static final String[] GROUPS = {
        "aаɑα", "bЬьƄв", "cсϲⅽ", "dԁɗⅾ", "eеєҽε", "fғƒ", "gɡցğ", "hһнհ", "l1iіıІӀιɩǀ|", "jјϳ", "kкκĸ", "mмⅿ", "nոпηн",
        "o0оοօσөΘ", "pрρ", "qԛգ", "rгᴦ", "sѕʂ", "tтτ", "uսυцʋ", "vѵνⅴ", "wԝѡω", "xхχⅹ", "yуүγ", "zᴢʐ", "-‐‑‒–—−"
    };

    private LookAlikes() {}

    /** What is wrong with a name whatever a policy says, or null if nothing is. */
    public static @Nullable String defect(String name) {
        if (name.isBlank()) {
            return "is blank";
        }
        if (!name.equals(name.strip())) {
            return "begins or ends with a space";
        }
        if (name.length() > MAX_NAME) {
            return "is longer than " + MAX_NAME + " characters";
        }
        return hasInvisible(name) ? "has a control or invisible character" : null;
    }

    /** Whether any character of a name {@linkplain #isInvisible can't be seen}. */
    public static boolean hasInvisible(String name) {
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            if (isInvisible(c)) {
                return true;
            }
            i += Character.charCount(c);
        }
        return false;
    }

    /** Whether nothing of a name can be seen: it is empty, or all spaces, invisible characters and marks without a letter. */
    static boolean showsNothing(String name) {
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            if (c != ' ' && !isInvisible(c) && !isMark(c)) {
                return false;
            }
            i += Character.charCount(c);
        }
        return true;
    }

    private static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
    }

    /** Whether a name that a server chose can be repeated to a model: it is no sentence, and nothing in it hides. */
    public static boolean isWord(String name) {
        return name.length() <= MAX_WORD && name.codePoints().noneMatch(c -> c == ' ' || isInvisible(c));
    }

    /** Whether a character can't be seen, or can't be told from a space. */
    public static boolean isInvisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            // Fillers, variation selectors and blank glyphs that are letters or marks to Java.
            case Character.SPACE_SEPARATOR -> c != ' ';
            default ->
                c == 0x115F
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
        };
    }

    /** What all names that look like {@code name} have in common. Glob characters stay as they are. */
    public static String skeleton(String name) {
        String folded = fold(name);
        StringBuilder out = new StringBuilder(folded.length());
        for (int i = 0; i < folded.length(); ) {
            int c = folded.codePointAt(i);
            out.appendCodePoint(representative(c));
            i += Character.charCount(c);
        }
        return out.toString();
    }

    /**
     * Whether a name looks like one that the glob matches. If both are in ASCII they are compared but for case: nobody
     * disguises themselves as some name that begins with 'i' by beginning with 'l'.
     */
    public static boolean passesFor(String name, NamePattern glob) {
        return (isAscii(name) && isAscii(glob.text()))
                ? new NamePattern(fold(glob.text())).matches(fold(name))
                : new NamePattern(skeleton(glob.text())).matches(skeleton(name));
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /** The name without its case and compatibility forms. */
    static String fold(String name) {
        if (isAscii(name)) {
            // Nearly every name: it has one form, and so the tables of the others need not be read.
            return name.toLowerCase(Locale.ROOT);
        }
        // By way of upper case, since lower-casing alone leaves some letters (such as a final sigma) apart.
        return Normalizer.normalize(name, Normalizer.Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
    }

    private static int representative(int c) {
        if (c < 0x80 && c != '0' && c != '1' && c != 'i' && c != '|') {
            return c;
        }
        for (String group : GROUPS) {
            if (group.indexOf(c) >= 0) {
                return group.charAt(0);
            }
        }
        return c;
    }
}
