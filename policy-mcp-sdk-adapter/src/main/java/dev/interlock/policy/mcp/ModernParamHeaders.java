package dev.interlock.policy.mcp;

import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.value.ObjectValue;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.ToolParamHeaderAnnotations;
import io.modelcontextprotocol.modern.ToolParamHeaderAnnotations.Annotation;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers that repeat arguments of a call, for transports that have headers: a tool's input schema says which
 * arguments, with {@code x-mcp-header}. The SDK's client computes them from the arguments that it was given, but what
 * is sent may be what a person has approved in their place. So the guard computes them, from the list that it keeps.
 */
public final class ModernParamHeaders {

    /** The longest number that is written out. JSON readers refuse longer ones, too. */
    private static final int MAX_DIGITS = 400;

    private ModernParamHeaders() {}

    /**
     * The headers of a call.
     *
     * @param params what is sent
     * @return empty if the tool is unknown; a server that wants headers then refuses the call
     */
    static Map<String, String> of(AnnouncedTools tools, String tool, Map<String, ?> params) {
        KnownTool known = tools.find(tool);
        ObjectValue schema = known == null ? null : known.definition().inputSchema();
        return schema == null ? Map.of() : of(tool, schema.toJava(), params.get("arguments"));
    }

    /**
     * Returns the headers of a call by the names that the tool's schema gives them, without the prefix that all such
     * headers have, and not encoded.
     *
     * @param inputSchema the tool's schema; without one that marks arguments, there are no headers
     * @param arguments what is sent
     */
    public static Map<String, String> of(String tool, Map<?, ?> inputSchema, @Nullable Object arguments) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Annotation annotation : annotations(tool, inputSchema).valid()) {
            Object value = value(arguments, annotation.path());
            if (value != null && !(value instanceof Map) && !(value instanceof List)) {
                headers.put(annotation.name(), text(annotation, value));
            }
        }
        return headers;
    }

    /** Whether clients can call the tool at all: if its annotations are wrong, they leave it out of lists. */
    static boolean areValid(Map<String, ?> tool) {
        return !(tool.get("name") instanceof String name)
                || !(tool.get("inputSchema") instanceof Map<?, ?> schema)
                || areValid(name, schema);
    }

    /** Returns whether a tool with this schema can be called at all where calls have headers. */
    public static boolean areValid(String tool, Map<?, ?> inputSchema) {
        return annotations(tool, inputSchema).isValid();
    }

    @SuppressWarnings("unchecked") // JSON, whose keys are strings
    private static ToolParamHeaderAnnotations annotations(String tool, Map<?, ?> schema) {
        // The SDK builds no tool without a name, but a server may list one.
        String name = tool.isBlank() ? "unnamed" : tool;
        return ToolParamHeaderAnnotations.parse(
                Tool.builder(name, (Map<String, Object>) schema).build());
    }

    private static @Nullable Object value(@Nullable Object arguments, List<String> path) {
        Object value = arguments;
        for (String name : path) {
            value = value instanceof Map<?, ?> map ? map.get(name) : null;
        }
        return value;
    }

    /** As the SDK's client writes it. */
    private static String text(Annotation annotation, Object value) {
        if (annotation.type() == ToolParamHeaderAnnotations.Type.INTEGER && value instanceof Number) {
            try {
                BigDecimal number = new BigDecimal(value.toString()).stripTrailingZeros();
                return Math.abs(number.scale()) > MAX_DIGITS ? number.toString() : number.toPlainString();
            } catch (NumberFormatException e) {
                return value.toString();
            }
        }
        return value.toString();
    }
}
