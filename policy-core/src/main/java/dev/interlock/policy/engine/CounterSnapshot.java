package dev.interlock.policy.engine;

import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.value.NumberValue;
import java.util.List;

/** The counters that a plan's conditions read, as they stood before the call, in the order of the plan's list. */
record CounterSnapshot(List<Usage> usages) {

    static final CounterSnapshot NONE = new CounterSnapshot(List.of());

    NumberValue get(int index) {
        return NumberValue.of(usages.get(index).used().toBigDecimal());
    }
}
