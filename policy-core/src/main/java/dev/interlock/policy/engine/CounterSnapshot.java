package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.engine.CarriedAdmission.Charged;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a plan's conditions read of the world outside the call.
 *
 * @param usages the counters, as they stood before the call, in the order of the plan's list
 * @param answers what the host's predicates say; null if none is asked
 * @param marks what the call's session has seen; null if the call has no session, or the policy has no marks
 * @param result what came back of the call; null as long as nothing has
 */
record CounterSnapshot(
        List<Usage> usages,
        @Nullable HostAnswers answers,
        @Nullable SessionMarks marks,
        @Nullable ResultView result) {

    static final CounterSnapshot NONE = new CounterSnapshot(List.of());

    CounterSnapshot(List<Usage> usages) {
        this(usages, null, null, null);
    }

    CounterSnapshot with(HostAnswers said) {
        return new CounterSnapshot(usages, said, marks, result);
    }

    CounterSnapshot with(@Nullable SessionMarks seen) {
        return seen == null ? this : new CounterSnapshot(usages, answers, seen, result);
    }

    /** The same with what came back of the call. */
    CounterSnapshot with(ResultView came) {
        return new CounterSnapshot(usages, answers, marks, came);
    }

    /** What {@code result.<member>} reads; unclear as long as nothing has come back. */
    @Nullable
    Value ofResult(String member) {
        return result == null ? PathReader.UNCLEAR : result.read(member);
    }

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
        return first == 0 ? this : new CounterSnapshot(usages.subList(first, usages.size()), answers, marks, result);
    }

    NumberValue get(int index) {
        return NumberValue.of(usages.get(index).used().toBigDecimal());
    }

    /** A mark of the call's session; null if the session doesn't have it, unclear if that can't be told. */
    @Nullable
    Value mark(String name) {
        return marks == null ? PathReader.UNCLEAR : marks.read(name, PathReader.UNCLEAR);
    }
}
