package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.ToolListPage;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.ToolDefinition;
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
            return ToolListPage.definition(map);
        }
        if (tool instanceof Tool typed) {
            ToolDefinition definition = ToolListPage.definition(members(typed));
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
            ToolDefinition sent =
                    ToolListPage.definition(McpJsonDefaults.getMapper().convertValue(tool, PLAIN));
            return sent == null ? partial : sent;
        } catch (RuntimeException e) {
            log.warn(
                    "The definition of {} can't be read in full",
                    VisibleText.name(tool.name()),
                    RedactedException.of(e));
            return partial;
        }
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
