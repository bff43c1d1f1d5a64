package dev.interlock.policy.audit.log;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields that chain a line to its neighbours, read from its bytes: the number and the previous line's hash at its
 * beginning, and its own hash at its end. Their positions are fixed, so two parsers can't be made to read different
 * numbers.
 *
 * @param sequence the line's number across all files
 * @param prev the hash of the line before, according to this line
 * @param hash the line's own hash, according to the line
 * @param authentic whether that is really its hash
 */
record ChainFields(long sequence, String prev, String hash, boolean authentic) {

    static final int HASH_LENGTH = 64;

    private static final String SEQ = "{\"seq\":";
    private static final String PREV = ",\"prev\":\"";
    private static final String HASH = ",\"hash\":\"";
    private static final int TAIL = HASH.length() + HASH_LENGTH + 2;
    private static final int MAX_DIGITS = 18;

    /** At a fixed position as well: elsewhere in a line there may be text that an agent wrote. */
    private static final Pattern KIND =
            Pattern.compile("\\{\"seq\":[0-9]+,\"prev\":\"[^\"]*\",\"t\":\"([^\"\\\\]*)\",\"event\":\"([a-z]+)\"");

    /** Writes the beginning of a line. */
    static void begin(StringBuilder line, LogHead last) {
        line.append(SEQ)
                .append(last.sequence() + 1)
                .append(PREV)
                .append(last.hash())
                .append('"');
    }

    /** Ends a line with its hash and a line break, and returns the hash. */
    static String end(StringBuilder line) {
        byte[] body = line.toString().getBytes(StandardCharsets.US_ASCII);
        String hash = sha256(body, 0, body.length);
        line.append(HASH).append(hash).append("\"}\n");
        return hash;
    }

    /** The chain fields of a line without its line break; null if it has none. */
    static @Nullable ChainFields read(byte[] bytes, int offset, int length) {
        if (length < SEQ.length() + 1 + PREV.length() + HASH_LENGTH + 1 + TAIL) {
            return null;
        }
        String start = ascii(bytes, offset, SEQ.length() + MAX_DIGITS + 1 + PREV.length() + HASH_LENGTH, length);
        int digits = SEQ.length();
        while (digits < start.length() && isDigit(start.charAt(digits))) {
            digits++;
        }
        int prevAt = digits + PREV.length();
        String end = ascii(bytes, offset + length - TAIL, TAIL, TAIL);
        if (!start.startsWith(SEQ)
                || digits == SEQ.length()
                || digits > SEQ.length() + MAX_DIGITS
                || !start.startsWith(PREV, digits)
                || prevAt + HASH_LENGTH > start.length()
                || !end.startsWith(HASH)
                || !end.endsWith("\"}")) {
            return null;
        }
        String hash = end.substring(HASH.length(), HASH.length() + HASH_LENGTH);
        return new ChainFields(
                Long.parseLong(start.substring(SEQ.length(), digits)),
                start.substring(prevAt, prevAt + HASH_LENGTH),
                hash,
                hash.equals(sha256(bytes, offset, length - TAIL)));
    }

    /** The kind of a line, such as {@code decision}; empty if it isn't one of our lines. */
    static String event(String line) {
        Matcher matcher = KIND.matcher(line);
        return matcher.lookingAt() ? matcher.group(2) : "";
    }

    /** The time in a line; empty if it has none. */
    static String time(String line) {
        Matcher matcher = KIND.matcher(line);
        return matcher.lookingAt() ? matcher.group(1) : "";
    }

    LogHead head() {
        return new LogHead(sequence, hash);
    }

    private static String ascii(byte[] bytes, int offset, int wanted, int there) {
        return new String(bytes, offset, Math.min(wanted, there), StandardCharsets.ISO_8859_1);
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static String sha256(byte[] bytes, int offset, int length) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, offset, length);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
