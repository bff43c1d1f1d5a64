package dev.interlock.policy.mcp;

import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.KnownNames;
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
 * Reads what a server says about its tools, from what transports deliver. Public because code that pins definitions
 * must read them in the same way as the code that enforces the pins.
 */
public final class ToolDefinitionReader {

    private static final Logger log = LoggerFactory.getLogger(ToolDefinitionReader.class);

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    private static final KnownNames PARTS =
            KnownNames.of("name", "title", "description", "inputSchema", "outputSchema", "annotations");

    private ToolDefinitionReader() {}

    /** Loads what reading may need. Loading searches files, so it must not happen when a call is decided. */
    static void load() {
        try {
            log.trace("Reading with {}", McpJsonDefaults.getMapper());
        } catch (RuntimeException e) {
            log.debug(
                    "There is no default JSON binding; schemas with arrays or beans in them count as unknown",
                    RedactedException.of(e));
        }
    }

    /**
     * Reads one element of a list of tools. Null if it has no name, or has a member that some reader may take for its
     * name or another part. A part that exceeds the bounds counts as unknown, so that every check that needs it denies.
     * The definition is then not {@linkplain ToolDefinition#whole whole}.
     */
    public static @Nullable ToolDefinition read(@Nullable Object tool) {
        if (tool instanceof Map<?, ?> map) {
            return read(map);
        }
        if (tool instanceof Tool typed) {
            ToolDefinition definition = read(members(typed));
            return definition == null || definition.whole() ? definition : asSent(typed, definition);
        }
        return null;
    }

    /** The members with which a typed tool is sent. The SDK's type carries nothing else to a client. */
    private static Map<String, Object> members(Tool tool) {
        // Those with a type of their own become JSON only when they are sent. The definition is then not whole.
        Map<String, Object> members = SdkRecords.components(tool);
        members.computeIfPresent("annotations", (name, annotations) -> hints((ToolAnnotations) annotations));
        return members;
    }

    /** A server's author may write a schema with arrays and beans, which become JSON only when they are sent. */
    private static ToolDefinition asSent(Tool tool, ToolDefinition partial) {
        try {
            ToolDefinition sent = read(McpJsonDefaults.getMapper().convertValue(tool, PLAIN));
            return sent == null ? partial : sent;
        } catch (RuntimeException e) {
            log.warn(
                    "The definition of {} can't be read in full",
                    VisibleText.name(tool.name()),
                    RedactedException.of(e));
            return partial;
        }
    }

    private static @Nullable ToolDefinition read(Map<?, ?> tool) {
        if (!(tool.get("name") instanceof String name) || tool.keySet().stream().anyMatch(PARTS::isLookAlike)) {
            return null;
        }
        Object title = tool.get("title");
        Object description = tool.get("description");
        ObjectValue input = frozen(tool.get("inputSchema"));
        ObjectValue output = frozen(tool.get("outputSchema"));
        ObjectValue hints = frozen(tool.get("annotations"));
        ObjectValue others = others(tool);
        boolean whole = isText(title)
                && isText(description)
                && (tool.get("inputSchema") == null || input != null)
                && (tool.get("outputSchema") == null || output != null)
                && (tool.get("annotations") == null || hints != null)
                && others != null;
        return new ToolDefinition(
                name,
                title instanceof String said ? said : "",
                description instanceof String said ? said : "",
                input,
                output,
                hints == null ? ObjectValue.EMPTY : hints,
                others == null ? ObjectValue.EMPTY : others,
                whole);
    }

    /** All members without a field of their own in the definition; null if they can't be read. */
    private static @Nullable ObjectValue others(Map<?, ?> tool) {
        Map<Object, @Nullable Object> others = new LinkedHashMap<>();
        tool.forEach((member, value) -> {
            if (!(member instanceof String name) || ToolDefinition.isOther(name, value == null)) {
                others.put(member, value);
            }
        });
        return frozen(others);
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
        put(hints, "returnDirect", annotations.returnDirect());
        return hints;
    }

    private static void put(Map<String, Object> members, String name, @Nullable Object value) {
        if (value != null) {
            members.put(name, value);
        }
    }
}
