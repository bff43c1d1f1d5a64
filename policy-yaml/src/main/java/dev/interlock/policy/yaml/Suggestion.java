package dev.interlock.policy.yaml;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Guesses what somebody meant to write. */
final class Suggestion {

    /** Longer words are no typing mistakes, and comparing them would cost their product. */
    private static final int LONGEST = 64;

    private Suggestion() {}

    /** {@code did you mean '…'?} for the candidate nearest to {@code written}, or null if none is near. */
    static @Nullable String of(String written, Collection<String> candidates) {
        String nearest = nearest(written, candidates);
        return nearest == null ? null : "did you mean '" + nearest + "'?";
    }

    static @Nullable String nearest(String written, Collection<String> candidates) {
        if (written.length() > LONGEST) {
            return null;
        }
        String word = normal(written);
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int distance = distance(word, normal(candidate));
            if (distance <= Math.max(1, candidate.length() / 3) && distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest;
    }

    /** {@code on-deny}, {@code onDeny} and {@code On Deny} all become {@code on_deny}. */
    private static String normal(String word) {
        StringBuilder out = new StringBuilder(word.length() + 2);
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (Character.isUpperCase(c) && i > 0 && Character.isLowerCase(word.charAt(i - 1))) {
                out.append('_');
            }
            out.append(c == '-' || c == ' ' ? '_' : c);
        }
        return out.toString().toLowerCase(Locale.ROOT);
    }

    /** The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
