package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Counter;
import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Path;
import dev.interlock.policy.RateLimit;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.limit.LimitRule;
import java.util.Optional;

/**
 * An entry with its body.
 *
 * @param body the body, where conditions find the counters of other entries
 * @param selected the entry with its key
 */
record CompiledEntry(CompiledBody body, Selected selected) {

    Entry entry() {
        return selected.entry();
    }

    /**
     * The counter that a condition of this entry reads when {@code tool} is called.
     *
     * @throws IllegalArgumentException if no rule defines it
     */
    CounterReference counter(Path path, String tool) {
        String counter = path.member(1);
        if (path.member(0).equals(selected.owner())) {
            Optional<CounterReference> own = ownCounter(counter, tool);
            if (own.isPresent()) {
                return own.get();
            }
        }
        return body.counter(path)
                .orElseThrow(() -> new IllegalArgumentException(
                        "no rule defines the counter that " + entry().place().path() + " reads: " + path));
    }

    Optional<CounterReference> ownCounter(String counter, String tool) {
        for (Rule rule : entry().rules()) {
            Rule.Demands demands = rule.demands();
            Counter state = demands.state();
            if (state != null && state.name().equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(Selected.counterName(counter), tool, selected.defaultScope()),
                        new LimitRule.FixedWindow(null, state.window()),
                        selected.defaultScope()));
            }
            RateLimit rate = demands.rateLimit();
            if (rate != null && rate.shorthand() && Selected.shorthandName(rate).equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(Selected.counterName(counter), tool, rate.scope()),
                        LimitRules.of(rate.algorithm(), Amount.of(rate.max()), rate.window()),
                        rate.scope()));
            }
        }
        for (Limit limit : entry().limits()) {
            if (limit.counter().equals(counter)) {
                return Optional.of(new CounterReference(
                        limitName(Selected.counterName(counter), tool, limit.scope()),
                        LimitRules.of(limit.algorithm(), limit.max(), limit.window()),
                        limit.scope()));
            }
        }
        return Optional.empty();
    }

    /** The key of a limit of this entry; see {@link Selected#limitName}. */
    String limitName(String local, String tool, Scope scope) {
        return selected.limitName(body.prefix(), local, tool, scope);
    }
}
