package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@code url_in} against an oracle that knows the parts of a URL before it is written down. */
class UrlInProperties {

    /** A URL in parts. The port is always known, and the host may be {@code *.} and a name if it is a listed one. */
    record Parts(String scheme, String host, int port, List<String> names) {

        String origin() {
            return scheme + "://" + host + ":" + port;
        }

        String text() {
            return origin() + "/" + String.join("/", names);
        }

        boolean holds(Parts url) {
            boolean hosts = host.startsWith("*.") ? url.host.endsWith(host.substring(1)) : host.equals(url.host);
            return scheme.equals(url.scheme)
                    && hosts
                    && port == url.port
                    && url.names.size() >= names.size()
                    && url.names.subList(0, names.size()).equals(names);
        }
    }

    /** Each writes a URL in another way, which every program reads alike. */
    private static final List<Function<Parts, String>> SAME = List.of(
            Parts::text,
            url -> url.text() + "/",
            url -> url.text() + "?a=/../b&c[]=%2e%2e",
            url -> url.text() + "#@evil.org/../x",
            url -> url.origin().toUpperCase(Locale.ROOT) + "/" + String.join("/", url.names()),
            url -> url.scheme() + "://" + url.host().replaceAll("([a-z0-9])$", "$1.") + ":" + url.port() + "/"
                    + String.join("/", url.names()),
            url -> url.origin().replaceAll(":(80|443)$", "") + "/" + String.join("/", url.names()),
            url -> url.origin().replaceAll(":(80|443)$", ":") + "/" + String.join("/", url.names()),
            url -> url.origin().replaceAll(":([0-9]+)$", ":0$1") + "/" + String.join("/", url.names()),
            url -> url.origin() + "/" + String.join("/", url.names()).replace("v", "%76"),
            url -> url.origin().replace("e", "\uff45") + "/" + String.join("/", url.names()));

    /** Each leads from one directory to its neighbour for some program, and for others into the directory. */
    private static final List<String> CLIMBS = List.of(
            "/../",
            "/%2e%2e/",
            "/.%2E/",
            "/..%2f",
            "%2f..%2f",
            "%2F%2E%2E%2F",
            "/%252e%252e/",
            "/..%252f",
            "/..;/",
            "/..;a=b/",
            "/x;/../../",
            "/..%5c",
            "/..\\",
            "\\..\\",
            "//../",
            "/.//../",
            "/\uff0e\uff0e/",
            "/\u2024\u2024/",
            "/..\u200b/",
            "/..%20/",
            "/..%00/",
            "/.%09./",
            "/.\t./",
            "/..%c0%af",
            "/%c0%ae%c0%ae/",
            "/..%u002f",
            "/..\u2215",
            "/..\uff0f",
            "/..%3f/../",
            "/{a,../../");

    /** Each writes the second host so that some program goes there, and another one to the first. */
    private static final List<Function<String[], String>> AUTHORITIES = List.of(
            hosts -> "https://" + hosts[0] + "@" + hosts[1] + "/",
            hosts -> "https://" + hosts[0] + ":443@" + hosts[1] + "/",
            hosts -> "https://@" + hosts[1] + "/" + hosts[0],
            hosts -> "https://" + hosts[1] + "\\@" + hosts[0] + "/",
            hosts -> "https://" + hosts[1] + "\t@" + hosts[0] + "/",
            hosts -> "https://a@" + hosts[1] + "@" + hosts[0] + "/",
            hosts -> "https:\\\\" + hosts[1] + "/",
            hosts -> "https:" + hosts[1] + "/",
            hosts -> "https:/" + hosts[1] + "/",
            hosts -> "https:///" + hosts[1] + "/",
            hosts -> "//" + hosts[1] + "/",
            hosts -> hosts[1] + "/",
            hosts -> " https://" + hosts[1] + "/",
            hosts -> "https://" + hosts[1] + ":65979/",
            hosts -> "https://" + hosts[1].replace(".", "%2e") + "/",
            hosts -> "view-source:https://" + hosts[1] + "/",
            hosts -> "url:https://" + hosts[1] + "/",
            hosts -> "https://" + hosts[1] + "/\r\nHost: " + hosts[0]);

    @Property
    void aUrlIsInsideIfSchemeHostPortAndTheFirstNamesAreThoseOfAListedOneHoweverItIsWritten(
            @ForAll("urls") Parts url, @ForAll("listed") List<Parts> listed, @ForAll("same") int spelling) {
        boolean expected = listed.stream().anyMatch(each -> each.holds(url));
        String text = SAME.get(spelling).apply(url);

        assertThat(Urls.of(listed.stream().map(Parts::text).toList()).include(text))
                .as(text)
                .isEqualTo(Truth.of(expected));
    }

