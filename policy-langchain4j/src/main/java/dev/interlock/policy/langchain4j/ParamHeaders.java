package dev.interlock.policy.langchain4j;

import dev.interlock.policy.adapter.HeaderValue;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers that repeat arguments of a call: a tool's input schema says which, with {@code x-mcp-header}. LangChain4j
 * makes them from the arguments that it was given. If a person has approved other arguments, they are made here.
 */
final class ParamHeaders {

    private static final String ANNOTATION = "x-mcp-header";

    private ParamHeaders() {}

    /**
     * Returns the headers by their names, without the prefix that all of them have.
     *
     * @param schema of the tool's arguments
     */
    static Map<String, String> of(ObjectValue schema, ObjectValue arguments) {
        Map<String, String> headers = new LinkedHashMap<>();
        add(schema, arguments, headers);
        return headers;
    }

    private static void add(ObjectValue schema, ObjectValue arguments, Map<String, String> headers) {
        if (!(schema.get("properties") instanceof ObjectValue properties)) {
            return;
        }
        properties.members().forEach((name, declared) -> {
            Value value = arguments.get(name);
            if (value == null || !(declared instanceof ObjectValue property)) {
                return;
            }
            String text = text(value);
            if (text != null && property.get(ANNOTATION) instanceof Value.Text header) {
                headers.put(header.value(), HeaderValue.encoded(text));
            }
            if (value instanceof ObjectValue inner) {
                add(property, inner, headers);
            }
        });
    }

    /** Null for a value that no header repeats. */
    private static @Nullable String text(Value value) {
        if (value instanceof Value.Text text) {
            return text.value();
        }
        if (value instanceof Value.Bool bool) {
            return String.valueOf(bool.value());
        }
        return value instanceof NumberValue number && !(number.toJava() instanceof BigDecimal)
                ? number.toJava().toString()
                : null;
    }
}
