package dev.interlock.policy.yaml;

import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** Writes YAML, line by line. A string is quoted unless it can't be taken for anything else. */
final class YamlText {

    private static final int STEP = 2;

    private final StringBuilder out = new StringBuilder();
    private int indent;
    /** Whether the next line goes after a {@code "- "} that has been written. */
    private boolean inItem;

    /** Writes {@code key: value}. The value is already YAML. */
    void line(String key, String value) {
        begin();
        out.append(scalar(key)).append(": ").append(value).append('\n');
    }

    /** Writes {@code key:}, and below it what {@code body} writes. */
    void block(String key, Runnable body) {
        begin();
        out.append(scalar(key)).append(":\n");
        indent += STEP;
        body.run();
        indent -= STEP;
    }

    /** Writes {@code - } and the value, which is already YAML. */
    void item(String value) {
        begin();
        out.append("- ").append(value).append('\n');
    }

    /** Writes {@code - } and the lines that {@code body} writes. */
    void item(Runnable body) {
        begin();
        out.append("- ");
        inItem = true;
        indent += STEP;
        body.run();
        indent -= STEP;
    }

    private void begin() {
        if (inItem) {
            inItem = false;
        } else {
            out.append(" ".repeat(indent));
        }
    }

    /** A value on one line. */
    static String value(Value value) {
        StringBuilder text = new StringBuilder();
        append(value, text);
        return text.toString();
    }

    private static void append(Value value, StringBuilder text) {
        if (value instanceof Value.Text string) {
            text.append(scalar(string.value()));
        } else if (value instanceof NumberValue number) {
            text.append(number.json());
        } else if (value instanceof Value.Array array) {
            String separator = "[";
            for (Value item : array.items()) {
                text.append(separator);
                append(item, text);
                separator = ", ";
            }
            text.append(array.items().isEmpty() ? "[]" : "]");
        } else if (value instanceof ObjectValue object) {
            String separator = "{";
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                text.append(separator).append(scalar(member.getKey())).append(": ");
                append(member.getValue(), text);
                separator = ", ";
            }
            text.append(object.size() == 0 ? "{}" : "}");
        } else if (value instanceof Value.Bool bool) {
            text.append(bool.value());
        } else {
            text.append("null");
        }
    }

    /** A string, in quotes if it needs them. */
    static String scalar(String text) {
        return isPlain(text) && ScalarKind.of(text) == ScalarKind.TEXT ? text : quoted(text);
    }

    /** A string in quotes. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < 0x7f && c >= ' ') {
                        quoted.append((char) c);
                    } else if (isSeen(c)) {
                        quoted.appendCodePoint(c);
                    } else if (c > Character.MAX_VALUE) {
                        quoted.append(String.format("\\U%08x", c));
                    } else {
                        quoted.append(String.format("\\u%04x", c));
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    /**
     * Whether a reader can see the character, and a parser accepts it. Invisible characters are escaped to make them
     * visible.
     */
    private static boolean isSeen(int c) {
        return StreamReader.isPrintable(c) && !VisibleText.isInvisible(c);
    }

    /** Only letters, digits and a few signs that have no meaning in YAML, so the text may also appear in brackets. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            if (!letter && (i == 0 || "./-+".indexOf(c) < 0)) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
