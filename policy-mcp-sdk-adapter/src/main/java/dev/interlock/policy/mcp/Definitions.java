package dev.interlock.policy.mcp;

import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a server says of its tools, from what transports deliver. Whoever pins definitions must read them as those
 * do who enforce the pins, which is why this is public.
 */
public final class Definitions {

    private static final Logger log = LoggerFactory.getLogger(Definitions.class);

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    private Definitions() {}

    /** Loads what reading may need. It is looked for in files, so it must not be loaded when a call is decided. */
    static void load() {
        try {
            log.trace("Reading with {}", McpJsonDefaults.getMapper());
        } catch (RuntimeException e) {
            log.debug(
                    "There is no default JSON binding; schemas with arrays or beans in them count as unknown",
                    Unquoted.of(e));
        }
    }

    /**
     * One element of a list of tools; null if it has no name. A schema that goes past the bounds counts as unknown, so
     * that every check that needs it denies, and the definition is then not {@linkplain ToolDefinition#whole whole}.
     */
    public static @Nullable ToolDefinition read(@Nullable Object tool) {
        if (tool instanceof Map<?, ?> map) {
            return read(
                    map.get("name"),
                    map.get("title"),
                    map.get("description"),
                    map.get("inputSchema"),
                    map.get("outputSchema"),
                    map.get("annotations"));
        }
        if (tool instanceof Tool typed) {
            ToolDefinition definition = read(
                    typed.name(),
                    typed.title(),
                    typed.description(),
                    typed.inputSchema(),
                    typed.outputSchema(),
                    typed.annotations() == null ? null : hints(typed.annotations()));
            return definition == null || definition.whole() ? definition : asSent(typed, definition);
        }
        return null;
    }

    /** A server's author may write a schema with arrays and beans in it, which only sending makes JSON of. */
    private static ToolDefinition asSent(Tool tool, ToolDefinition partial) {
        try {
            ToolDefinition sent = read(McpJsonDefaults.getMapper().convertValue(tool, PLAIN));
            return sent == null ? partial : sent;
        } catch (RuntimeException e) {
            log.warn("The definition of {} can't be read in full", Printable.name(tool.name()), Unquoted.of(e));
            return partial;
        }
    }

    private static @Nullable ToolDefinition read(
            @Nullable Object name,
            @Nullable Object title,
            @Nullable Object description,
            @Nullable Object inputSchema,
            @Nullable Object outputSchema,
            @Nullable Object annotations) {
        if (!(name instanceof String text)) {
            return null;
        }
        ObjectValue input = frozen(inputSchema);
        ObjectValue output = frozen(outputSchema);
        ObjectValue hints = frozen(annotations);
        boolean whole = isText(title)
                && isText(description)
                && (inputSchema == null || input != null)
                && (outputSchema == null || output != null)
                && (annotations == null || hints != null);
        return new ToolDefinition(
                text,
                title instanceof String said ? said : "",
                description instanceof String said ? said : "",
                input,
                output,
                hints == null ? ObjectValue.EMPTY : hints,
                whole);
    }

    private static boolean isText(@Nullable Object part) {
        return part == null || part instanceof String;
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

    private static Map<String, Object> hints(ToolAnnotations annotations) {
        Map<String, Object> hints = new LinkedHashMap<>();
        put(hints, "title", annotations.title());
        put(hints, "readOnlyHint", annotations.readOnlyHint());
        put(hints, "destructiveHint", annotations.destructiveHint());
        put(hints, "idempotentHint", annotations.idempotentHint());
        put(hints, "openWorldHint", annotations.openWorldHint());
        return hints;
    }

    private static void put(Map<String, Object> hints, String name, @Nullable Object value) {
        if (value != null) {
            hints.put(name, value);
        }
    }
}
