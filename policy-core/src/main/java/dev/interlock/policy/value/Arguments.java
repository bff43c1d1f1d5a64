package dev.interlock.policy.value;

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
