package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A flood of keys shuts only what its sender may use. */
class HoldingsProperties {

    private static final LimitRule DAILY = new LimitRule.TokenBucket(Amount.of(3), Duration.ofDays(1));
    private static final int MAX_KEYS = 2_000;
    private static final Caller MALLORY = Caller.of("mallory", "s-0");

    private final ManualTime time = ManualTime.at("2026-11-29T10:00:00Z");
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(time).maxKeys(MAX_KEYS).build();

    private static Reservation reserve(RateLimiter limiter, String limit, String tool, String subject, Caller caller) {
        return limiter.reserve(new Batch(
                "",
                List.of(new Charge(
                        new LimitKey(limit + "@" + tool, subject), DAILY, Amount.ONE, ChargeMode.SENT, caller))));
    }

    private int flood(String limit, Caller caller) {
        int held = 0;
        while (reserve(limiter, limit, caller + "-tool-" + held, caller.name(), caller)
                instanceof Reservation.Granted) {
            held++;
        }
        return held;
    }

    /** What a step does: brings a key of the flood's, or of another caller's, or lets time pass. */
    @Property(tries = 300)
    void whateverComesBeforeNoOneElseIsRefusedAKeyForTheSakeOfAFlood(
            @ForAll @Size(min = 50, max = 400) List<@IntRange(min = 0, max = 99) Integer> steps) {
        InMemoryRateLimiter tested =
                InMemoryRateLimiter.builder().time(time).maxKeys(400).build();
        int invented = 0;
        Set<String> known = new HashSet<>();
        for (int step : steps) {
            if (step < 80) {
                // The flood goes over limits, tools and sessions of its own.
                invented++;
                reserve(tested, "limit-" + step % 5, "x" + invented, "s-" + invented, MALLORY);
            } else if (step < 95) {
                Caller caller = Caller.of("honest-" + step % 5, null);
                String limit = "limit-" + step % 5;
                Reservation answer = reserve(tested, limit, "get", caller.name(), caller);
                boolean isNew = known.add(limit + caller.name());
                if (isNew) {
                    assertThat(answer).as("a new key").isInstanceOf(Reservation.Granted.class);
                } else if (answer instanceof Reservation.NotGranted refused) {
                    assertThat(refused.reason()).isEqualTo(Reservation.Reason.NO_ROOM);
                }
            } else {
                time.advance(Duration.ofMinutes(step));
            }
            assertThat(tested.keyCount()).isLessThanOrEqualTo(400);
        }
    }

    @Test
    void aFloodEndsFarBelowWhatALimitMayHoldAndOthersGoOn() {
        assertThat(flood("all_tools#pace", MALLORY)).isBetween(MAX_KEYS / 20, MAX_KEYS / 12);

        assertThat(reserve(limiter, "all_tools#pace", "get", "ada", Caller.of("ada", null)))
                .isInstanceOf(Reservation.Granted.class);
        assertThat(reserve(limiter, "all_tools#pace", "get", "s-9", Caller.of(null, "s-9")))
                .isInstanceOf(Reservation.Granted.class);
        assertThat(reserve(limiter, "all_tools#pace", "get", "", Caller.of(null, null)))
                .isInstanceOf(Reservation.Granted.class);
    }

    @Test
    void aFloodOfOneLimitLeavesItsSenderTheOthers() {
        flood("all_tools#pace", MALLORY);

        assertThat(reserve(limiter, "tools.get#pace", "get", "mallory", MALLORY))
                .isInstanceOf(Reservation.Granted.class);
    }

    @Test
    void aKeyThatIsThereIsNeitherRefusedNorForgottenForAFlood() {
        reserve(limiter, "limit", "mine", "mallory", MALLORY);
        flood("limit", MALLORY);

        assertThat(reserve(limiter, "limit", "mine", "mallory", MALLORY)).isInstanceOf(Reservation.Granted.class);
        assertThat(reserve(limiter, "limit", "mine", "mallory", MALLORY)).isInstanceOf(Reservation.Granted.class);
        assertThat(reserve(limiter, "limit", "mine", "mallory", MALLORY))
                .isInstanceOfSatisfying(
                        Reservation.NotGranted.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reservation.Reason.NO_ROOM));
    }

    @Test
    void manyCallersTogetherLeaveOtherLimitsAndOtherKindsOfCallersHalf() {
        for (int i = 0; i < 200; i++) {
            flood("limit", Caller.of(null, "session-" + i));
        }
        assertThat(limiter.keyCount()).isBetween(MAX_KEYS / 2 - 1L, MAX_KEYS / 2 + 1L);

        assertThat(flood("limit", Caller.of("ada", null))).isGreaterThan(MAX_KEYS / 50);
        assertThat(flood("other", Caller.of(null, "session-1"))).isGreaterThan(MAX_KEYS / 50);
    }

    @Test
    void aFloodOverThousandsOfLimitsNeverTakesTheLastPlace() {
        for (int i = 0; i < 3_000; i++) {
            flood("limit-" + i % 60, MALLORY);
        }

        for (int i = 0; i < 10; i++) {
            Caller honest = Caller.of("honest-" + i, null);
            assertThat(reserve(limiter, "limit-1", "get", honest.name(), honest))
                    .isInstanceOf(Reservation.Granted.class);
        }
    }

    @Test
    void whatIsBackAtAFreshStartMakesPlaceForItsCaller() {
        int held = flood("limit", MALLORY);
        time.advance(Duration.ofDays(1));

        // One of the first refusals looks at enough of them.
        List<Reservation> answers = new ArrayList<>();
        for (int i = 0; i < held; i++) {
            answers.add(reserve(limiter, "limit", "later-" + i, "mallory", MALLORY));
        }
        assertThat(answers).last().isInstanceOf(Reservation.Granted.class);
        assertThat(limiter.keyCount()).isLessThanOrEqualTo(2L * held);
    }

    @Test
    void whatCallersHoldOutlastsARestart() throws Exception {
        flood("limit", MALLORY);
        Path file = Files.createTempFile("limits", ".snapshot");
        limiter.snapshot(file);
        InMemoryRateLimiter restored =
                InMemoryRateLimiter.builder().time(time).maxKeys(MAX_KEYS).restore(file);
        Files.delete(file);

        assertThat(restored.keyCount()).isEqualTo(limiter.keyCount());
        assertThat(reserve(restored, "limit", "one-more", "mallory", MALLORY))
                .isInstanceOfSatisfying(
                        Reservation.NotGranted.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reservation.Reason.TOO_MANY_KEYS));
        assertThat(reserve(restored, "limit", "get", "ada", Caller.of("ada", null)))
                .isInstanceOf(Reservation.Granted.class);
    }

    @Test
    void whoSharesAGroupWithAFloodLosesNothing() {
        // Texts of one hash.
        Caller one = Caller.of("AaAaAa", null);
        Caller other = Caller.of("BBBBBB", null);
        assertThat(one.name().hashCode()).isEqualTo(other.name().hashCode());
        flood("limit", one);

        assertThat(flood("limit", other)).isGreaterThan(MAX_KEYS / 20);
    }
}
