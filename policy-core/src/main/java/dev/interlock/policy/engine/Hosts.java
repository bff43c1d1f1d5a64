package dev.interlock.policy.engine;

import java.net.IDN;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Host names, and the question whether a URL leads to one of them.
 *
 * <p>A URL on whose host two readers could disagree (a backslash, white space, a second {@code @}, percent signs in the
 * host) leads nowhere. Numeric IPv4 addresses are read as browsers do (WHATWG URL, "IPv4 parser"), so that {@code
 * http://2130706433/} is {@code 127.0.0.1}.
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
            String canonical = canonical(below ? host.substring(2) : host);
            if (canonical != null && below) {
                result.suffixes.add("." + canonical);
            } else if (canonical != null) {
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
            return canonical(hostAndPort);
        }
        return isPort(hostAndPort.substring(colon + 1)) ? canonical(hostAndPort.substring(0, colon)) : null;
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

    /** The one way to write a host: lower case, punycode, no trailing dot, dotted decimal; null if it is no host. */
    private static @Nullable String canonical(String host) {
        if (host.startsWith("[")) {
            return host.endsWith("]") ? host.toLowerCase(Locale.ROOT) : null;
        }
        for (int i = 0; i < host.length(); i++) {
            // Characters that IDNA's two editions map differently, or one of them drops.
            if ("%ßẞς\u200C\u200D".indexOf(host.charAt(i)) >= 0) {
                return null;
            }
        }
        String ascii;
        try {
            ascii = IDN.toASCII(host, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return null;
        }
        if (ascii.endsWith(".")) {
            ascii = ascii.substring(0, ascii.length() - 1);
        }
        if (ascii.isEmpty() || !ascii.chars().allMatch(Hosts::isHostCharacter)) {
            return null;
        }
        String last = ascii.substring(ascii.lastIndexOf('.') + 1);
        return ipv4Number(last) >= 0 || isDigits(last) ? ipv4(ascii) : ascii;
    }

    private static boolean isHostCharacter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static @Nullable String ipv4(String host) {
        String[] parts = host.split("\\.", -1);
        if (parts.length > 4) {
            return null;
        }
        long address = 0;
        for (int i = 0; i < parts.length; i++) {
            long number = ipv4Number(parts[i]);
            boolean last = i == parts.length - 1;
            int width = last ? 8 * (5 - parts.length) : 8;
            if (number < 0 || number >= 1L << width) {
                return null;
            }
            address = (address << width) | number;
        }
        return (address >> 24) + "." + ((address >> 16) & 255) + "." + ((address >> 8) & 255) + "." + (address & 255);
    }

    /** A part of an IPv4 address in decimal, octal or hexadecimal; -1 if it is none. */
    private static long ipv4Number(String text) {
        try {
            if (text.startsWith("0x")) {
                return text.length() == 2 ? 0 : text.length() > 12 ? -1 : Long.parseLong(text.substring(2), 16);
            }
            if (!isDigits(text) || text.length() > 14) {
                return -1;
            }
            return text.length() > 1 && text.startsWith("0") ? Long.parseLong(text, 8) : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
