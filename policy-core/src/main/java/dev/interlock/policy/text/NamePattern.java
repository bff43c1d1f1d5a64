package dev.interlock.policy.text;

import org.jspecify.annotations.Nullable;

/**
 * A name, or a glob of names in which {@code *} stands for any run of characters and {@code ?} for exactly one. Names
 * are compared exactly, including case.
 *
 * @param text the name or glob as written; not blank
 */
public record NamePattern(String text) {

    /** The glob that matches every name. */
    public static final NamePattern ANY = new NamePattern("*");

    /** Refuses a blank pattern. */
    public NamePattern {
        if (text.isBlank()) {
            throw new IllegalArgumentException("a name or glob must not be blank");
        }
    }

    /** Returns whether this is a plain name, which matches only itself. */
    public boolean isExact() {
        return text.indexOf('*') < 0 && text.indexOf('?') < 0;
    }

    /**
     * Returns whether the pattern matches {@code name}. In the worst case the time is linear in the product of the two
     * lengths.
     */
    public boolean matches(String name) {
        // Greedy matching that only ever backs up to the last star: no recursion, no exponential case.
        int p = 0;
        int n = 0;
        int star = -1;
        int resume = 0;
        while (n < name.length()) {
            if (p < text.length() && text.charAt(p) == '*') {
                star = p++;
                resume = n;
            } else if (p < text.length() && matchesOne(name, n, p)) {
                n += Character.charCount(name.codePointAt(n));
                p += text.charAt(p) == '?' ? 1 : Character.charCount(text.codePointAt(p));
            } else if (star >= 0) {
                p = star + 1;
                resume += Character.charCount(name.codePointAt(resume));
                n = resume;
            } else {
                return false;
            }
        }
        while (p < text.length() && text.charAt(p) == '*') {
            p++;
        }
        return p == text.length();
    }

    /**
     * Returns whether there is a name that this and the other pattern match. Takes time linear in the product of the
     * two lengths.
     */
    public boolean overlaps(NamePattern other) {
        int[] mine = text.codePoints().toArray();
        int[] theirs = other.text.codePoints().toArray();
        // Whether the first i characters of mine and the first j of theirs can match the same beginning of a name.
        boolean[] before = new boolean[theirs.length + 1];
        for (int i = 0; i <= mine.length; i++) {
            boolean[] row = new boolean[theirs.length + 1];
            for (int j = 0; j <= theirs.length; j++) {
                boolean star = i > 0 && mine[i - 1] == '*';
                boolean starred = j > 0 && theirs[j - 1] == '*';
                row[j] = (i == 0 && j == 0)
                        || (i > 0 && before[j] && star)
                        || (j > 0 && row[j - 1] && (starred || star))
                        || (i > 0 && starred && before[j])
                        || (i > 0 && j > 0 && before[j - 1] && meet(mine[i - 1], theirs[j - 1]));
            }
            before = row;
        }
        return before[theirs.length];
    }

    private static boolean meet(int one, int other) {
        return one == other || one == '?' || other == '?' || one == '*' || other == '*';
    }

    private boolean matchesOne(String name, int n, int p) {
        return text.charAt(p) == '?' || text.codePointAt(p) == name.codePointAt(n);
    }

    /** Written by hand, like {@link #hashCode}, because the first decision already uses names as keys. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NamePattern pattern && text.equals(pattern.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
