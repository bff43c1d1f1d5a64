package dev.interlock.policy.value;

import java.util.Map;

/** Writes a value as compact JSON, and measures strings as they would be written. */
final class JsonText {

    private JsonText() {}

    static String of(Value value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Value value, StringBuilder out) {
        if (value instanceof ObjectValue object) {
            char separator = '{';
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                out.append(separator);
                quote(member.getKey(), out);
                out.append(':');
                write(member.getValue(), out);
                separator = ',';
            }
            out.append(object.size() == 0 ? "{}" : "}");
        } else if (value instanceof Value.Array array) {
            out.append('[');
            for (int i = 0; i < array.items().size(); i++) {
                if (i > 0) {
                    out.append(',');
                }
                write(array.items().get(i), out);
            }
            out.append(']');
        } else if (value instanceof Value.Text text) {
            quote(text.value(), out);
        } else if (value instanceof NumberValue number) {
            out.append(number.json());
        } else {
            out.append(value == Value.Nil.NULL ? "null" : value == Value.Bool.TRUE ? "true" : "false");
        }
    }

    static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /**
     * The bytes of {@code text} quoted and in UTF-8. Counting stops soon after {@code enough}.
     *
     * @throws InvalidValueException if the text has an unpaired surrogate: a JSON writer would turn it into something
     *     that was not decided on
     */
    static long quotedBytes(String text, long enough) {
        long bytes = 2;
        int length = text.length();
        for (int i = 0; i < length && bytes <= enough; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes += c >= ' ' && c != '"' && c != '\\' ? 1 : escapedLength(c);
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                throw new InvalidValueException("a string has an unpaired surrogate, which is not valid Unicode");
            }
        }
        return bytes;
    }

    private static int escapedLength(char c) {
        return switch (c) {
            case '"', '\\', '\b', '\f', '\n', '\r', '\t' -> 2;
            default -> 6;
        };
    }
}
