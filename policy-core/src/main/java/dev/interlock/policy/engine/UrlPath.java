package dev.interlock.policy.engine;

import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The path of a URL, in all readings that servers, proxies and clients have of it.
 *
 * <p>Some resolve {@code .} and {@code ..} and take several slashes for one, and some compare the names as they are
 * written. Some decode the path once, others again and again, before or after they look for slashes. Between these are
 * only readings that begin as one of them does, as long as no {@code ..} stands beside escapes, parameters or empty
 * names: a path in which one does is not read here.
 */
final class UrlPath {

    /** The marks that may stand in a path beside letters, digits, slashes and escapes (RFC 3986, "pchar"). */
    private static final String MARKS = "-._~!$&'()*+,;=:@/";

    /** Characters that in a listed name would end or change it for some programs. */
    private static final String UNCLEAR = "%?#;/\\";

    private final List<List<String>> readings;

    private UrlPath(Set<List<String>> readings) {
        this.readings = List.copyOf(readings);
    }

    /**
     * Reads the path of a URL, which may be empty.
     *
     * @return null if the path can't be read, or if some program may read any other path
     */
    static @Nullable UrlPath parse(String path) {
        String text = isWellFormed(path) ? PathText.joined(path) : null;
        String full = text == null ? null : PathText.decodeFully(text, UrlPath::isReadable);
        if (text == null || full == null) {
            return null;
        }
        List<String> written = names(text);
        for (int i = 0; i < written.size(); i++) {
            String once = PathText.decode(written.get(i));
            String name = once == null ? null : PathText.joined(once);
            if (name == null) {
                return null;
            }
            written.set(i, name);
        }
        List<String> decoded = names(full.replace('\\', '/'));
        boolean climbs = false;
        for (String name : decoded) {
            if (name.equals("..")) {
                climbs = true;
            } else if (!name.isEmpty() && !name.equals(".") && isAmbiguous(name)) {
                return null;
            }
        }
        if (climbs && (path.contains("%") || path.contains(";") || path.contains("//"))) {
            return null;
        }
        List<String> resolved = resolve(written);
        List<String> resolvedLast = resolve(decoded);
        if (resolved == null || resolvedLast == null) {
            return null;
        }
        Set<List<String>> readings = new LinkedHashSet<>();
        readings.add(written);
        readings.add(decoded);
        readings.add(resolved);
        readings.add(resolvedLast);
        return new UrlPath(readings);
    }

    /** Whether no character stands where the grammar of URLs forbids it, apart from letters of other scripts. */
    private static boolean isWellFormed(String path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            boolean known = c == '%' ? isHex(path, i + 1) && isHex(path, i + 2) : c >= 0x80 || isPlain(c);
            if (!known) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPlain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || MARKS.indexOf(c) >= 0;
    }

    private static boolean isHex(String text, int index) {
        return index < text.length() && text.charAt(index) < 0x80 && Character.digit(text.charAt(index), 16) >= 0;
    }

    /** A control character ends or splits a text for some programs. Others become separators on the way. */
    private static boolean isReadable(String reading) {
        return reading.codePoints().noneMatch(c -> VisibleText.isControlCode(c) || PathText.maySeparate(c));
    }

    /** Whether some system reads no name, {@code ..} or another name here: {@code ...}, {@code ..;x}, {@code A~1}. */
    private static boolean isAmbiguous(String name) {
        String lenient = lenient(name);
        return lenient.isEmpty() || PathNames.isShort(lenient);
    }

    /** The name as the most lenient server reads it, also one that decodes it before it looks for the query. */
    private static String lenient(String name) {
        int end = 0;
        while (end < name.length() && name.charAt(end) != '?' && name.charAt(end) != '#') {
            end++;
        }
        return end == 0 ? "" : PathNames.lenient(name.substring(0, end));
    }

    /** What stands between the slashes. A slash at the end says nothing. */
    private static List<String> names(String path) {
        List<String> names = new ArrayList<>();
        int start = path.startsWith("/") ? 1 : 0;
        while (start < path.length()) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            names.add(path.substring(start, end));
            start = end + 1;
        }
        return names;
    }

    private static @Nullable List<String> resolve(List<String> names) {
        List<String> resolved = new ArrayList<>(names.size());
        for (String name : names) {
            if (name.equals("..")) {
                if (resolved.isEmpty()) {
                    return null;
                }
                resolved.remove(resolved.size() - 1);
            } else if (!name.isEmpty() && !name.equals(".")) {
                resolved.add(name);
            }
        }
        return resolved;
    }

    /** The names of a path that has only one reading, whose names are clear in themselves; otherwise null. */
    @Nullable
    List<String> plainNames() {
        boolean clear = readings.size() == 1
                && readings.get(0).stream()
                        .allMatch(name -> name.chars().noneMatch(c -> UNCLEAR.indexOf(c) >= 0 || c == ' '))
                && readings.get(0).stream().noneMatch(VisibleText::hasInvisible);
        return clear ? readings.get(0) : null;
    }

    /**
     * Whether this path has these names or lies below them. True if it does in every reading, false if it does in none,
     * however leniently names are compared, and otherwise invalid.
     */
    Truth liesBelow(List<String> listed) {
        boolean surely = true;
        boolean perhaps = false;
        for (List<String> reading : readings) {
            boolean begins = reading.size() >= listed.size()
                    && reading.subList(0, listed.size()).equals(listed);
            surely &= begins;
            perhaps |= begins || beginsLeniently(reading, listed);
        }
        return surely ? Truth.TRUE : perhaps ? Truth.INVALID : Truth.FALSE;
    }

    private static boolean beginsLeniently(List<String> reading, List<String> listed) {
        if (reading.size() < listed.size()) {
            return false;
        }
        for (int i = 0; i < listed.size(); i++) {
            String name = reading.get(i);
            if (name.isEmpty() || !lenient(name).equals(lenient(listed.get(i)))) {
                return false;
            }
        }
        return true;
    }
}
