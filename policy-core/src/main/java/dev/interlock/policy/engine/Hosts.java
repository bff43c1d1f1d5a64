package dev.interlock.policy.engine;

import dev.interlock.policy.IpNetwork;
import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.VisibleText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A set of hosts that can tell whether a URL leads to one of them.
 *
 * <p>A URL leads nowhere if two readers could disagree about its host (a backslash, white space, a second {@code @},
 * percent signs in the host, special characters in the user-info), or if it {@linkplain TextBound exceeds the bound}.
 * An IPv6 address that contains an IPv4 address leads to that address too.
 */
final class Hosts {

    /** The word for all addresses that are not public. */
    private static final String PRIVATE = "private";

    private final Set<String> exact = new HashSet<>();
    private final List<String> suffixes = new ArrayList<>();
    private final List<IpNetwork> networks = new ArrayList<>();
    private boolean isPrivate;

    private Hosts() {}

    /**
     * Creates a set from hosts as policies write them: names, addresses, {@code *.example.com} for every name below a
     * name, networks, or {@code private} for every address that is not public.
     */
    static Hosts of(List<String> hosts) {
        Hosts result = new Hosts();
        hosts.forEach(result::add);
        return result;
    }

    private void add(String host) {
        IpNetwork network = IpNetwork.parse(host);
        if (network != null) {
            networks.add(network);
            return;
        }
        boolean below = host.startsWith("*.");
        String canonical = Objects.requireNonNull(HostName.canonical(below ? host.substring(2) : host));
        if (below) {
            suffixes.add("." + canonical);
        } else if (canonical.equals(PRIVATE)) {
            isPrivate = true;
            exact.add("localhost");
            suffixes.add(".localhost");
        } else {
            exact.add(canonical);
        }
    }

    /**
     * Whether the host of {@code url} is in this set. Invalid if the text is not an absolute http(s) URL with one
     * unambiguous host.
     */
    Truth include(String url) {
        String host = hostOf(url);
        return host == null ? Truth.INVALID : includeHost(host);
    }

    private Truth includeHost(String canonical) {
        if (exact.contains(canonical)) {
            return Truth.TRUE;
        }
        for (String suffix : suffixes) {
            if (canonical.endsWith(suffix)) {
                return Truth.TRUE;
            }
        }
        IpNetwork address = IpNetwork.ofHost(canonical);
        return address == null ? Truth.FALSE : includeAddress(address);
    }

    private Truth includeAddress(IpNetwork address) {
        if (isListed(address)) {
            return Truth.TRUE;
        }
        List<IpNetwork> carried = address.carried();
        long listed = carried.stream()
                .filter(each -> isListed(each) || exact.contains(each.toString()))
                .count();
        return listed == 0 ? Truth.FALSE : listed == carried.size() ? Truth.TRUE : Truth.INVALID;
    }

    private boolean isListed(IpNetwork address) {
        if (isPrivate && !address.isPublic()) {
            return true;
        }
        for (IpNetwork network : networks) {
            if (network.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable String hostOf(String url) {
        if (TextBound.isExceededBy(url)) {
            return null;
        }
        for (int i = 0; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c == '\\' || VisibleText.isBreakingSpace(c) || VisibleText.isControl(c)) {
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
        if (at >= 0 && !isPlainUser(authority.substring(0, at))) {
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

    /** Other characters before the {@code @} could lead programs that decode or normalize first to another host. */
    private static boolean isPlainUser(String user) {
        return user.chars()
                .allMatch(c -> (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || "-._~:".indexOf(c) >= 0);
    }

    private static boolean isPort(String text) {
        return text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
