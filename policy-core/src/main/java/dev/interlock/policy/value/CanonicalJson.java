package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * One text for each JSON value: members in the order of their names' UTF-16 units, no white space, each number in plain
 * decimal digits, or as its digits and an exponent if more than {@value #MAX_ZEROS} zeros would only fill it up: a
 * megabyte of {@code 1e10000} must not become a gigabyte. Two values are equal exactly when their texts are, so that a
 * digest of the text stands for the value.
 *
 * <p>Strings are escaped as RFC 8785 has it. Numbers are not: they are written exactly and never pass through a double,
 * for which two different amounts can be one.
 */
public final class CanonicalJson {

    private static final int MAX_ZEROS = 40;

    private CanonicalJson() {}

    /** The text of a value. */
    public static String of(Value value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
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
