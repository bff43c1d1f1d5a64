package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** {@code host_in} against an oracle that takes addresses for numbers. Each law writes an address in some spelling. */
class HostInProperties {

    /** Ways to write one IPv4 address: as itself, or carried by one of IPv6. */
    private static final List<Function<Integer, String>> SPELLINGS = List.of(
            HostInProperties::dotted,
            a -> Long.toString(a & 0xFFFFFFFFL),
            a -> String.format("0x%x", a),
            a -> String.format("0%o.%d", a >>> 24, a & 0xFFFFFF),
            a -> "[::ffff:" + dotted(a) + "]",
            a -> "[" + groups("0:0:0:0:0:ffff:", a) + "]",
            a -> "[64:ff9b::" + dotted(a) + "]",
            a -> "[64:FF9B:0:0:0:0:" + groups("", a) + "]",
            a -> "[64:ff9b:1:1:101:1:" + groups("", a) + "]",
            a -> "[::ffff:0:" + groups("", a) + "]",
            a -> "[" + groups("2002:", a) + "::1]",
            a -> "[" + groups("2002:", a) + ":ab::12]");

    @Property
    void anAddressLiesInANetworkIfItBeginsWithTheNetworksBits(
            @ForAll int address, @ForAll int network, @ForAll @IntRange(max = 32) int prefix, @ForAll boolean near) {
        int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
        int start = (near ? address ^ (1 << (network & 31)) : network) & mask;
        boolean inside = (address & mask) == start;
        Hosts hosts = Hosts.of(List.of(dotted(start) + "/" + prefix));

        for (Function<Integer, String> spelling : SPELLINGS) {
            String url = "http://" + spelling.apply(address) + "/";
            assertThat(hosts.include(url)).as(url).isEqualTo(Truth.of(inside));
        }
    }

    @Property
    void anIpv6AddressLiesInANetworkIfItBeginsWithTheNetworksBits(
            @ForAll("ipv6") BigInteger address,
            @ForAll @IntRange(max = 128) int prefix,
            @ForAll @IntRange(max = 127) int bit) {
        BigInteger mask = BigInteger.ONE
                .shiftLeft(128)
                .subtract(BigInteger.ONE)
                .shiftRight(128 - prefix)
                .shiftLeft(128 - prefix);
        BigInteger other = address.flipBit(bit);
        Hosts hosts = Hosts.of(List.of(groups(address.and(mask)) + "/" + prefix));

        assertThat(hosts.include("http://[" + groups(address) + "]/")).isEqualTo(Truth.TRUE);
        assertThat(hosts.include("http://[" + groups(other) + "]:80/x").equals(Truth.TRUE))
                .isEqualTo(other.and(mask).equals(address.and(mask)));
    }

    @Property
    void noSpellingOfAnAddressMakesAnotherOfIt(
            @ForAll int address, @ForAll int other, @ForAll("spellings") int spelling) {
        String url = "http://" + SPELLINGS.get(spelling).apply(address) + "/";

        assertThat(Hosts.of(List.of(dotted(address))).include(url)).isEqualTo(Truth.TRUE);
        assertThat(Hosts.of(List.of(dotted(other))).include(url)).isEqualTo(Truth.of(address == other));
    }

    @Property
    void whatIsPrivateDoesNotDependOnTheSpelling(@ForAll("anywhere") int address, @ForAll("spellings") int spelling) {
        Hosts hosts = Hosts.of(List.of("private"));
        Truth plain = hosts.include("http://" + dotted(address) + "/");
        Truth spelled = hosts.include("http://" + SPELLINGS.get(spelling).apply(address) + "/");

        assertThat(plain).isEqualTo(Truth.of(isPrivate(address)));
        assertThat(spelled).isIn(plain, Truth.TRUE);
    }

    @Property
    void userInfoNeverChangesWhereAUrlLeads(@ForAll String user, @ForAll("hosts") String host) {
        Hosts listed = Hosts.of(List.of("example.com", "*.example.org", "10.0.0.0/8"));
        Truth plain = listed.include("http://" + host + "/");
        String spelled = "http://" + user + "@" + host + "/";
        boolean ordinary = user.matches("[A-Za-z0-9._~:-]*");

        assertThat(listed.include(spelled))
                .as(spelled)
                .isIn(
                        ordinary || user.matches(".*[/?#].*")
                                ? List.of(plain, Truth.FALSE, Truth.INVALID)
                                : List.of(Truth.INVALID, Truth.FALSE));
        if (ordinary) {
            assertThat(listed.include(spelled)).isEqualTo(plain);
        }
    }

    private static boolean isPrivate(int address) {
        String dotted = dotted(address);
        int second = (address >>> 16) & 255;
        return dotted.matches("(0|10|127|22[4-9]|2[3-5][0-9])[.].*|(192[.]168|169[.]254|198[.]1[89])[.].*"
                        + "|(192[.]0[.][02]|192[.]88[.]99|198[.]51[.]100|203[.]0[.]113)[.].*")
                || (address >>> 24 == 172 && second >= 16 && second < 32)
                || (address >>> 24 == 100 && second >= 64 && second < 128);
    }

    private static String dotted(int a) {
        return (a >>> 24) + "." + ((a >>> 16) & 255) + "." + ((a >>> 8) & 255) + "." + (a & 255);
    }

    private static String groups(String before, int address) {
        return before + Integer.toHexString(address >>> 16) + ":" + Integer.toHexString(address & 0xFFFF);
    }

    private static String groups(BigInteger address) {
        StringBuilder text = new StringBuilder();
        for (int shift = 112; shift >= 0; shift -= 16) {
            text.append(text.isEmpty() ? "" : ":")
                    .append(Integer.toHexString(address.shiftRight(shift).intValue() & 0xFFFF));
        }
        return text.toString().toUpperCase(Locale.ROOT);
    }

    @Provide
    Arbitrary<Integer> spellings() {
        return Arbitraries.integers().between(0, SPELLINGS.size() - 1);
    }

    /** Addresses of the part of IPv6 that is in use, without those that carry one of IPv4. */
    @Provide
    Arbitrary<BigInteger> ipv6() {
        return Arbitraries.bigIntegers()
                .between(BigInteger.ZERO, BigInteger.ONE.shiftLeft(124).subtract(BigInteger.ONE))
                .map(rest -> rest.or(BigInteger.valueOf(0x3).shiftLeft(124)));
    }

    @Provide
    Arbitrary<Integer> anywhere() {
        Arbitrary<Integer> near = Arbitraries.of(
                        "10.0.0.0",
                        "100.64.0.0",
                        "127.0.0.0",
                        "169.254.0.0",
                        "172.16.0.0",
                        "192.0.2.0",
                        "192.168.0.0",
                        "198.18.0.0",
                        "203.0.113.0",
                        "224.0.0.0",
                        "11.0.0.0",
                        "100.128.0.0",
                        "172.32.0.0",
                        "192.169.0.0")
                .flatMap(edge -> Arbitraries.integers().between(-3, 3).map(by -> number(edge) + by));
        return Arbitraries.oneOf(near, Arbitraries.integers());
    }

    private static int number(String dotted) {
        int number = 0;
        for (String part : dotted.split("\\.", -1)) {
            number = (number << 8) | Integer.parseInt(part);
        }
        return number;
    }

    @Provide
    Arbitrary<String> hosts() {
        return Arbitraries.of("example.com", "a.example.org", "10.1.2.3", "evil.org", "[::ffff:10.0.0.1]");
    }
}
