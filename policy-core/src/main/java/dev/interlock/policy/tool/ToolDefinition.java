package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tool as its server announces it in {@code tools/list}. Everything in it is the server's word.
 *
 * @param name the name by which it is called
 * @param title what the server calls it for people; empty if it doesn't
 * @param description what the server says it does; empty if it says nothing
 * @param inputSchema the JSON Schema of its arguments, or null if it isn't known
 * @param outputSchema the JSON Schema of its results, or null if there is none
 * @param annotations MCP's hints ({@code readOnlyHint}, {@code destructiveHint}, {@code idempotentHint},
 *     {@code openWorldHint}, {@code title}), empty if there are none
 * @param others what else the server says of it, by the name of the member: {@code _meta}, {@code icons}, {@code
 *     execution}, and members that MCP doesn't know; empty if there is none. A member of MCP's that is null says nothing
 *     and is not in here
 * @param whole whether all that the server said is in here; false if a part could not be read, such as a schema past the
 *     bounds. A {@link ToolLock} vouches for no such definition.
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

    /** A definition without other members. */
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

    /** A whole definition without title, output schema and other members. */
    public ToolDefinition(String name, String description, @Nullable ObjectValue inputSchema, ObjectValue annotations) {
        this(name, "", description, inputSchema, null, annotations, ObjectValue.EMPTY, true);
    }

    /**
     * Whether a member of what a server says of a tool belongs to its {@linkplain #others others}: neither one that has a
     * place of its own, nor one of MCP's that is null.
     *
     * @param isNull whether its value is null
     */
    public static boolean isOther(String member, boolean isNull) {
        return !PARTS.contains(member) && !(isNull && OPTIONAL.contains(member));
    }

    /** A tool of which only the name is known. */
    public static ToolDefinition named(String name) {
        return new ToolDefinition(name, "", null, ObjectValue.EMPTY);
    }

    /** The same with another title. */
    public ToolDefinition withTitle(String text) {
        return new ToolDefinition(name, text, description, inputSchema, outputSchema, annotations, others, whole);
    }

    /** The same with another input schema. */
    public ToolDefinition withInputSchema(ObjectValue schema) {
        return new ToolDefinition(name, title, description, schema, outputSchema, annotations, others, whole);
    }

    /** The same with another output schema. */
    public ToolDefinition withOutputSchema(ObjectValue schema) {
        return new ToolDefinition(name, title, description, inputSchema, schema, annotations, others, whole);
    }

    /** The same with another description. */
    public ToolDefinition withDescription(String text) {
        return new ToolDefinition(name, title, text, inputSchema, outputSchema, annotations, others, whole);
    }

    /** The same with other annotations. */
    public ToolDefinition withAnnotations(ObjectValue hints) {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, hints, others, whole);
    }

    /** The same with other members beside those that have a place of their own. */
    public ToolDefinition withOthers(ObjectValue members) {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, annotations, members, whole);
    }

    /** The same, of which a part could not be read. */
    public ToolDefinition inPart() {
        return new ToolDefinition(name, title, description, inputSchema, outputSchema, annotations, others, false);
    }

    /** The arguments that the schema's {@code required} lists; empty if the schema isn't known or lists none. */
    public List<String> requiredArguments() {
        return inputSchema == null ? List.of() : inputSchema.texts("required");
    }

    /** The arguments that the schema's {@code properties} names; empty if the schema isn't known or names none. */
    public Set<String> knownArguments() {
        Value properties = inputSchema == null ? null : inputSchema.get("properties");
        return properties instanceof ObjectValue object ? object.names() : Set.of();
    }
}
