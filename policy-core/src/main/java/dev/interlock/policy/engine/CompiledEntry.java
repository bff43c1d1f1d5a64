package dev.interlock.policy.engine;

import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Path;
import java.util.Optional;
import java.util.stream.Stream;

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
        return body.counter(path, tool)
                .orElseThrow(() -> new IllegalArgumentException(
                        "no rule defines the counter that " + entry().place().path() + " reads: " + path));
    }

    Optional<CounterReference> ownCounter(String counter, String tool) {
        return Stream.concat(
                        entry().rules().stream().flatMap(rule -> rule.demands().limits().stream()),
                        entry().limits().stream())
                .filter(limit -> counter.equals(limit.counter()))
                .findFirst()
                .map(limit -> new CounterReference(
                        limitName(Selected.counterName(counter), tool, limit),
                        LimitRules.of(limit, limit.max()),
                        limit.scope(),
                        PartitionReader.of(limit.per())));
    }

    /** The key of a limit of this entry; see {@link Selected#limitName}. */
    String limitName(String local, String tool, Limit limit) {
        return selected.limitName(body.prefix(), local, body.server(), tool, limit);
    }
}
