package dev.interlock.policy.mcp;

import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what a server says of its tools. */
final class Definitions {

    private Definitions() {}

    /**
     * One element of a list of tools; null if it has no name. A schema that goes past the bounds counts as unknown, so
     * that every check that needs it denies.
     */
    static @Nullable ToolDefinition read(@Nullable Object tool) {
        if (tool instanceof Map<?, ?> map) {
            return read(map.get("name"), map.get("description"), map.get("inputSchema"), map.get("annotations"));
        }
        if (tool instanceof Tool typed) {
            return read(typed.name(), typed.description(), typed.inputSchema(), hints(typed.annotations()));
        }
        return null;
    }

    private static @Nullable ToolDefinition read(
            @Nullable Object name,
            @Nullable Object description,
            @Nullable Object inputSchema,
            @Nullable Object annotations) {
        if (!(name instanceof String text)) {
            return null;
        }
        ObjectValue hints = frozen(annotations);
        return new ToolDefinition(
                text,
                description instanceof String said ? said : "",
                frozen(inputSchema),
                hints == null ? ObjectValue.EMPTY : hints);
    }

    private static @Nullable ObjectValue frozen(@Nullable Object object) {
        if (object instanceof Map<?, ?>) {
            try {
                return (ObjectValue) Value.freeze(object);
            } catch (InvalidValueException e) {
                return null;
            }
        }
        return null;
    }

    private static Map<String, Object> hints(@Nullable ToolAnnotations annotations) {
        Map<String, Object> hints = new LinkedHashMap<>();
        if (annotations != null) {
            put(hints, "title", annotations.title());
            put(hints, "readOnlyHint", annotations.readOnlyHint());
            put(hints, "destructiveHint", annotations.destructiveHint());
            put(hints, "idempotentHint", annotations.idempotentHint());
            put(hints, "openWorldHint", annotations.openWorldHint());
        }
        return hints;
    }

    private static void put(Map<String, Object> hints, String name, @Nullable Object value) {
        if (value != null) {
            hints.put(name, value);
        }
    }
}
