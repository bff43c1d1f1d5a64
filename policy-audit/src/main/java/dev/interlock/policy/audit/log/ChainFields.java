package dev.interlock.policy.audit.log;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What chains a line to its neighbours, read from its bytes: the number and the hash of the one before at its beginning, and
 * its own hash at its end. Their place is fixed, so no parser can be made to see another number than the next one
 * does.
 *
 * @param sequence the line's number over all files
 * @param prev the hash that it says the line before has
 * @param hash the hash that it says it has
 * @param authentic whether it has that hash
 */
record ChainFields(long sequence, String prev, String hash, boolean authentic) {

    static final int HASH_LENGTH = 64;

    private static final String SEQ = "{\"seq\":";
    private static final String PREV = ",\"prev\":\"";
    private static final String HASH = ",\"hash\":\"";
    private static final int TAIL = HASH.length() + HASH_LENGTH + 2;
    private static final int MAX_DIGITS = 18;

    /** At its fixed place as well: elsewhere in a line stands what an agent may have written. */
    private static final Pattern KIND =
            Pattern.compile("\\{\"seq\":[0-9]+,\"prev\":\"[^\"]*\",\"t\":\"([^\"\\\\]*)\",\"event\":\"([a-z]+)\"");

    /** The beginning of a line. */
    static void begin(StringBuilder line, Head last) {
        line.append(SEQ)
                .append(last.sequence() + 1)
                .append(PREV)
                .append(last.hash())
                .append('"');
    }

    /** Ends a line, with its hash and a line break, and answers with the hash. */
    static String end(StringBuilder line) {
        byte[] body = line.toString().getBytes(StandardCharsets.US_ASCII);
        String hash = sha256(body, 0, body.length);
        line.append(HASH).append(hash).append("\"}\n");
        return hash;
    }

    /** The frame of a line without its break; null if it has none. */
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

    /** What kind of line a text is, such as {@code decision}; empty if it is none of ours. */
    static String event(String line) {
        Matcher matcher = KIND.matcher(line);
        return matcher.lookingAt() ? matcher.group(2) : "";
    }

    /** The time that a line says; empty if it says none. */
    static String time(String line) {
        Matcher matcher = KIND.matcher(line);
        return matcher.lookingAt() ? matcher.group(1) : "";
    }

    Head head() {
        return new Head(sequence, hash);
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
