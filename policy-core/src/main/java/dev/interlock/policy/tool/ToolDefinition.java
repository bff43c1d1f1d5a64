package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tool as its server announces it in {@code tools/list}. Everything in it comes from the server.
 *
 * @param name the name by which it is called
 * @param title what the server calls it for people; empty if there is no title
 * @param description what the server says it does; empty if there is no description
 * @param inputSchema the JSON Schema of its arguments, or null if it isn't known
 * @param outputSchema the JSON Schema of its results, or null if there is none
 * @param annotations MCP's hints ({@code readOnlyHint}, {@code destructiveHint}, {@code idempotentHint},
 *     {@code openWorldHint}, {@code title}), empty if there are none
 * @param others what else the server says about it, by the name of the member: {@code _meta}, {@code icons},
 *     {@code execution}, and members that MCP doesn't define; empty if there are none. A member of MCP's whose value is
 *     null says nothing and is omitted
 * @param whole whether this contains everything that the server said; false if a part could not be read, such as a
 *     schema that exceeds the bounds. A {@link ToolLock} accepts no such definition.
 */
public record ToolDefinition(
        String name,
        String title,
        String description,
        @Nullable ObjectValue inputSchema,
        @Nullable ObjectValue outputSchema,
        ObjectValue annotations,
        ObjectValue others,
        boolean whole) {

    private static final Set<String> PARTS =
            Set.of("name", "title", "description", "inputSchema", "outputSchema", "annotations");

    private static final Set<String> OPTIONAL = Set.of("_meta", "icons", "execution");

    /** Creates a definition without other members. */
    public ToolDefinition(
            String name,
            String title,
            String description,
            @Nullable ObjectValue inputSchema,
            @Nullable ObjectValue outputSchema,
            ObjectValue annotations,
            boolean whole) {
        this(name, title, description, inputSchema, outputSchema, annotations, ObjectValue.EMPTY, whole);
    }

    /** Creates a whole definition without title, output schema and other members. */
    public ToolDefinition(String name, String description, @Nullable ObjectValue inputSchema, ObjectValue annotations) {
        this(name, "", description, inputSchema, null, annotations, ObjectValue.EMPTY, true);
    }

    /**
     * Returns whether a member of a server's definition belongs to {@linkplain #others others}: it has no component
     * here, and it is not a member of MCP's whose value is null.
     *
     * @param isNull whether its value is null
     */
    public static boolean isOther(String member, boolean isNull) {
        return !PARTS.contains(member) && !(isNull && OPTIONAL.contains(member));
    }

    /** Returns a tool of which only the name is known. */
    public static ToolDefinition named(String name) {
        return new ToolDefinition(name, "", null, ObjectValue.EMPTY);
    }

    /** Returns the same definition with another title. */
    public ToolDefinition withTitle(String text) {
        return new ToolDefinition(name, text, description, inputSchema, outputSchema, annotations, others, whole);
    }

    /** Returns the same definition with another input schema. */
    public ToolDefinition withInputSchema(ObjectValue schema) {
        return new ToolDefinition(name, title, description, schema, outputSchema, annotations, others, whole);
    }

    /** Returns the same definition with another output schema. */
    public ToolDefinition withOutputSchema(ObjectValue schema) {
        return new ToolDefinition(name, title, description, inputSchema, schema, annotations, others, whole);
    }

    /** Returns the same definition with another description. */
    public ToolDefinition withDescription(String text) {
        return new ToolDefinition(name, title, text, inputSchema, outputSchema, annotations, others, whole);
    }

    /** Returns the same definition with other annotations. */
    public ToolDefinition withAnnotations(ObjectValue hints) {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, hints, others, whole);
    }

    /** Returns the same definition with other members in addition to those that have a component here. */
    public ToolDefinition withOthers(ObjectValue members) {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, annotations, members, whole);
    }

    /** Returns the same definition, marked as one of which a part could not be read. */
    public ToolDefinition inPart() {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, annotations, others, false);
    }

    /**
     * Returns the arguments that the schema's {@code required} lists; empty if the schema isn't known or lists none.
     */
    public List<String> requiredArguments() {
        return inputSchema == null ? List.of() : inputSchema.texts("required");
    }

    /**
     * Returns the arguments that the schema's {@code properties} names; empty if the schema isn't known or names none.
     */
    public Set<String> knownArguments() {
        Value properties = inputSchema == null ? null : inputSchema.get("properties");
        return properties instanceof ObjectValue object ? object.names() : Set.of();
    }
}
