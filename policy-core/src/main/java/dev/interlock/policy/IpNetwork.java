package dev.interlock.policy;

import dev.interlock.policy.text.HostName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A network of IP addresses, as CIDR writes it: {@code 10.0.0.0/8}, {@code fd00::/8}. A single address is a network by
 * itself. Immutable.
 */
public final class IpNetwork {

    /** Addresses that are reserved for purposes other than public hosts (RFC 6890 and later). */
    private static final List<IpNetwork> NOT_PUBLIC = all(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20");

    /** The part of IPv6 that is in use for public hosts. The rest of IPv6 is not public. */
    private static final IpNetwork GLOBAL = network("2000::/3");

    /** Addresses that a translator takes for the IPv4 address at their end. */
    private static final List<IpNetwork> TRANSLATED = all("::/96", "::ffff:0:0:0/96", "64:ff9b::/96");

    private static final IpNetwork TRANSLATED_LOCALLY = network("64:ff9b:1::/48");
    private static final IpNetwork BEHIND_IPV4 = network("2002::/16");
    private static final IpNetwork TUNNELLED = network("2001::/32");

    private final byte[] address;
    private final int prefix;

    private IpNetwork(byte[] address, int prefix) {
        this.address = address;
        this.prefix = prefix;
    }

    private static IpNetwork network(String cidr) {
        IpNetwork network = parse(cidr);
        if (network == null) {
            throw new IllegalArgumentException(cidr);
        }
        return network;
    }

    private static List<IpNetwork> all(String... networks) {
        return Arrays.stream(networks).map(IpNetwork::network).toList();
    }

    /** Whether a text is meant as a network: it has a slash and a number after it. */
    static boolean isMeant(String text) {
        int slash = text.indexOf('/');
        return slash > 0
                && slash + 1 < text.length()
                && text.chars().skip(slash + 1).allMatch(c -> c >= '0' && c <= '9');
    }

    /**
     * Reads a network in CIDR form: an address in dotted decimal or as IPv6, with or without brackets, and the number
     * of leading bits that all its addresses share.
     *
     * @return null if the text is not a network, or if the address has bits set after those
     */
    public static @Nullable IpNetwork parse(String text) {
        int slash = text.indexOf('/');
        if (!isMeant(text) || text.length() - slash > 4) {
            return null;
        }
        String host = text.substring(0, slash);
        String bits = text.substring(slash + 1);
        byte[] address = host.indexOf(':') < 0 ? ipv4(host) : ipv6(host.startsWith("[") ? host : "[" + host + "]");
        int prefix = Integer.parseInt(bits);
        if (address == null || prefix > 8 * address.length || !bits.equals(Integer.toString(prefix))) {
            return null;
        }
        IpNetwork network = new IpNetwork(address, prefix);
        return Arrays.equals(network.masked(), address) ? network.unmapped() : null;
    }

    /** A network of IPv4-mapped IPv6 addresses is a network of IPv4, just as its addresses are IPv4 addresses. */
    private IpNetwork unmapped() {
        boolean mapped = prefix >= 96 && isZero(0, 10) && address[10] == (byte) 0xFF && address[11] == (byte) 0xFF;
        return mapped ? new IpNetwork(Arrays.copyOfRange(address, 12, 16), prefix - 96) : this;
    }

    private static byte @Nullable [] ipv4(String host) {
        return host.equals(HostName.canonical(host)) && HostName.isAddress(host) ? bytes(host) : null;
    }

    private static byte @Nullable [] ipv6(String host) {
        return HostName.canonical(host) == null ? null : bytes(host.toLowerCase(Locale.ROOT));
    }

    /** Returns the address of a canonical host, or null if the host is a name. */
    public static @Nullable IpNetwork ofHost(String canonical) {
        if (!HostName.isAddress(canonical)) {
            return null;
        }
        byte[] address = bytes(canonical.indexOf(':') < 0 ? canonical : "[" + canonical + "]");
        return address == null ? null : new IpNetwork(address, 8 * address.length);
    }

    /** The bytes of an address. Never of a name, so nothing is ever looked up. */
    private static byte @Nullable [] bytes(String address) {
        try {
            byte[] bytes = InetAddress.getByName(address).getAddress();
            if (bytes.length == 4 && address.indexOf(':') >= 0) {
                byte[] mapped = new byte[16];
                mapped[10] = (byte) 0xFF;
                mapped[11] = (byte) 0xFF;
                System.arraycopy(bytes, 0, mapped, 12, 4);
                return mapped;
            }
            return bytes;
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private byte[] masked() {
        byte[] masked = address.clone();
        for (int i = 0; i < masked.length; i++) {
            int bits = Math.max(0, Math.min(8, prefix - 8 * i));
            masked[i] &= (byte) (0xFF << (8 - bits));
        }
        return masked;
    }

    /**
     * Returns whether another network, or address, lies in this one. An IPv4 network never lies in an IPv6 network, nor
     * the reverse.
     */
    public boolean contains(IpNetwork other) {
        return address.length == other.address.length
                && prefix <= other.prefix
                && Arrays.equals(new IpNetwork(other.address, prefix).masked(), masked());
    }

    /**
     * Returns the IPv4 addresses that this IPv6 address may stand for on a network that translates or tunnels. There is
     * more than one if that depends on the translator's configuration. Empty if the address contains no IPv4 address or
     * is not an IPv6 address.
     */
    public List<IpNetwork> carried() {
        if (address.length != 16) {
            return List.of();
        }
        if (BEHIND_IPV4.contains(this)) {
            return List.of(carriedAt(2, 3, 4, 5));
        }
        for (IpNetwork network : TRANSLATED) {
            if (network.contains(this)) {
                // The unspecified address and the loopback address stand for themselves.
                boolean itself = isZero(0, 15) && (address[15] == 0 || address[15] == 1);
                return itself ? List.of() : List.of(carriedAt(12, 13, 14, 15));
            }
        }
        if (TRANSLATED_LOCALLY.contains(this)) {
            return carriedLocally();
        }
        if (TUNNELLED.contains(this)) {
            byte[] client = new byte[4];
            for (int i = 0; i < 4; i++) {
                client[i] = (byte) ~address[12 + i];
            }
            return List.of(carriedAt(4, 5, 6, 7), new IpNetwork(client, 32));
        }
        return List.of();
    }

    /**
     * RFC 6052 puts the IPv4 address after the prefix, whose length the operator chooses, and zeros after the address.
     */
    private List<IpNetwork> carriedLocally() {
        List<IpNetwork> found = new ArrayList<>();
        if (address[8] == 0) {
            if (isZero(11, 16) && !isZero(6, 11)) {
                found.add(carriedAt(6, 7, 9, 10));
            }
            if (isZero(12, 16) && !isZero(7, 12)) {
                found.add(carriedAt(7, 9, 10, 11));
            }
            if (isZero(13, 16) && !isZero(9, 13)) {
                found.add(carriedAt(9, 10, 11, 12));
            }
        }
        if (!isZero(12, 16) || found.isEmpty()) {
            found.add(carriedAt(12, 13, 14, 15));
        }
        return found;
    }

    private boolean isZero(int from, int to) {
        for (int i = from; i < to; i++) {
            if (address[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private IpNetwork carriedAt(int a, int b, int c, int d) {
        return new IpNetwork(new byte[] {address[a], address[b], address[c], address[d]}, 32);
    }

    /**
     * Returns whether the address is public: it is not reserved for private networks, one machine, one link, groups,
     * documentation or no use. An address that contains an IPv4 address is public only if that address is.
     */
    public boolean isPublic() {
        if (NOT_PUBLIC.stream().anyMatch(network -> network.contains(this))) {
            return false;
        }
        List<IpNetwork> carried = carried();
        boolean global = address.length == 4
                || GLOBAL.contains(this)
                || TRANSLATED.get(2).contains(this);
        return global && carried.stream().allMatch(IpNetwork::isPublic);
    }

    /** Returns an address as {@link HostName#canonical} writes it; a network with its prefix. */
    @Override
    public String toString() {
        try {
            String text = InetAddress.getByAddress(address).getHostAddress();
            return prefix == 8 * address.length ? text : text + "/" + prefix;
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }
}
