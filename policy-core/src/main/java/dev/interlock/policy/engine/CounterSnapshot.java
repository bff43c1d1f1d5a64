package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.engine.CarriedAdmission.Charged;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.value.NumberValue;
import java.util.ArrayList;
import java.util.List;

/** The counters that a plan's conditions read, as they stood before the call, in the order of the plan's list. */
record CounterSnapshot(List<Usage> usages) {

    static final CounterSnapshot NONE = new CounterSnapshot(List.of());

    /**
     * The counters without what a call has reserved itself.
     *
     * @param probes what was queried, one for each counter
     * @param own what was reserved for the call
     */
    static CounterSnapshot without(List<Charged> own, List<Charge> probes, List<Usage> usages) {
        List<Usage> others = new ArrayList<>(usages.size());
        for (int i = 0; i < usages.size(); i++) {
            Charge probe = probes.get(i);
            Usage usage = usages.get(i);
            long micros = usage.used().micros();
            for (Charged charge : own) {
                // What can't be counted counts as everything, whatever one call has of it.
                if (micros < Amount.MAX.micros() && charge.key().equals(probe.key())) {
                    micros = Math.max(0, micros - charge.amount().micros());
                }
            }
            others.add(new Usage(new Amount(micros), usage.room(), usage.retryAfter()));
        }
        return new CounterSnapshot(others);
    }

    /** The counters of a plan whose own come after so many others. */
    CounterSnapshot from(int first) {
        return first == 0 ? this : new CounterSnapshot(usages.subList(first, usages.size()));
    }

    NumberValue get(int index) {
        return NumberValue.of(usages.get(index).used().toBigDecimal());
    }
}
