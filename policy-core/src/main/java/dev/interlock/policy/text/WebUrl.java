package dev.interlock.policy.text;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an absolute URL with the scheme {@code http}, {@code https}, {@code ws} or {@code wss}, as the URL
 * writes them.
 *
 * <p>A text whose parts two programs could find in different places is not a URL here: one with a backslash, a space, a
 * control character, a second {@code @} before the path, or a port that is not a number up to 65535. Immutable.
 */
public final class WebUrl {

    /** The port of a URL that names none, by scheme. */
    private static final Map<String, Integer> PORTS = Map.of("http", 80, "https", 443, "ws", 80, "wss", 443);

    private static final int LONGEST_SCHEME = 5;
    private static final int MOST_DIGITS = 5;
    private static final int LAST_PORT = 65_535;

    private final String scheme;
    private final @Nullable String user;
    private final String host;
    private final int port;
    private final String path;
    private final boolean ended;

    private WebUrl(String scheme, @Nullable String user, String host, int port, String path, boolean ended) {
        this.scheme = scheme;
        this.user = user;
        this.host = host;
        this.port = port;
        this.path = path;
        this.ended = ended;
    }

    /** Splits a URL. Returns null if the text is not one, or if its parts could be found in other places. */
    public static @Nullable WebUrl parse(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' || VisibleText.isBreakingSpace(c) || VisibleText.isControl(c)) {
                return null;
            }
        }
        int colon = text.indexOf("://");
        if (colon < 0 || colon > LONGEST_SCHEME) {
            return null;
        }
        String scheme = text.substring(0, colon).toLowerCase(Locale.ROOT);
        Integer ownPort = PORTS.get(scheme);
        if (ownPort == null) {
            return null;
        }
        int start = colon + 3;
        int path = firstOf("/?#", text, start);
        String authority = text.substring(start, path);
        int at = authority.indexOf('@');
        if (at != authority.lastIndexOf('@')) {
            return null;
        }
        String user = at < 0 ? null : authority.substring(0, at);
        String hostAndPort = authority.substring(at + 1);
        int end = hostAndPort.startsWith("[")
                ? hostAndPort.indexOf(':', Math.max(0, hostAndPort.indexOf(']')))
                : hostAndPort.indexOf(':');
        int port = end < 0 ? ownPort : port(hostAndPort.substring(end + 1), ownPort);
        if (port < 0) {
            return null;
        }
        String host = end < 0 ? hostAndPort : hostAndPort.substring(0, end);
        int pathEnd = firstOf("?#", text, path);
        return new WebUrl(scheme, user, host, port, text.substring(path, pathEnd), pathEnd < text.length());
    }

    private static int firstOf(String ends, String text, int from) {
        int i = from;
        while (i < text.length() && ends.indexOf(text.charAt(i)) < 0) {
            i++;
        }
        return i;
    }

    /** The port that a text names, or the scheme's own if the text is empty; -1 if it names none. */
    private static int port(String text, int own) {
        if (text.isEmpty()) {
            return own;
        }
        if (text.length() > MOST_DIGITS || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        int port = Integer.parseInt(text);
        return port > LAST_PORT ? -1 : port;
    }

    /** Returns the scheme, in lower case. */
    public String scheme() {
        return scheme;
    }

    /** Returns what stands before the {@code @}, which may be empty; null if there is no {@code @}. */
    public @Nullable String user() {
        return user;
    }

    /** Returns the host as it is written, which may be empty or not a valid host: see {@link HostName#canonical}. */
    public String host() {
        return host;
    }

    /** Returns the port, or the scheme's own port if the URL names none. */
    public int port() {
        return port;
    }

    /** Returns the path as it is written: empty, or a text that begins with a slash. */
    public String path() {
        return path;
    }

    /** Returns whether a query or a fragment, which may be empty, follows the path. */
    public boolean hasQueryOrFragment() {
        return ended;
    }
}
