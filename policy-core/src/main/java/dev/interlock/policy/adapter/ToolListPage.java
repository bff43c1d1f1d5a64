package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.AnnouncedTools.Announced;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.KnownNames;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A page of a server's list of tools, as a {@code tools/list} result says it. */
public final class ToolListPage {

    private static final String TOOLS = "tools";
    private static final KnownNames NAMES = KnownNames.of(TOOLS);
    private static final KnownNames PARTS =
            KnownNames.of("name", "title", "description", "inputSchema", "outputSchema", "annotations");

    private final List<?> tools;
    private final List<@Nullable ToolDefinition> definitions;
    private final @Nullable String next;

    /**
     * @param tools the elements of the list
     * @param reader reads one of them; null for one that can't be read, which is neither known nor shown
     * @param nextCursor the result's {@code nextCursor}, whatever it is
     */
    public ToolListPage(
            List<?> tools, Function<@Nullable Object, @Nullable ToolDefinition> reader, @Nullable Object nextCursor) {
        this.tools = tools;
        this.definitions = new ArrayList<>(tools.size());
        tools.forEach(tool -> definitions.add(reader.apply(tool)));
        // A client reads a number as a string, and goes on to the next page.
        String cursor = nextCursor instanceof String || nextCursor instanceof Number || nextCursor instanceof Boolean
                ? String.valueOf(nextCursor)
                : "";
        this.next = cursor.isEmpty() ? null : cursor;
    }

    /**
     * Reads a page.
     *
     * @param result the result as plain JSON values
     * @param reader reads an element of the list, as in the constructor
     * @throws IllegalArgumentException if it can't be read, or if some client may read another list in it
     */
    public static ToolListPage of(
            @Nullable Object result, Function<@Nullable Object, @Nullable ToolDefinition> reader) {
        if (result instanceof Map<?, ?> members) {
            if (members.keySet().stream().anyMatch(NAMES::isLookAlike)) {
                throw new IllegalArgumentException("a member of the result of tools/list passes for its tools");
            }
            Object tools = members.get(TOOLS);
            if (tools == null || tools instanceof List) {
                return new ToolListPage(tools == null ? List.of() : (List<?>) tools, reader, members.get("nextCursor"));
            }
        }
        throw new IllegalArgumentException("the result of tools/list has no list of tools");
    }

    /** Returns whether a result looks like that of {@code tools/list}, even if only to a careless reader. */
    public static boolean isIn(Map<?, ?> result) {
        return result.entrySet().stream()
                .anyMatch(member -> member.getValue() instanceof List<?>
                        && member.getKey() instanceof String name
                        && NAMES.meant(name) != null);
    }

    /**
     * Reads an element of the list.
     *
     * @param tool the element as plain JSON values
     * @return null if it has no name, or has a member that some reader may take for its name or another part. A part
     *     that exceeds the bounds counts as unknown, so that every check that needs it denies. The definition is then
     *     not {@linkplain ToolDefinition#whole whole}
     */
    public static @Nullable ToolDefinition definition(Map<?, ?> tool) {
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

    /** Returns the elements of the list, as they were given. */
    public List<?> tools() {
        return tools;
    }

    /**
     * Learns the tools, and hides none.
     *
     * @param list the list to which the page belongs
     * @return the cursor of the next page; null if this is the last
     */
    public @Nullable String learn(Listing list) {
        list.page(definitions, next);
        return next;
    }

    /**
     * Learns the tools, and returns those that a caller may see. Each is judged by what this page says about it,
     * whatever else is announced in the meantime.
     *
     * @param list the list to which the page belongs
     * @param signing adds what is known of the caller to a call
     * @return the {@linkplain #tools elements} that may be shown, in order
     */
    public List<?> visible(Listing list, PolicyEngine engine, UnaryOperator<ToolCall> signing) {
        List<@Nullable Announced> announced = list.page(definitions, next);
        List<Object> visible = new ArrayList<>(tools.size());
        for (int i = 0; i < tools.size(); i++) {
            Announced tool = announced.get(i);
            if (tool != null && isVisible(tool, list, engine, signing)) {
                visible.add(tools.get(i));
            }
        }
        return visible;
    }

    private static boolean isVisible(
            Announced tool, Listing list, PolicyEngine engine, UnaryOperator<ToolCall> signing) {
        ToolCall call = ToolCall.of(tool.definition().name(), Arguments.NONE);
        return engine.visible(signing.apply(call).among(list.tools()), tool.known());
    }
}
