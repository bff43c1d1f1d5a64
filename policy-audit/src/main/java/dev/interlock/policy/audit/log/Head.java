package dev.interlock.policy.audit.log;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last line of a log at some moment. Who keeps it where the log's own keeper can't change it can tell later whether
 * everything up to it is still there, and still the same.
 *
 * @param sequence the line's number over all files, from 1; 0 before there is a line
 * @param hash its hash: 64 hexadecimal digits
 */
public record Head(long sequence, String hash) {

    /** Before there is a line. */
    static final Head NONE = new Head(0, "0".repeat(ChainFields.HASH_LENGTH));

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18}):([0-9a-f]{64})");

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if it isn't that
     */
    public static Head parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "a head is a sequence number, a colon and 64 hexadecimal digits, such as 17:5f2a…");
        }
        return new Head(Long.parseLong(matcher.group(1)), matcher.group(2));
    }

    /** The number and the hash, with a colon between them. */
    @Override
    public String toString() {
        return sequence + ":" + hash;
    }
}
