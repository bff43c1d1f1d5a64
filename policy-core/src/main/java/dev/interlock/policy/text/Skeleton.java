package dev.interlock.policy.text;

import java.text.Normalizer;
import java.util.Locale;

/**
 * What all names that look like one another have in common: NFKC, case folding, and one letter for each group of
 * confusable ones (the idea, and the groups, of Unicode Technical Standard 39, cut down to what can pass for a letter or
 * digit of a name).
 *
 * <p>Normalizing is quadratic in the length of a row of combining marks, so only the first {@value #MAX_MARKS} of a row
 * are looked at. All that is done here is linear in the length of the name.
 */
public final class Skeleton {

    /** No text that anyone writes has more combining marks in a row. */
    public static final int MAX_MARKS = 30;

    /** Each row: the letter that stands for the row, then letters of other scripts and digits that pass for it. */
    private static final String[] GROUPS = {
        "aаɑα", "bЬьƄв", "cсϲⅽ", "dԁɗⅾ", "eеєҽε", "fғƒ", "gɡցğ", "hһнհ", "l1iіıІӀιɩǀ|", "jјϳ", "kкκĸ", "mмⅿ", "nոпηн",
        "o0оοօσөΘ", "pрρ", "qԛգ", "rгᴦ", "sѕʂ", "tтτ", "uսυцʋ", "vѵνⅴ", "wԝѡω", "xхχⅹ", "yуүγ", "zᴢʐ", "-‐‑‒–—−"
    };

    /** The representatives of the characters of ASCII. */
    private static final char[] ASCII = new char[128];

    static {
        for (char c = 0; c < ASCII.length; c++) {
            ASCII[c] = (char) representative(Character.toLowerCase(c));
        }
    }

    private Skeleton() {}

    /** The skeleton of a name. Glob characters stay as they are. */
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

    /** The name without its case and compatibility forms, and without what exceeds {@value #MAX_MARKS} marks in a row. */
    public static String fold(String name) {
        if (isAscii(name)) {
            // Nearly every name: it has one form, and so the tables of the others need not be read.
            return name.toLowerCase(Locale.ROOT);
        }
        // By way of upper case, since lower-casing alone leaves some letters (such as a final sigma) apart.
        return Normalizer.normalize(withoutLongRows(name), Normalizer.Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
    }

    /** Whether a text has so many combining marks in a row that its forms can't be compared in reasonable time. */
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
        if (c < 0x300) {
            return false;
        }
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK
                || type == Character.ENCLOSING_MARK
                || type == Character.COMBINING_SPACING_MARK;
    }

    /** Whether every character is one of ASCII. */
    public static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /** What an ASCII character that can be seen looks like; 0 for any other character, and for a blank. */
    static char plain(char c) {
        return c > ' ' && c < 0x7F ? ASCII[c] : 0;
    }

    /** The skeleton of what can be seen of a name: what two names have in common of
     * which one has a character outside visible ASCII, if they pass for one another. */
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
