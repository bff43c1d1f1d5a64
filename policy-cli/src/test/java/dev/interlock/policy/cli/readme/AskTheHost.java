package dev.interlock.policy.cli.readme;

import dev.interlock.policy.Policy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.function.Predicate;

/** The Java of the reference's section on predicates of the host, between the markers. */
final class AskTheHost {

    private AskTheHost() {}

    /** What the host knows of orders. */
    interface Orders {
        boolean isOpen(Value order, Value user);
    }

    static PolicyEngine engine(Policy policy, Predicate<String> ibans, Orders orders) {
        // begin
        PolicyEngine engine = PolicyEngine.builder(policy)
                .predicate("iban", (value, none) -> value instanceof Value.Text text && ibans.test(text.value()))
                .predicate("open-order", orders::isOpen, Duration.ofSeconds(3))
                .build();
        // end
        return engine;
    }
}
