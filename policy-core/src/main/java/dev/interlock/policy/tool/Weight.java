package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Estimates how many bytes of memory a definition takes. The estimate is rather too high. */
final class Weight {

    /** An object, its place in its parent, and the number or reference in it. */
    private static final long NODE = 64;

    private static final long DEFINITION = 256;

    private Weight() {}

    static long of(ToolDefinition definition) {
        return DEFINITION
                + of(definition.name())
                + of(definition.title())
                + of(definition.description())
                + ofPart(definition.inputSchema())
                + ofPart(definition.outputSchema())
                + of(definition.annotations())
                + of(definition.others());
    }

    private static long ofPart(@Nullable ObjectValue part) {
        return part == null ? 0 : of(part);
    }

    private static long of(String text) {
        return NODE + 2L * text.length();
    }

    private static long of(Value value) {
        if (value instanceof Value.Text text) {
            return of(text.value());
        }
        long sum = NODE;
        if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                sum += of(item);
            }
        } else if (value instanceof ObjectValue object) {
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                sum += of(member.getKey()) + of(member.getValue());
            }
        }
        return sum;
    }
}
