package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An engine with a clock and a record of what its listener heard: what most tests need. */
final class Desk {

    final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    final List<Throwable> failures = new ArrayList<>();
    final PolicyEngine engine;

    Desk(Policy policy) {
        engine = PolicyEngine.builder(policy)
                .time(clock)
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .listener((call, failure) -> failures.add(failure))
                .build();
    }

    /** A call to {@code pay} with these arguments. */
    static ToolCall pay(Map<String, ?> arguments) {
        return ToolCall.of("pay", arguments);
    }

    Decision decide(ToolCall call) {
        return engine.decide(call);
    }

    Decision decide(Map<String, ?> arguments) {
        return engine.decide(pay(arguments));
    }

    /** The decision on a call to {@code pay} that is then made and succeeds. */
    Decision admit(Map<String, ?> arguments) {
        return admit(pay(arguments));
    }

    Decision admit(ToolCall call) {
        try (Admission admission = engine.admit(call)) {
            admission.succeeded();
            return admission.decision();
        }
    }

    void pass(Duration duration) {
        clock.advance(duration);
    }
}
