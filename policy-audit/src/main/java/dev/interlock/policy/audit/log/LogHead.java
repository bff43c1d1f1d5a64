package dev.interlock.policy.audit.log;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last line of a log at some moment. If you keep it in a place that the log's administrator can't change, you can
 * tell later whether everything up to this line is still there, and unchanged.
 *
 * @param sequence the line's number across all files, from 1; 0 before there is a line
 * @param hash the line's hash: 64 hexadecimal digits
 */
public record LogHead(long sequence, String hash) {

    /** The head of an empty log. */
    static final LogHead NONE = new LogHead(0, "0".repeat(ChainFields.HASH_LENGTH));

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18}):([0-9a-f]{64})");

    /**
     * Parses the output of {@link #toString}.
     *
     * @throws IllegalArgumentException if it isn't in that form
     */
    public static LogHead parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "a head is a sequence number, a colon and 64 hexadecimal digits, such as 17:5f2a…");
        }
        return new LogHead(Long.parseLong(matcher.group(1)), matcher.group(2));
    }

    /** The number and the hash, separated by a colon. */
    @Override
    public String toString() {
        return sequence + ":" + hash;
    }
}
