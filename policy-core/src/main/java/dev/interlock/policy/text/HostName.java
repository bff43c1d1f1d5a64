package dev.interlock.policy.text;

import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Makes hosts comparable, by name or address, without using a network.
 *
 * <p>Numeric IPv4 addresses are read as browsers do (WHATWG URL, "IPv4 parser"), so that {@code 2130706433} is
 * {@code 127.0.0.1}. IPv6 addresses, in brackets, are compared as addresses, however they are written.
 */
public final class HostName {

    /**
     * Names have at most 253 characters. Converting to ASCII takes quadratic time, so much longer texts are refused at
     * once.
     */
    private static final int MAX_LENGTH = 4_096;

    private HostName() {}

    /**
     * Returns the canonical form of {@code host}: lower case, punycode, no trailing dot, dotted decimal; null if it is
     * not a valid host.
     */
    public static @Nullable String canonical(String host) {
        if (host.length() > MAX_LENGTH || Skeleton.hasLongRow(host)) {
            return null;
        }
        if (host.startsWith("[")) {
            return ipv6(host);
        }
        for (int i = 0; i < host.length(); i++) {
            // Characters that the two editions of IDNA map differently, or that one of them drops.
            if ("%ßẞς\u200C\u200D".indexOf(host.charAt(i)) >= 0) {
                return null;
            }
        }
        String ascii;
        try {
            // Characters newer than IDNA's first edition are refused: the second takes some of them for letters or
            // digits.
            ascii = IDN.toASCII(host, 0).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return null;
        }
        if (ascii.endsWith(".")) {
            ascii = ascii.substring(0, ascii.length() - 1);
        }
        if (ascii.isEmpty() || !ascii.chars().allMatch(HostName::isHostCharacter)) {
            return null;
        }
        String last = ascii.substring(ascii.lastIndexOf('.') + 1);
        return ipv4Number(last) >= 0 || isDigits(last) ? ipv4(ascii) : ascii;
    }

    /** Returns whether a canonical host is an address and not a name. */
    public static boolean isAddress(String canonical) {
        return canonical.indexOf(':') >= 0 || isDigits(canonical.substring(canonical.lastIndexOf('.') + 1));
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

    /**
     * The canonical form of an address in brackets. An address that stands for an IPv4 address
     * ({@code ::ffff:127.0.0.1}) leads to that address. A zone ({@code fe80::1%eth0}) has a meaning on one machine
     * only, so such an address is not a host here.
     */
    private static @Nullable String ipv6(String host) {
        String address = host.endsWith("]") ? host.substring(1, host.length() - 1) : "";
        if (!address.contains(":")
                || !address.chars().allMatch(c -> c == ':' || c == '.' || Character.digit(c, 16) >= 0)) {
            return null;
        }
        try {
            // In brackets, so that nothing is ever looked up.
            return InetAddress.getByName("[" + address + "]").getHostAddress();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** A part of an IPv4 address in decimal, octal or hexadecimal; -1 if it is not a number. */
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
