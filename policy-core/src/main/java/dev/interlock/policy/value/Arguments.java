package dev.interlock.policy.value;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call, frozen and measured.
 *
 * @param root the arguments by name
 * @param bytes their size as compact JSON in UTF-8
 * @param depth how deep objects and arrays nest in them; {@code {}} has depth 1
 */
public record Arguments(ObjectValue root, int bytes, int depth) {

    /** No arguments. */
    public static final Arguments NONE = new Arguments(ObjectValue.EMPTY, 2, 1);

    /** Arguments of which nothing is known. What reads any of them finds that unclear. */
    public static final Arguments UNKNOWN = new Arguments(ObjectValue.UNKNOWN, 2, 1);

    /** Returns whether the arguments are known. */
    @SuppressWarnings("ReferenceEquality") // Equal objects are known.
    public boolean isKnown() {
        return root != ObjectValue.UNKNOWN;
    }

    /** Returns arguments that are already frozen, such as a part of others. */
    public static Arguments of(ObjectValue root) {
        return new Arguments(root, root.json().getBytes(StandardCharsets.UTF_8).length, depth(root));
    }

    /**
     * Freezes a map of arguments; null counts as no arguments.
     *
     * @throws InvalidValueException if they are not a valid JSON object, or exceed the bounds
     */
    public static Arguments freeze(@Nullable Map<String, ?> arguments, ValueLimits limits) {
        if (arguments == null) {
            return NONE;
        }
        Freezer freezer = new Freezer(limits);
        ObjectValue root = (ObjectValue) freezer.freeze(arguments);
        return new Arguments(root, (int) freezer.bytes(), depth(root));
    }

    private static int depth(Value value) {
        int deepest = 0;
        if (value instanceof ObjectValue object) {
            for (Value member : object.members().values()) {
                deepest = Math.max(deepest, depth(member));
            }
            return deepest + 1;
        }
        if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                deepest = Math.max(deepest, depth(item));
            }
            return deepest + 1;
        }
        return 0;
    }
}
