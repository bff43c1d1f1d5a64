package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.ToolCall;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a decision allocates once the compiler has seen it: unlike time, it doesn't depend on the machine. */
class AllocationTest {

    private static final int CALLS = 200_000;

    private static final Rule CONDITIONS = Policies.check(
            "conditions",
            Policies.when("args.amount", Operator.LTE, 100),
            Policies.when("args.currency", Operator.IN, List.of("EUR", "USD", "GBP")),
            Policies.when("args.customer.tier", Operator.EQ, "gold"),
            Policies.when("args.note", Operator.REGEX, "^[a-z ]+$"));

    private static final Rule BUCKET = Policies.rate(
            "bucket",
            Policies.rateOf(
                    1_000_000_000,
                    new Window.Length(Duration.ofSeconds(1)),
                    Algorithm.TOKEN_BUCKET,
                    Scope.SESSION,
                    ChargeMode.SENT));

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final ToolCall call = Desk.pay(
                    Map.of("amount", 7, "currency", "GBP", "customer", Map.of("tier", "gold"), "note", "it never came"))
            .in("session");

    private double bytesPerCall(Rule[] rules, Consumer<PolicyEngine> decision) {
        PolicyEngine engine = new Desk(Policies.pay(rules)).engine;
        assertThat(engine.decide(call).allowed()).isTrue();
        run(engine, decision);
        long before = threads.getCurrentThreadAllocatedBytes();
        run(engine, decision);
        return (double) (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
    }

    private static void run(PolicyEngine engine, Consumer<PolicyEngine> decision) {
        for (int i = 0; i < CALLS; i++) {
            decision.accept(engine);
        }
    }

    @Test
    void aDecisionWithoutLimitsAllocatesNothing() {
        assertThat(bytesPerCall(new Rule[] {CONDITIONS}, engine -> engine.decide(call)))
                .isLessThan(1);
    }

    @Test
    void anAdmissionWithoutLimitsAllocatesNothing() {
        assertThat(bytesPerCall(
                        new Rule[] {CONDITIONS}, engine -> engine.admit(call).succeeded()))
                .isLessThan(1);
    }

    /**
     * 40 bytes for the admission, and 24 for the key by which its count is found, where the compiler can't do without.
     */
    @Test
    void anAdmissionOnOneBucketAllocatesItselfAndAKey() {
        assertThat(bytesPerCall(
                        new Rule[] {CONDITIONS, BUCKET},
                        engine -> engine.admit(call).succeeded()))
                .isLessThan(40 + 24 + 1);
    }
}
