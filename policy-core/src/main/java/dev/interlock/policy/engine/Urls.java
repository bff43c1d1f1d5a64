package dev.interlock.policy.engine;

import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.WebUrl;
import java.util.List;
import java.util.Objects;

/**
 * A set of URLs that can tell whether another URL is one of them or lies below one.
 *
 * <p>Schemes and ports are compared after the scheme's own port was filled in, hosts as {@link Hosts} compares them,
 * and paths in every {@linkplain UrlPath reading}. Queries and fragments are not compared.
 */
final class Urls {

    private final List<Listed> listed;

    private Urls(List<Listed> listed) {
        this.listed = listed;
    }

    /**
     * Creates a set from URLs as policies write them. Their hosts may be {@code *.example.com} for every name below a
     * name.
     *
     * @throws IllegalArgumentException if programs read the path of one of the URLs differently, so that no URL would
     *     surely lie below it
     */
    static Urls of(List<String> urls) {
        return new Urls(urls.stream().map(Listed::of).toList());
    }

    /**
     * Whether {@code url} is or lies below a URL of this set. Invalid if the text is not an absolute URL that every
     * program reads alike.
     */
    Truth include(String url) {
        WebUrl parts = TextBound.isExceededBy(url) ? null : WebUrl.parse(url);
        // No user-info, not even plain: to some programs it is what they log in with, to others a part of the host.
        String host = parts == null || parts.user() != null ? null : HostName.canonical(parts.host());
        UrlPath path = host == null
                ? null
                : UrlPath.parse(Objects.requireNonNull(parts).path());
        if (path == null) {
            return Truth.INVALID;
        }
        Truth result = Truth.FALSE;
        for (Listed each : listed) {
            result = result.or(each.holds(Objects.requireNonNull(parts), Objects.requireNonNull(host), path));
        }
        return result;
    }

    /** One URL of the set. */
    private record Listed(String scheme, Hosts host, int port, List<String> names) {

        static Listed of(String text) {
            String quoted = "'" + text + "'";
            if (TextBound.isExceededBy(text)) {
                throw new IllegalArgumentException(quoted + " is longer than any URL, or has too many marks in a row");
            }
            WebUrl parts = Objects.requireNonNull(WebUrl.parse(text));
            if (parts.path().indexOf('*') >= 0) {
                throw new IllegalArgumentException(
                        quoted + " has a '*' in its path, which stands for nothing: all that is below a URL is inside");
            }
            UrlPath path = UrlPath.parse(parts.path());
            List<String> names = path == null ? null : path.plainNames();
            if (names == null) {
                throw new IllegalArgumentException(
                        quoted + " has a path that programs read differently: no URL would surely lie below it");
            }
            return new Listed(parts.scheme(), Hosts.of(List.of(parts.host())), parts.port(), names);
        }

        Truth holds(WebUrl url, String canonicalHost, UrlPath path) {
            if (!scheme.equals(url.scheme()) || port != url.port()) {
                return Truth.FALSE;
            }
            return host.includeHost(canonicalHost).and(path.liesBelow(names));
        }
    }
}
