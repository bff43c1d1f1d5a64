package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes one canonical text for each JSON value. Members are in the order of their names' UTF-16 units, and there is no
 * white space. A number is written in plain decimal digits. If that would need more than {@value #MAX_ZEROS} zeros of
 * padding, it is written as digits and an exponent: a megabyte of {@code 1e10000} must not become a gigabyte. Two
 * values are equal exactly if their texts are, so a digest of the text identifies the value.
 *
 * <p>Strings are escaped as RFC 8785 requires. Numbers differ from it: they are written exactly and never pass through
 * a double, which can make two different amounts equal.
 */
public final class CanonicalJson {

    private static final int MAX_ZEROS = 40;

    private CanonicalJson() {}

    /** Returns the text of a value. */
    public static String of(Value value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    /** Returns the SHA-256 of a value's text in UTF-8, as 64 hexadecimal digits. */
    public static String digest(Value value) {
        try {
            byte[] text = of(value).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String text(NumberValue number) {
        BigDecimal value = number.toBigDecimal().stripTrailingZeros();
        int zeros = Math.max(-value.scale(), value.scale() - value.precision());
        return zeros <= MAX_ZEROS ? number.plainText() : value.unscaledValue() + "e" + -value.scale();
    }

    private static void write(Value value, StringBuilder out) {
        if (value instanceof ObjectValue object) {
            out.append('{');
            String separator = "";
            for (Map.Entry<String, Value> member : new TreeMap<>(object.members()).entrySet()) {
                out.append(separator);
                JsonText.quote(member.getKey(), out);
                out.append(':');
                write(member.getValue(), out);
                separator = ",";
            }
            out.append('}');
        } else if (value instanceof Value.Array array) {
            out.append('[');
            String separator = "";
            for (Value item : array.items()) {
                out.append(separator);
                write(item, out);
                separator = ",";
            }
            out.append(']');
        } else if (value instanceof NumberValue number) {
            out.append(text(number));
        } else {
            out.append(value.json());
        }
    }
}
