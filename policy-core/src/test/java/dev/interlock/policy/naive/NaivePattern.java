package dev.interlock.policy.naive;

/** Globs, by recursion over the rest of both. */
public final class NaivePattern {

    private NaivePattern() {}

    /** Whether {@code glob} matches the whole of {@code name}; both without characters outside the BMP. */
    public static boolean matches(String glob, String name) {
        if (glob.isEmpty()) {
            return name.isEmpty();
        }
        if (glob.charAt(0) == '*') {
            return matches(glob.substring(1), name) || (!name.isEmpty() && matches(glob, name.substring(1)));
        }
        return !name.isEmpty()
                && (glob.charAt(0) == '?' || glob.charAt(0) == name.charAt(0))
                && matches(glob.substring(1), name.substring(1));
    }
}
