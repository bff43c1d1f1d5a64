package dev.interlock.policy.engine;

import dev.interlock.policy.HostName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Host names, and the question whether a URL leads to one of them.
 *
 * <p>A URL on whose host two readers could disagree (a backslash, white space, a second {@code @}, percent signs in the
 * host), or that {@linkplain TextBound exceeds the bound}, leads nowhere.
 */
final class Hosts {

    private final Set<String> exact = new HashSet<>();
    private final List<String> suffixes = new ArrayList<>();

    private Hosts() {}

    /** Hosts as policies write them: names, addresses, or {@code *.example.com} for everything below a name. */
    static Hosts of(List<String> hosts) {
        Hosts result = new Hosts();
        for (String host : hosts) {
            boolean below = host.startsWith("*.");
            String canonical = Objects.requireNonNull(HostName.canonical(below ? host.substring(2) : host));
            if (below) {
                result.suffixes.add("." + canonical);
            } else {
                result.exact.add(canonical);
            }
        }
        return result;
    }

    /** Whether the host of {@code url} is one of these; invalid if it is no absolute http(s) URL with one sure host. */
    Truth include(String url) {
        String host = hostOf(url);
        if (host == null) {
            return Truth.INVALID;
        }
        if (exact.contains(host)) {
            return Truth.TRUE;
        }
        for (String suffix : suffixes) {
            if (host.endsWith(suffix)) {
                return Truth.TRUE;
            }
        }
        return Truth.FALSE;
    }

    private static @Nullable String hostOf(String url) {
        if (TextBound.isExceededBy(url)) {
            return null;
        }
        for (int i = 0; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c <= ' ' || c == '\\' || c == 0x7F || Character.isWhitespace(c) || Character.isISOControl(c)) {
                return null;
            }
        }
        int start = authorityStart(url);
        if (start < 0) {
            return null;
        }
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        String authority = url.substring(start, end);
        int at = authority.indexOf('@');
        if (at != authority.lastIndexOf('@')) {
            return null;
        }
        String hostAndPort = authority.substring(at + 1);
        int colon = hostAndPort.startsWith("[")
                ? hostAndPort.indexOf(':', Math.max(0, hostAndPort.indexOf(']')))
                : hostAndPort.indexOf(':');
        if (colon < 0) {
            return HostName.canonical(hostAndPort);
        }
        return isPort(hostAndPort.substring(colon + 1)) ? HostName.canonical(hostAndPort.substring(0, colon)) : null;
    }

    private static int authorityStart(String url) {
        String lower = url.substring(0, Math.min(8, url.length())).toLowerCase(Locale.ROOT);
        if (lower.startsWith("https://")) {
            return 8;
        }
        return lower.startsWith("http://") ? 7 : -1;
    }

    private static boolean isPort(String text) {
        return text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
