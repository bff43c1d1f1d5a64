package dev.interlock.policy.naive;

import dev.interlock.policy.Path;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls that one call makes by running other tools. Arguments that are not known, or are JSON, are in the tables.
 */
final class NaiveUnwrapping {

    private int calls;
    private boolean stopped;

    /** Whether all calls that the {@code unwrap} of a call at this level leads to can be followed. */
    boolean follow(Unwrap unwrap, ToolCall call, int level, Consumer<ToolCall> calls) {
        ObjectValue root = call.arguments().root();
        Value list = unwrap.each() == null ? new Value.Array(List.of(root)) : walk(root, unwrap.each());
        if (stopped
                || level > 4
                || !(list instanceof Value.Array array)
                || array.items().isEmpty()) {
            stopped = true;
            return false;
        }
        for (Value element : array.items()) {
            ToolCall inner = this.calls == 100 ? null : inner(unwrap, call, element);
            if (inner == null) {
                stopped = true;
                return false;
            }
            this.calls++;
            calls.accept(inner);
            if (stopped) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable ToolCall inner(Unwrap unwrap, ToolCall call, Value element) {
        Arguments arguments = unwrap.takesNone() ? Arguments.NONE : arguments(walk(element, unwrap.arguments()));
        return walk(element, unwrap.tool()) instanceof Value.Text name && arguments != null
                ? call.running(
                        name.value(), arguments, unwrap.serverName() == null ? call.server() : unwrap.serverName())
                : null;
    }

    private static @Nullable Arguments arguments(@Nullable Value value) {
        if (value == Value.Nil.NULL) {
            return Arguments.NONE;
        }
        return value instanceof ObjectValue object ? Arguments.of(object) : null;
    }

    private static @Nullable Value walk(Value from, @Nullable Path path) {
        return path == null ? null : NaiveConditions.walk(from, path.steps());
    }
}
