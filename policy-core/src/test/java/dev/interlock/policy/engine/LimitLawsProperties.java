package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Laws of limits that count by value, and of limits on calls that are made at the same time. */
class LimitLawsProperties {

    private static final Place PLACE = Place.of("tools.pay.rules[0]");
    private static final PartitionKey CUSTOMER = new PartitionKey(Path.parse("args.customer"), false);
    private static final Duration LEASE = Duration.ofSeconds(20);

    /** A call after a pause, which goes on for so many seconds if it is let through. */
    record Made(String customer, int pause, int length, CallOutcome outcome) {}

    @Provide
    Arbitrary<List<Made>> calls() {
        return Combinators.combine(
                        Arbitraries.of("a", "b", "c"),
                        Arbitraries.of(0, 0, 1, 7, 40),
                        Arbitraries.of(0, 3, 15, 60),
                        Arbitraries.of(CallOutcome.class))
                .as(Made::new)
                .list()
                .ofMaxSize(30);
    }

    private static ToolCall call(Made made) {
        return ToolCall.of("pay", Map.of("customer", made.customer));
    }

    private static Limit limit(Algorithm algorithm, PartitionKey... per) {
        return new Limit(
                Limit.Form.RATE_LIMIT,
                null,
                Amount.of(2),
                new Window.Length(Duration.ofSeconds(30)),
                algorithm,
                Scope.TOOL,
                Amount.ONE,
                null,
                ChargeMode.SUCCESS,
                null,
                PLACE,
                List.of(per));
    }

    /** Makes calls that end at once. */
    private static final class Counter {
        private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        private final PolicyEngine engine;

        Counter(Limit limit) {
            engine = PolicyEngine.builder(pay(rate("limit", limit)))
                    .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                    .build();
        }

        boolean admits(Made made, int seconds) {
            clock.advance(Duration.ofSeconds(seconds));
            Admission admission = engine.admit(call(made));
            admission.settle(made.outcome);
            return admission.decision().allowed();
        }
    }

    @Property(tries = 150)
    void theCallsOfOneValueAreDecidedAsIfThereWereNoOthers(
            @ForAll("calls") List<Made> calls, @ForAll Algorithm algorithm) {
        Counter together = new Counter(limit(algorithm, CUSTOMER));
        List<Boolean> ofA = new ArrayList<>();
        for (Made made : calls) {
            boolean admitted = together.admits(made, made.pause);
            if (made.customer.equals("a")) {
                ofA.add(admitted);
            }
        }
        Counter alone = new Counter(limit(algorithm));
        List<Boolean> expected = new ArrayList<>();
        int pause = 0;
        for (Made made : calls) {
            pause += made.pause;
            if (made.customer.equals("a")) {
                expected.add(alone.admits(made, pause));
                pause = 0;
            }
        }

        assertThat(ofA).isEqualTo(expected);
    }

    /** A call that has not ended. */
    private record UnderWay(Admission admission, Made made, int since) {

        /** Until when it has a place. */
        int until() {
            return since + Math.min(made.length, (int) LEASE.toSeconds());
        }
    }

    @Property(tries = 150)
    void aCallIsLetThroughExactlyIfFewerThanMaxHaveAPlace(@ForAll("calls") List<Made> calls) {
        int max = 2;
        ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        PolicyEngine engine = PolicyEngine.builder(
                        pay(rate("slots", Limit.concurrent(max, Scope.TOOL, List.of(CUSTOMER), LEASE, PLACE))))
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .build();
        List<UnderWay> underWay = new ArrayList<>();
        int now = 0;
        for (Made made : calls) {
            for (int second = 0; second < made.pause; second++) {
                now++;
                clock.advance(Duration.ofSeconds(1));
                int at = now;
                underWay.stream()
                        .filter(call -> call.since + call.made.length == at)
                        .forEach(call -> call.admission.settle(call.made.outcome));
            }
            int at = now;
            long taken = underWay.stream()
                    .filter(call -> call.made.customer.equals(made.customer) && call.until() > at)
                    .count();
            Admission admission = engine.admit(call(made));
            assertThat(admission.decision().allowed()).isEqualTo(taken < max);
            if (admission.decision().allowed()) {
                underWay.add(new UnderWay(admission, made, now));
            }
            if (made.length == 0) {
                admission.settle(made.outcome);
            }
        }
    }
}
