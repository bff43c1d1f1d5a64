package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ForwardingLimiter;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How often plans of tools are made: each opens the limit of its tool once. */
class PlansTest {

    private final Opened opened = new Opened();

    @Test
    void aFloodOfInventedNamesDoesNotDriveOutThePlanOfAToolInUse() {
        PolicyEngine engine = engine();
        for (int i = 0; i < 50; i++) {
            engine.decide(ToolCall.of("in_use", Map.of()));
        }
        for (int i = 0; i < 40_000; i++) {
            engine.decide(ToolCall.of("invented_" + i, Map.of()));
            if (i % 100 == 0) {
                engine.decide(ToolCall.of("in_use", Map.of()));
            }
        }
        assertThat(opened.limits).hasSize(40_001);
        assertThat(opened.limits.stream().filter(limit -> limit.contains("in_use")))
                .hasSize(1);
    }

    @Test
    void aPlanThatWasDrivenOutIsMadeAgainAndDecidesTheSame() {
        PolicyEngine engine = engine();
        List<ToolCall> calls = new ArrayList<>();
        for (int i = 0; i < 25_000; i++) {
            calls.add(ToolCall.of("tool_" + i, Map.of()));
        }
        calls.forEach(engine::decide);
        assertThat(calls)
                .allSatisfy(call -> assertThat(engine.decide(call).allowed()).isTrue());
        assertThat(opened.limits).hasSizeGreaterThan(25_000 + 10_000);
    }

    private PolicyEngine engine() {
        Rule fiveAnHour = Policies.rate("at most five", Policies.hourly(5));
        Policy policy = Policies.of("*_*", Policies.entry(List.of(fiveAnHour), List.of(), List.of()));
        return PolicyEngine.builder(policy).rateLimiter(opened).build();
    }

    private static final class Opened extends ForwardingLimiter {

        private final List<String> limits = new ArrayList<>();

        Opened() {
            super(InMemoryRateLimiter.create());
        }

        @Override
        public @Nullable LimitHandle open(String limit, LimitRule rule, Amount amount, ChargeMode mode) {
            limits.add(limit);
            return limiter.open(limit, rule, amount, mode);
        }
    }
}
