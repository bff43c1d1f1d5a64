package dev.interlock.policy.engine;

import dev.interlock.policy.IpNetwork;
import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.WebUrl;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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

    /** Whether a {@linkplain HostName#canonical canonical} host is in this set. */
    Truth includeHost(String canonical) {
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

    private static @Nullable String hostOf(String text) {
        WebUrl url = TextBound.isExceededBy(text) ? null : WebUrl.parse(text);
        if (url == null || !url.scheme().startsWith("http")) {
            return null;
        }
        String user = url.user();
        return user == null || isPlainUser(user) ? HostName.canonical(url.host()) : null;
    }

    /** Other characters before the {@code @} could lead programs that decode or normalize first to another host. */
    private static boolean isPlainUser(String user) {
        return user.chars()
                .allMatch(c -> (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || "-._~:".indexOf(c) >= 0);
    }
}
