package dev.interlock.policy.text;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Guesses which of several names was meant: the one that needs the fewest insertions, deletions, replacements and swaps
 * of neighbours (the optimal string alignment distance), if they are few enough for a typing mistake. Case is ignored;
 * {@code -}, {@code .}, spaces and {@code _} count as the same way of joining words.
 */
public final class Suggestion {

    /** Longer names are not typing mistakes, and comparing them would take time in the product of their lengths. */
    private static final int LONGEST = 64;

    private Suggestion() {}

    /** Returns {@code did you mean '…'?}, with the name escaped to fit on one line, or null if no name is near. */
    public static @Nullable String hint(String written, Collection<String> names) {
        String nearest = to(written, names);
        return nearest == null ? null : "did you mean " + VisibleText.quoted(nearest) + "?";
    }

    /** Returns the nearest name other than the written one, or null if none is near. */
    public static @Nullable String to(String written, Collection<String> names) {
        if (written.length() > LONGEST) {
            return null;
        }
        String word = normal(written);
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String name : names) {
            if (name.length() > LONGEST || name.equals(written)) {
                continue;
            }
            int distance = distance(word, normal(name));
            if (distance <= Math.max(1, name.length() / 3) && distance < least) {
                least = distance;
                nearest = name;
            }
        }
        return nearest;
    }

    /** {@code delete-repo} and {@code deleteRepo} become {@code delete_repo}. */
    private static String normal(String name) {
        StringBuilder out = new StringBuilder(name.length() + 4);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isUpperCase(c) && i > 0 && Character.isLowerCase(name.charAt(i - 1))) {
                out.append('_');
            }
            out.append(c == '-' || c == '.' || c == ' ' ? '_' : c);
        }
        return out.toString().toLowerCase(Locale.ROOT);
    }

    /** The fewest insertions, deletions, replacements and swaps of neighbours. */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                d[i][j] = Math.min(d[i - 1][j - 1] + (same ? 0 : 1), Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
