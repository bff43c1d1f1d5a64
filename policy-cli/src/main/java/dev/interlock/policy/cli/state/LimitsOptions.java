package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecords;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which counts of a limit are meant. */
final class LimitsOptions {

    @Option(names = "--subject", paramLabel = "S", description = "Only what is counted for this session or identity.")
    private @Nullable String subject;

    @Option(
            names = "--values",
            paramLabel = "V",
            description = "Only what is counted for these values of the call, as a listing shows them.")
    private @Nullable String values;

    /**
     * Takes what is counted, in the order of the keys, until it has had enough.
     *
     * @param name which limits; all if it is empty
     * @param policy what the counts are held against; null if there is none
     */
    void each(LimitRecords records, LimitName name, @Nullable PolicyLimits policy, Predicate<CountedLimit> take) {
        Pages.of(records).each(record -> {
            CountedLimit counted = CountedLimit.of(record, policy);
            return !(covers(record.key()) && name.matches(record.key(), counted.rule())) || take.test(counted);
        });
    }

    private boolean covers(LimitKey key) {
        return (subject == null || subject.equals(key.subject())) && (values == null || values.equals(key.partition()));
    }
}
