package dev.interlock.policy.engine;

import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.text.VisibleText;
import java.util.Locale;

/** Names of files and directories, as different systems read them. */
final class PathNames {

    private PathNames() {}

    /**
     * A name as the most lenient systems read it. These ignore case, compatibility forms, invisible characters,
     * parameters after a semicolon, a stream after a colon, and dots and spaces at the end. Empty if nothing is left.
     */
    static String lenient(String name) {
        char last = name.charAt(name.length() - 1);
        if (isPlain(name) && last != '.' && last != ' ') {
            return name.toLowerCase(Locale.ROOT);
        }
        String folded = Skeleton.fold(name);
        StringBuilder out = new StringBuilder(folded.length());
        for (int i = 0; i < folded.length(); ) {
            int c = folded.codePointAt(i);
            if (c == ';' || c == ':') {
                break;
            }
            if (!VisibleText.isInvisible(c)) {
                out.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        int end = out.length();
        while (end > 0 && (out.charAt(end - 1) == '.' || out.charAt(end - 1) == ' ')) {
            end--;
        }
        return out.substring(0, end);
    }

    /**
     * Whether some system reads another name, or no name: {@code ...}, {@code ..;x}, {@code SECRET~1}, {@code ~root}.
     */
    static boolean isAmbiguous(String name) {
        if (isPlain(name)) {
            return false;
        }
        String lenient = lenient(name);
        return lenient.isEmpty() || lenient.charAt(0) == '~' || isShort(lenient);
    }

    /**
     * Whether a name is like most names: it starts with a letter or digit, and its only special characters are dots,
     * dashes and spaces later.
     */
    private static boolean isPlain(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            if (!letter && (i == 0 || (c != '.' && c != '-' && c != ' '))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether this is a DOS short name: up to eight characters that end with a tilde and a number, and an extension of
     * up to three.
     */
    static boolean isShort(String name) {
        int dot = name.indexOf('.');
        int end = dot < 0 ? name.length() : dot;
        int tilde = name.lastIndexOf('~', end - 1);
        if (tilde < 0 || tilde == end - 1 || end > 8 || (dot >= 0 && name.length() - dot > 4)) {
            return false;
        }
        for (int i = tilde + 1; i < end; i++) {
            if (name.charAt(i) < '0' || name.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether Windows treats two names as equal: it ignores case, but never takes another letter for an ASCII letter.
     */
    static boolean equalOnWindows(String one, String other) {
        if (one.length() != other.length()) {
            return false;
        }
        for (int i = 0; i < one.length(); i++) {
            if (upper(one.charAt(i)) != upper(other.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static char upper(char c) {
        char upper = Character.toUpperCase(c);
        return upper < 0x80 && c >= 0x80 ? c : upper;
    }
}
