package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation.Granted;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is remembered of a call that is under way, and for how long. */
class LeaseTest {

    private static final Charge CHARGE = new Charge(
            new LimitKey("limit", ""),
            new LimitRule.FixedWindow(Amount.of(10), Window.Calendar.MONTH),
            Amount.ONE,
            ChargeMode.SENT);

    @Test
    void aCallThatIsSettledLeavesNoRecord() throws IOException {
        try (RedisStore limiter = SharedServer.limiter().build()) {
            for (CallOutcome outcome : CallOutcome.values()) {
                Granted granted =
                        (Granted) limiter.rateLimiter().reserve(new Batch("settled-" + outcome, List.of(CHARGE)));
                assertThat(records("settled-" + outcome)).isEqualTo(1);
                limiter.rateLimiter().settle(granted, outcome);
                RedisServer.await(() -> records("settled-" + outcome) == 0);
            }
        }
    }

    @Test
    void aProcessThatDiesLeavesItsAmountsCountedAndNothingElsePastTheLease() {
        RedisStore.Builder settings = SharedServer.limiter().lease(Duration.ofMillis(50));
        try (RedisStore survivor = settings.build()) {
            Granted lost;
            try (RedisStore dying = settings.build()) {
                lost = (Granted) dying.rateLimiter().reserve(new Batch("dying", List.of(CHARGE)));
            }
            RedisServer.await(() -> records("dying") == 0);
            survivor.rateLimiter().settle(lost, CallOutcome.UNSENT);

            assertThat(survivor.rateLimiter().usage(List.of(CHARGE)).get(0).used())
                    .isEqualTo(Amount.ONE);
        }
    }

    @Test
    void aCallThatOutlastsItsLeaseGivesNothingBack() {
        try (RedisStore limiter =
                SharedServer.limiter().lease(Duration.ofMillis(20)).build()) {
            Granted granted = (Granted) limiter.rateLimiter().reserve(new Batch("long", List.of(CHARGE)));
            RedisServer.await(() -> records("long") == 0);
            limiter.rateLimiter().settle(granted, CallOutcome.UNSENT);

            assertThat(limiter.rateLimiter().usage(List.of(CHARGE)).get(0).used())
                    .isEqualTo(Amount.ONE);
        }
    }

    private static long records(String id) {
        try {
            return SharedServer.get().keys().stream()
                    .filter(key -> key.endsWith("}c:" + id))
                    .count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
