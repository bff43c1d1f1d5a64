package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Operator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code host_in} against the ways to write one host and mean another. */
class HostInTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com",
                "http://example.com/",
                "HTTPS://EXAMPLE.COM/",
                "https://example.com:8443/a?b#c",
                "https://example.com:/",
                "https://example.com./",
                "https://user@example.com/",
                "https://user:secret@example.com/",
                "https://evil.org@example.com/",
                "https://example.com?@evil.org",
                "https://example.com#@evil.org",
                "https://example.com/@evil.org",
                "https://\uff45xample.com/",
                "https://example\u3002com/"
            })
    void theseLeadThere(String url) {
        assertThat(leadsTo(url, "example.com")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.com",
                "//example.com/",
                "/example.com",
                "ftp://example.com/",
                "javascript:https://example.com/",
                "https:example.com",
                "https:/example.com",
                "https:///example.com",
                "https://",
                "https://?example.com",
                "https://evil.org/example.com",
                "https://evil.org?example.com",
                "https://evil.org#example.com",
                "https://evil.org/https://example.com",
                "https://example.com@evil.org/",
                "https://example.com:80@evil.org/",
                "https://a@example.com@evil.org/",
                "https://a@evil.org@example.com/",
                "https://evil.org\\@example.com/",
                "https://example.com\\@evil.org/",
                "https:\\\\example.com/",
                "https://example.com\\.evil.org/",
                "https://evil.org\t@example.com/",
                "https://exam\tple.com/",
                "https://example.com\n.evil.org/",
                " https://example.com/",
                "https://example.com /",
                "https://example.com\u0000.evil.org/",
                "https://example.com%2eevil.org/",
                "https://evil.org%2f@example.com:1@x/",
                "https://example%2ecom/",
                "https://example.com%00.evil.org/",
                "https://example.com.evil.org/",
                "https://notexample.com/",
                "https://sub.example.com/",
                "https://example.com../",
                "https://.example.com/",
                "https://example..com/",
                "https://ex\u0430mple.com/",
                "https://xn--exmple-4nf.com/",
                "https://example.com:port/",
                "https://example.com:123456/",
                "https://example.com:80:80/",
                "https://[example.com]/",
                "https://exam\u00adple.com.evil.org/",
                "https://example.com\u2024evil.org/",
                "https://example.com\uff0fevil.org@evil.org/"
            })
    void theseDoNot(String url) {
        assertThat(leadsTo(url, "example.com")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1/",
                "http://2130706433/",
                "http://0x7f000001/",
                "http://0x7F.0.0.1/",
                "http://0177.0.0.1/",
                "http://0177.1/",
                "http://127.1/",
                "http://127.0.1/",
                "http://127.0.0.1./",
                "http://\u2460\u2461\u2466.0.0.1/",
                "http://\uff11\uff12\uff17.0.0.1/"
            })
    void everyWayToWriteAnAddressIsThatAddress(String url) {
        assertThat(leadsTo(url, "127.0.0.1")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.256/",
                "http://127.0.0.1.1/",
                "http://4294967296/",
                "http://0x1ffffffff/",
                "http://127.0.0.08/",
                "http://1.2.3.4.5/",
                "http://127.0.0.1.nip.io/",
                "http://[::ffff:127.0.0.2]/",
                "http://[127.0.0.1]/",
                "http://[::1]/",
                "http://[::127.0.0.1%25lo]/",
                "http://0.0.0.1/"
            })
    void theseAreOtherAddressesOrNone(String url) {
        assertThat(leadsTo(url, "127.0.0.1")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.org/",
                "HTTPS://EVIL.ORG./",
                "https://good.org@evil.org/",
                "https://evil.org\\@good.org/",
                "https://a@evil.org@good.org/",
                "https:evil.org",
                "https:///evil.org",
                "//evil.org/",
                "evil.org/x",
                "https://evil\u3002org/",
                "https://ev%69l.org/",
                " https://evil.org/",
                "https://ev\til.org/",
                "https://\uD83C\uDD34vil.org/",
                "https://evil\uD83C\uDD00org/",
                "https://ev\uDB40\uDD00il.org/"
            })
    void noSpellingGetsPastAHostThatIsForbidden(String url) {
        assertThat(new Desk(denyIf(when("args.url", Operator.HOST_IN, List.of("evil.org"))))
                        .decide(Map.of("url", url))
                        .allowed())
                .isFalse();
    }

    @Test
    void anotherHostThanTheForbiddenOnePasses() {
        assertThat(new Desk(denyIf(when("args.url", Operator.HOST_IN, List.of("evil.org"))))
                        .decide(Map.of("url", "https://good.org/evil.org"))
                        .allowed())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://[2001:db8::1]/",
                "http://[2001:DB8::1]:8080/",
                "http://[2001:db8:0:0:0:0:0:1]/",
                "http://[2001:0db8:0000:0000:0000:0000:0000:0001]/",
                "http://[2001:db8::0.0.0.1]/"
            })
    void everyWayToWriteAnIpv6AddressIsThatAddress(String url) {
        assertThat(leadsTo(url, "[2001:db8::1]")).isTrue();
        assertThat(leadsTo(url, "[2001:DB8:0::0:1]")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://[2001:db8::1",
                "http://[2001:db8::1]x/",
                "http://[2001:db8::1]@evil.org/",
                "http://[2001:db8::1%25eth0]/",
                "http://[2001:db8::1::]/",
                "http://2001:db8::1/",
                "http://[2001:db8::2]/"
            })
    void theseAreOtherIpv6AddressesOrNone(String url) {
        assertThat(leadsTo(url, "[2001:db8::1]")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:7f00:1]/"})
    void anIpv4AddressInIpv6ClothesIsThatAddress(String url) {
        assertThat(leadsTo(url, "127.0.0.1")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"faß.de", "10.0.0.256", "[:::]", "*.", "*.10.0.0.1", "*.[::1]", "a b"})
    void aConditionWithAHostThatIsNoneCannotBeMade(String host) {
        assertThatThrownBy(() -> when("args.url", Operator.HOST_IN, List.of(host)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + host + "' is no host");
    }

    @Test
    void aWildcardStandsForEverythingBelowAHostButNotForIt() {
        assertThat(leadsTo("https://a.example.com/", "*.example.com")).isTrue();
        assertThat(leadsTo("https://a.b.example.com/", "*.example.com")).isTrue();
        assertThat(leadsTo("https://example.com/", "*.example.com")).isFalse();
        assertThat(leadsTo("https://notexample.com/", "*.example.com")).isFalse();
        assertThat(leadsTo("https://a.example.com.evil.org/", "*.example.com")).isFalse();
    }

    @Test
    void aListedHostMayBeWrittenInItsOwnLettersOrInPunycode() {
        assertThat(leadsTo("https://b\u00fccher.example/", "xn--bcher-kva.example"))
                .isTrue();
        assertThat(leadsTo("https://xn--bcher-kva.example/", "b\u00fccher.example"))
                .isTrue();
        assertThat(leadsTo("https://bucher.example/", "b\u00fccher.example")).isFalse();
    }

    private static boolean leadsTo(String url, String host) {
        return new Desk(require(when("args.url", Operator.HOST_IN, List.of(host))))
                .decide(Map.of("url", url))
                .allowed();
    }
}
