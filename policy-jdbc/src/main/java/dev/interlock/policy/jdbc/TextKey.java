package dev.interlock.policy.jdbc;

import dev.interlock.policy.text.VisibleText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Texts as keys of rows. A column of text can't hold every text, and each database orders it in its own way. As bytes,
 * two for each {@code char}, texts have the order of {@link String#compareTo} in every database. An index of PostgreSQL
 * can't hold a long one. So the key of a text of more than {@value #LONGEST} bytes is its beginning and its SHA-256;
 * those that begin alike come in any order.
 */
final class TextKey {

    private static final int LONGEST = 1_000;

    private TextKey() {}

    /** What stands for the text in a key. */
    static byte[] of(String text) {
        byte[] whole = whole(text);
        if (whole.length <= LONGEST) {
            return whole;
        }
        byte[] key = Arrays.copyOf(whole, LONGEST);
        byte[] hash = hash(whole);
        System.arraycopy(hash, 0, key, LONGEST - hash.length, hash.length);
        return key;
    }

    static byte[] hash(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The whole text, from which {@link #text} is read again. */
    static byte[] whole(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * text.length());
        bytes.asCharBuffer().put(text);
        return bytes.array();
    }

    static String text(byte[] bytes) {
        CharBuffer chars = ByteBuffer.wrap(bytes).asCharBuffer();
        return chars.toString();
    }

    /** The text for people who look at the table: what can't be shown, or not be stored, is escaped. */
    static String shown(String text) {
        return VisibleText.escaped(text);
    }
}
