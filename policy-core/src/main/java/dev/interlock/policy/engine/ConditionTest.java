package dev.interlock.policy.engine;

import dev.interlock.policy.Condition;
import dev.interlock.policy.value.Value;
import org.jspecify.annotations.Nullable;

/** A condition, compiled: where to look, and what to ask of what is found there. */
record ConditionTest(Condition condition, PathReader reader, Predicate predicate) {

    static ConditionTest of(Condition condition, PathReader reader) {
        return new ConditionTest(condition, reader, Predicate.compile(condition.operator(), condition.operand()));
    }

    Truth test(ToolCall call, CounterValues counters) {
        return reader.test(predicate, call, counters);
    }

    /** Kleene's conjunction of all of them; of none, true. */
    static Truth all(ConditionTest[] tests, ToolCall call, CounterValues counters) {
        Truth result = Truth.TRUE;
        for (ConditionTest test : tests) {
            result = result.and(test.test(call, counters));
            if (result == Truth.FALSE) {
                return result;
            }
        }
        return result;
    }

    @Nullable
    Value found(ToolCall call, CounterValues counters) {
        return reader.read(call, counters);
    }
}
