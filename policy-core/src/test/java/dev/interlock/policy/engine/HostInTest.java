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
import org.junit.jupiter.params.provider.CsvSource;
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
                .hasMessageContaining("'" + host + "' is not a host name");
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://[::ffff:169.254.169.254]/",
                "http://[::ffff:a9fe:a9fe]/",
                "http://[64:ff9b::169.254.169.254]/",
                "http://[64:ff9b::a9fe:a9fe]:80/",
                "http://[0064:FF9B:0:0:0:0:a9fe:a9fe]/",
                "http://[64:ff9b:1::a9fe:a9fe]/",
                "http://[64:ff9b:1:a9fe:a9:fe00::]/",
                "http://[64:ff9b:1:a9:fe:a9fe::]/",
                "http://[64:ff9b:1::a9:fea9:fe00:0]/",
                "http://[64:ff9b:1:2:3:4:a9fe:a9fe]/",
                "http://[::a9fe:a9fe]/",
                "http://[::169.254.169.254]/",
                "http://[::ffff:0:a9fe:a9fe]/",
                "http://[2002:a9fe:a9fe::]/",
                "http://[2002:a9fe:a9fe:1::7]/",
                "http://[2001:0:a9fe:a9fe::1]/",
                "http://[2001:0:102:304::5601:5601]/"
            })
    void anIpv6AddressThatCarriesAForbiddenIpv4AddressIsForbidden(String url) {
        for (String listed : List.of("169.254.169.254", "169.254.0.0/16", "private")) {
            assertThat(passesBy(url, listed)).as(listed).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://[::ffff:8.8.8.8]/",
                "http://[64:ff9b::8.8.8.8]/",
                "http://[::8.8.8.8]/",
                "http://[::ffff:0:8.8.8.8]/",
                "http://[2002:808:808::1]/"
            })
    void whatCarriesAnIpv4AddressIsThatHostToo(String url) {
        assertThat(leadsTo(url, "8.8.8.8")).isTrue();
        assertThat(leadsTo(url, "8.8.0.0/16")).isTrue();
        assertThat(leadsTo(url, "8.8.4.4")).isFalse();
        assertThat(passesBy(url, "8.8.4.4")).isTrue();
    }

    @Test
    void whereATranslatorsPrefixIsUnknownNeitherReadingIsTrusted() {
        assertThat(leadsTo("http://[64:ff9b:1:9:9:9:808:808]/", "8.8.8.8")).isTrue();
        for (String reading : List.of("8.8.8.8", "8.8.8.0", "8.8.0.0")) {
            assertThat(leadsTo("http://[64:ff9b:1:808:8:800::]/", reading)).isFalse();
            assertThat(passesBy("http://[64:ff9b:1:808:8:800::]/", reading)).isFalse();
        }
        assertThat(passesBy("http://[64:ff9b:1:808:8:800::]/", "1.2.3.4")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, http://10.0.0.0/, http://9.255.255.255/",
        "10.0.0.0/8, http://10.255.255.255:8080/x, http://11.0.0.0/",
        "10.0.0.0/8, http://0xa.1/, http://10.example/",
        "10.0.0.0/8, http://167772161/, http://10.0.0.1.nip.io/",
        "192.168.16.0/20, http://192.168.31.1/, http://192.168.32.1/",
        "1.2.3.4/32, http://1.2.3.4/, http://1.2.3.5/",
        "0.0.0.0/0, http://8.8.8.8/, http://[2001:db8::1]/",
        "fd00::/8, http://[fdab::1]/, http://[fe80::1]/",
        "[fd00::]/8, http://[FDAB::1]/, http://[fc00::1]/",
        "2001:db8:8000::/33, http://[2001:db8:8000::1]/, http://[2001:db8:7fff::1]/",
        "::1/128, http://[::1]/, http://[::2]/",
        "::/0, http://[2606:4700::1]/, http://8.8.8.8/",
        "::ffff:10.0.0.0/104, http://10.1.2.3/, http://11.1.2.3/"
    })
    void aNetworkIsListedInCidrForm(String network, String inside, String outside) {
        assertThat(leadsTo(inside, network)).isTrue();
        assertThat(passesBy(inside, network)).isFalse();
        assertThat(leadsTo(outside, network)).isFalse();
        assertThat(passesBy(outside, network)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.1.2.3",
                "10.1.2.3",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.8.8.8",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.8",
                "192.0.2.1",
                "192.168.0.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "239.1.1.1",
                "240.0.0.1",
                "255.255.255.255",
                "0x7f.1",
                "2130706433",
                "[::]",
                "[::1]",
                "[fe80::1]",
                "[fc00::1]",
                "[fdab::1]",
                "[ff02::1]",
                "[2001:db8::1]",
                "[3fff::1]",
                "[100::1]",
                "[64:ff9b:1::808:808]",
                "[64:ff9b::10.0.0.1]",
                "[::ffff:10.0.0.1]",
                "[2002:a00:1::1]",
                "[4000::1]",
                "localhost",
                "LOCALHOST.",
                "a.localhost"
            })
    void privateIsEveryAddressThatIsNotPublic(String host) {
        assertThat(leadsTo("http://" + host + "/", "private")).isTrue();
        assertThat(passesBy("http://" + host + "/", "private")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "169.253.1.1",
                "172.15.255.255",
                "172.32.0.1",
                "192.0.1.1",
                "192.167.1.1",
                "192.169.1.1",
                "198.17.1.1",
                "198.20.0.1",
                "223.255.255.255",
                "[2606:4700::1111]",
                "[2001:4860:4860::8888]",
                "[64:ff9b::8.8.8.8]",
                "[2002:808:808::1]",
                "example.com",
                "localhost.example.com",
                "notlocalhost",
                "private.example"
            })
    void whatIsPublicAndNamesThatNoOneLookedUpAreNotPrivate(String host) {
        assertThat(leadsTo("http://" + host + "/", "private")).isFalse();
        assertThat(passesBy("http://" + host + "/", "private")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.org%2f@example.com/",
                "http://evil.org%2F@example.com/",
                "http://evil.org\uff0f@example.com/",
                "http://evil.org\u2100@example.com/",
                "http://evil.org\u2215@example.com/",
                "http://[evil.org]@example.com/",
                "http://evil.org;@example.com/",
                "http://evil.org&@example.com/",
                "http://evil.org,@example.com/",
                "http://us\u00e9r@example.com/",
                "http://a%40b@example.com/",
                "http://$x@example.com/"
            })
    void userInfoWithAnythingSpecialIsInvalid(String url) {
        assertThat(leadsTo(url, "example.com")).isFalse();
        assertThat(passesBy(url, "evil.org")).isFalse();
        assertThat(passesBy(url, "neither.example")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0.1/8",
                "10.0.0/8",
                "0xa.0.0.0/8",
                "010.0.0.0/8",
                "10.0.0.0/08",
                "fd00::/129",
                "fd00::1/8",
                "[fd00::/8",
                "example.com/24",
                "10.0.0.0/999999999999"
            })
    void aNetworkThatIsNoneCannotBeListed(String network) {
        assertThatThrownBy(() -> when("args.url", Operator.HOST_IN, List.of(network)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + network + "' is not a network");
    }

    private static boolean passesBy(String url, String forbidden) {
        return new Desk(denyIf(when("args.url", Operator.HOST_IN, List.of(forbidden))))
                .decide(Map.of("url", url))
                .allowed();
    }

    private static boolean leadsTo(String url, String host) {
        return new Desk(require(when("args.url", Operator.HOST_IN, List.of(host))))
                .decide(Map.of("url", url))
                .allowed();
    }
}
