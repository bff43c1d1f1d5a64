package dev.interlock.policy.jdbc;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;

/**
 * Texts as keys of rows. A column of text can't hold every text, and each database orders it in its own way. As bytes,
 * two for each {@code char}, texts have the order of {@link String#compareTo} in every database.
 */
final class TextKey {

    private static final char REPLACEMENT = '\uFFFD';

    private TextKey() {}

    static byte[] bytes(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * text.length());
        bytes.asCharBuffer().put(text);
        return bytes.array();
    }

    static String text(byte[] bytes) {
        CharBuffer chars = ByteBuffer.wrap(bytes).asCharBuffer();
        return chars.toString();
    }

    /** The text for people who look at the table: what can't be shown, or not be stored, is replaced. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> Character.isISOControl(point) || Character.getType(point) == Character.SURROGATE
                        ? REPLACEMENT
                        : point)
                .forEach(shown::appendCodePoint);
        return shown.toString();
    }
}
