package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.value.KnownNames;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * What paths read of an answer, each part made when it is first read. Throws {@link
 * dev.interlock.policy.value.InvalidValueException} for what is no JSON. Not thread-safe.
 */
final class ResultView {

    static final ValueLimits LIMITS = new ValueLimits(ResultSize.MAX_DEPTH, Integer.MAX_VALUE);

    private static final KnownNames MEMBERS = KnownNames.of("content", "structuredContent", "isError", "_meta");

    private final CallResult came;
    private @Nullable Value text;
    private @Nullable Value structured;
    private @Nullable Value bytes;

    ResultView(CallResult came) {
        this.came = came;
    }

    /**
     * Whether a member of the result could be taken for one that is judged, and differs from it. Readers that ignore
     * case would follow it.
     */
    static boolean isUnclear(CallResult came) {
        for (Object name : came.members().keySet()) {
            if (MEMBERS.isLookAlike(name)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What {@code result.<member>} reads.
     *
     * @return null if there is nothing
     */
    @Nullable
    Value read(String member) {
        return switch (member) {
            case "text" -> text();
            case "structured" -> structured();
            case "is_error" -> Value.Bool.of(came.isError());
            case "bytes" -> bytes();
            case "blocks" -> blocks();
            default -> throw new IllegalArgumentException("result." + member + " is not known");
        };
    }

    private Value text() {
        if (text == null) {
            text = new Value.Text(ResultTexts.joined(came));
        }
        return text;
    }

    private @Nullable Value structured() {
        if (structured == null && came.members().get("structuredContent") != null) {
            structured = Value.freeze(came.members().get("structuredContent"), LIMITS);
        }
        return structured;
    }

    private Value bytes() {
        if (bytes == null) {
            bytes = NumberValue.of(ResultSize.of(came));
        }
        return bytes;
    }

    private Value blocks() {
        return NumberValue.of(
                (long) (came.members().get("content") instanceof Collection<?> content ? content.size() : 0));
    }
}