    @Property
    void theOrderAndNumberOfTheListedOnesIsOfNoConsequenceAndEachOnlyAdds(
            @ForAll("urls") Parts url, @ForAll("listed") List<Parts> listed, @ForAll("listed") List<Parts> more) {
        List<String> few = listed.stream().map(Parts::text).toList();
        List<String> all = java.util.stream.Stream.concat(more.stream(), listed.stream())
                .map(Parts::text)
                .toList();

        Truth before = Urls.of(few).include(url.text());
        assertThat(Urls.of(all).include(url.text()).or(before))
                .isEqualTo(Urls.of(all).include(url.text()));
    }

    @Property
    void noWayToClimbLeadsOutOfAListedPathOrAroundAForbiddenOne(
            @ForAll("origins") Parts origin, @ForAll("climbs") int climb) {
        String text = origin.origin() + "/v1" + CLIMBS.get(climb) + "admin";

        assertThat(Urls.of(List.of(origin.origin() + "/v1")).include(text))
                .as(text)
                .isNotEqualTo(Truth.TRUE);
        assertThat(Urls.of(List.of(origin.origin() + "/admin")).include(text))
                .as(text)
                .isNotEqualTo(Truth.FALSE);
    }

    @Property
    void noWayToWriteAHostLeadsToAListedOneOrAroundAForbiddenOne(@ForAll("authorities") int authority) {
        String text = AUTHORITIES.get(authority).apply(new String[] {"example.com", "evil.org"});

        assertThat(Urls.of(List.of("https://example.com/")).include(text))
                .as(text)
                .isNotEqualTo(Truth.TRUE);
        assertThat(Urls.of(List.of("https://evil.org/")).include(text)).as(text).isNotEqualTo(Truth.FALSE);
    }

    /** The parser of the standard library is the other reader. */
    @Property
    void whatIsInsideIsInsideForAnotherReaderToo(@ForAll("noise") String before, @ForAll("noise") String behind)
            throws URISyntaxException {
        String text = "https://example.com" + before + "v1" + behind;
        if (Urls.of(List.of("https://example.com/v1")).include(text) != Truth.TRUE) {
            return;
        }
        // It takes fewer characters in a fragment, which is not compared.
        URI written = new URI(text.replaceAll("#.*", ""));
        assertThat(written.getHost()).as(text).isIn("example.com", "example.com.");
        assertThat(written.getRawUserInfo()).as(text).isNull();
        for (URI each : List.of(written, written.normalize())) {
            assertThat(each.getPath() + "/").as(text).startsWith("/v1/");
        }
        assertThat(written.normalize().getPath() + "/").as(text).doesNotContain("/../");
    }

    @Provide
    Arbitrary<Parts> urls() {
        return parts("example.com", "a.example.com", "example.com.evil.org", "10.0.0.1", "[2001:db8::1]");
    }

    @Provide
    Arbitrary<List<Parts>> listed() {
        return parts("example.com", "*.example.com", "10.0.0.1", "[2001:db8::1]")
                .list()
                .ofMaxSize(3);
    }

    @Provide
    Arbitrary<Parts> origins() {
        return urls().map(url -> new Parts(url.scheme(), url.host(), url.port(), List.of()));
    }

    private static Arbitrary<Parts> parts(String... hosts) {
        return Combinators.combine(
                        Arbitraries.of("http", "https", "ws", "wss"),
                        Arbitraries.of(hosts),
                        Arbitraries.of(80, 443, 8443),
                        Arbitraries.of("v1", "v10", "v", "$count", "a~b", "it's")
                                .list()
                                .ofMaxSize(3))
                .as((scheme, host, port, names) -> new Parts(scheme, host, ownPort(scheme, port), names));
    }

    /** Port 80 of https and 443 of http are left out, so that a spelling may drop any 80 and 443. */
    private static int ownPort(String scheme, int port) {
        boolean secure = scheme.equals("https") || scheme.equals("wss");
        return port == 8443 ? port : secure ? 443 : 80;
    }

    @Provide
    Arbitrary<Integer> same() {
        return Arbitraries.integers().between(0, SAME.size() - 1);
    }

    @Provide
    Arbitrary<Integer> climbs() {
        return Arbitraries.integers().between(0, CLIMBS.size() - 1);
    }

    @Provide
    Arbitrary<Integer> authorities() {
        return Arbitraries.integers().between(0, AUTHORITIES.size() - 1);
    }

    @Provide
    Arbitrary<String> noise() {
        Arbitrary<String> pieces = Arbitraries.of(
                "/", "/", ".", "..", "%2e", "%2f", "%5c", "%252e", "\\", ";", ":", "443", "@", "?", "#", "v1", "a",
                "\t");
        return Arbitraries.oneOf(
                Arbitraries.just("/"), pieces.list().ofMaxSize(6).map(list -> String.join("", list)));
    }
}
