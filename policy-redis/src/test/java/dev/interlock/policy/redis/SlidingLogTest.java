package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The list beside a sliding window is no other key's count, whatever a subject calls itself. */
class SlidingLogTest {

    private static final int MAX = 5;
    private static final LimitRule SLIDING = new LimitRule.SlidingWindow(Amount.of(MAX), Duration.ofDays(30));
    private static final LimitRule BUCKET = new LimitRule.TokenBucket(Amount.of(MAX), Duration.ofDays(30));

    private final AtomicInteger calls = new AtomicInteger();

    private int admitted(RedisStore limiter, String subject, LimitRule rule, int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            Charge charge = new Charge(new LimitKey("limit", subject), rule, Amount.ONE, ChargeMode.SENT);
            Reservation answer =
                    limiter.rateLimiter().reserve(new Batch("call-" + calls.incrementAndGet(), List.of(charge)));
            if (answer instanceof Granted) {
                count++;
            } else {
                assertThat(((Reservation.NotGranted) answer).reason()).isEqualTo(Reservation.Reason.NO_ROOM);
            }
        }
        return count;
    }

    @ParameterizedTest
    @ValueSource(strings = {"ada:log", "ada\u00fflog", "ada:log:log", "ada", "ada\u0000log", ""})
    void noSubjectIsTheListOfAnother(String attacker) {
        for (LimitRule attackersRule : new LimitRule[] {SLIDING, BUCKET}) {
            for (Placement placement : Placement.values()) {
                try (RedisStore limiter =
                        SharedServer.limiter().placement(placement).build()) {
                    String victim = attacker.equals("ada") ? "bob" : "ada";
                    assertThat(admitted(limiter, victim, SLIDING, 3)).isEqualTo(3);
                    assertThat(admitted(limiter, attacker, attackersRule, 20)).isEqualTo(MAX);
                    assertThat(admitted(limiter, victim, SLIDING, 20)).isEqualTo(2);
                    assertThat(admitted(limiter, attacker, attackersRule, 20)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aListThatWasNamedByAnEarlierVersionIsTakenOverWithItsCount(Placement placement) throws Exception {
        try (RedisStore limiter = SharedServer.limiter().placement(placement).build()) {
            String subject = "taken-over-" + placement;
            assertThat(admitted(limiter, subject, SLIDING, 3)).isEqualTo(3);
            String log = SharedServer.get().keys().stream()
                    .filter(key -> key.endsWith(subject + "\u00fflog"))
                    .findFirst()
                    .orElseThrow();
            SharedServer.get().command("RENAME", log, log.replace("\u00fflog", ":log"));

            assertThat(admitted(limiter, subject, SLIDING, 20)).isEqualTo(2);
            assertThat(SharedServer.get().keys()).contains(log).doesNotContain(log.replace("\u00fflog", ":log"));
        }
    }

    /** What stands under the former name of a list, but is a count, is left alone. */
    @ParameterizedTest
    @EnumSource
    void anotherSubjectsCountIsNotTakenForAListOfAnEarlierVersion(Placement placement) {
        try (RedisStore limiter = SharedServer.limiter().placement(placement).build()) {
            assertThat(admitted(limiter, "eve:log", SLIDING, 2)).isEqualTo(2);
            assertThat(admitted(limiter, "eve", SLIDING, 20)).isEqualTo(MAX);
            assertThat(admitted(limiter, "eve:log", SLIDING, 20)).isEqualTo(3);
        }
    }
}
