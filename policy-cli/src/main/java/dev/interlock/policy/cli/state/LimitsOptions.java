package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.LimitKey;
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

    boolean covers(LimitKey key) {
        return (subject == null || subject.equals(key.subject())) && (values == null || values.equals(key.partition()));
    }
}
