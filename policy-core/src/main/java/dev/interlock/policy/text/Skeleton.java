package dev.interlock.policy.text;

import java.text.Normalizer;
import java.util.Locale;

/**
 * The form that all names that look alike share: NFKC, case folding, and one letter for each group of confusable
 * letters. The idea and the groups come from Unicode Technical Standard 39, reduced to what can be mistaken for a
 * letter or digit of a name.
 *
 * <p>Normalizing takes quadratic time in the length of a run of combining marks, so only the first {@value #MAX_MARKS}
 * marks of a run are used. All methods here take time linear in the length of the name.
 */
public final class Skeleton {

    /** Real text never has more combining marks in a row. */
    public static final int MAX_MARKS = 30;

    private static final int DOTLESS_I = 0x131;

    /** Each row: the letter that represents the row, then letters of other scripts and digits that look like it. */
    private static final String[] GROUPS = {
        "aаɑα", "bЬьƄв", "cсϲⅽ", "dԁɗⅾ", "eеєҽε", "fғƒ", "gɡցğ", "hһнհ", "l1iіıІӀιɩǀ|", "jјϳ", "kкκĸ", "mмⅿ", "nոпηн",
        "o0оοօσөΘ", "pрρ", "qԛգ", "rгᴦ", "sѕʂ", "tтτ", "uսυцʋ", "vѵνⅴ", "wԝѡω", "xхχⅹ", "yуүγ", "zᴢʐ", "-‐‑‒–—−"
    };

    /** The representatives of the ASCII characters. */
    private static final char[] ASCII = new char[128];

    static {
        for (char c = 0; c < ASCII.length; c++) {
            ASCII[c] = (char) representative(Character.toLowerCase(c));
        }
    }

    private Skeleton() {}

    /** Returns the skeleton of a name. Glob characters stay as they are. */
    public static String of(String name) {
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
     * Returns the name without its case and compatibility forms, and without marks beyond the first {@value #MAX_MARKS}
     * in a row.
     */
    public static String fold(String name) {
        if (isAscii(name)) {
            // Nearly every name: it has only one form, so the tables of other forms need not be read.
            return name.toLowerCase(Locale.ROOT);
        }
        // Through upper case, because lower-casing alone keeps some letters (such as a final sigma) apart.
        return Normalizer.normalize(withoutLongRows(name), Normalizer.Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
    }

    /**
     * Returns a text after NFKC and full case folding: two texts have the same result exactly if they differ in nothing
     * but case and compatibility forms. Unlike {@link #fold}, it keeps the dotless i apart from the letter i, since the
     * two are different letters.
     */
    public static String caseless(String text) {
        if (isAscii(text)) {
            return text.toLowerCase(Locale.ROOT);
        }
        // Lower case first, because some capitals have no upper case of their own to be expanded.
        StringBuilder upper = new StringBuilder();
        lowerEach(Normalizer.normalize(text, Normalizer.Form.NFKC))
                .codePoints()
                .forEach(c -> upper.append(
                        c == DOTLESS_I ? "\u0131" : Character.toString(c).toUpperCase(Locale.ROOT)));
        return lowerEach(upper.toString());
    }

    /** Each character on its own: a sigma at the end of a word is lower-cased like any other. */
    private static String lowerEach(String text) {
        StringBuilder lower = new StringBuilder(text.length());
        text.codePoints().forEach(c -> lower.append(Character.toString(c).toLowerCase(Locale.ROOT)));
        return lower.toString();
    }

    /**
     * Returns whether a text has so many combining marks in a row that its forms can't be compared in reasonable time.
     */
    public static boolean hasLongRow(String text) {
        int row = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            row = isMark(c) ? row + 1 : 0;
            if (row > MAX_MARKS) {
                return true;
            }
            i += Character.charCount(c);
        }
        return false;
    }

    private static String withoutLongRows(String name) {
        if (!hasLongRow(name)) {
            return name;
        }
        StringBuilder kept = new StringBuilder();
        int row = 0;
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            row = isMark(c) ? row + 1 : 0;
            if (row <= MAX_MARKS) {
                kept.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        return kept.toString();
    }

    private static boolean isMark(int c) {
        return c >= 0x300 && (VisibleText.isMark(c) || Character.getType(c) == Character.COMBINING_SPACING_MARK);
    }

    /** Returns whether every character is an ASCII character. */
    public static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /** What a visible ASCII character looks like; 0 for any other character, and for a blank. */
    static char plain(char c) {
        return c > ' ' && c < 0x7F ? ASCII[c] : 0;
    }

    /**
     * Returns the skeleton of the visible part of a name. Two names that look alike have the same result if one of them
     * has a character other than visible ASCII.
     */
    public static String visible(String name) {
        char[] plain = new char[name.length()];
        for (int i = 0; i < plain.length; i++) {
            char c = name.charAt(i);
            plain[i] = c < 0x80 ? plain(c) : 0;
            if (plain[i] == 0) {
                return visibleOf(name);
            }
        }
        return new String(plain);
    }

    private static String visibleOf(String name) {
        return of(withoutInvisible(name)).replace(" ", "");
    }

    private static String withoutInvisible(String name) {
        int[] seen = name.codePoints().filter(c -> !VisibleText.isInvisible(c)).toArray();
        return new String(seen, 0, seen.length);
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
