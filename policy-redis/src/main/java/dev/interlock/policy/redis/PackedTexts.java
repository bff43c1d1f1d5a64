package dev.interlock.policy.redis;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Reads an answer that is a list of texts, as {@code fields.lua} packs it.
 *
 * <p>Every text can be written and read again, also one that isn't valid Unicode: half a surrogate pair is written like
 * any other character of three bytes. Otherwise two texts could become one.
 */
final class PackedTexts {

    private static final int MISSING = -1;

    private final ByteBuffer rest;

    PackedTexts(byte[] answer) {
        this.rest = SlotRequest.littleEndian(answer);
    }

    boolean hasNext() {
        return rest.hasRemaining();
    }

    /** The next text; null if it is missing. */
    @Nullable
    String next() {
        int length = rest.getInt();
        if (length == MISSING) {
            return null;
        }
        byte[] bytes = new byte[length];
        rest.get(bytes);
        return text(bytes);
    }

    /** The next text, which must be there. */
    String text() {
        String text = next();
        if (text == null) {
            throw new NoSuchElementException("a text is missing in an answer of Redis");
        }
        return text;
    }

    long number() {
        return Long.parseLong(text());
    }

    static byte[] bytes(String text) {
        if (!hasHalves(text)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 16);
        text.codePoints().forEach(point -> {
            if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                out.write(0xE0 | (point >> 12));
                out.write(0x80 | ((point >> 6) & 0x3F));
                out.write(0x80 | (point & 0x3F));
            } else {
                out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
        });
        return out.toByteArray();
    }

    private static boolean hasHalves(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }

    static String text(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        int plain = 0;
        for (int i = 0; i + 2 < bytes.length; i++) {
            if ((bytes[i] & 0xFF) == 0xED && (bytes[i + 1] & 0xFF) >= 0xA0) {
                out.append(new String(bytes, plain, i - plain, StandardCharsets.UTF_8));
                out.append((char) (0xD000 | ((bytes[i + 1] & 0x3F) << 6) | (bytes[i + 2] & 0x3F)));
                i += 2;
                plain = i + 1;
            }
        }
        return out.append(new String(bytes, plain, bytes.length - plain, StandardCharsets.UTF_8))
                .toString();
    }
}
