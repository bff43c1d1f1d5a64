package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A limiter that was restarted against one that never was. */
class SnapshotProperties {

    private static final List<LimitRule> RULES = List.of(
            new LimitRule.TokenBucket(Amount.of(5), Duration.ofSeconds(10)),
            new LimitRule.TokenBucket(new Amount(3_333_333), Duration.ofSeconds(7)),
            new LimitRule.SlidingWindow(Amount.of(5), Duration.ofSeconds(10)),
            new LimitRule.FixedWindow(Amount.of(5), Window.Calendar.MINUTE),
            new LimitRule.FixedWindow(
                    Amount.of(5), new Window.InZone(Window.Calendar.HOUR, ZoneId.of("Asia/Kathmandu"))));

    /** Time passes; then a limit is charged. */
    record Step(int millis, int rule, long micros) {

        Charge charge() {
            return new Charge(new LimitKey("" + rule, ""), RULES.get(rule), new Amount(micros), ChargeMode.SENT);
        }
    }

    @Property(tries = 200)
    void aRestartMakesNoRoomAndLosesNoMoreThanTwoMilliseconds(
            @ForAll("steps") List<Step> before, @ForAll("steps") List<Step> after) throws IOException {
        ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
        InMemoryRateLimiter unbroken = InMemoryRateLimiter.builder().time(time).build();
        for (Step step : before) {
            time.advance(Duration.ofMillis(step.millis));
            unbroken.reserve(new Batch("", List.of(step.charge())));
        }
        Path file = Files.createTempFile("limits", "");
        try {
            unbroken.snapshot(file);
            for (Step step : after) {
                time.advance(Duration.ofMillis(step.millis));
                ManualTime other = new ManualTime(Instant.ofEpochMilli(time.wallMillis()), Long.MAX_VALUE);
                RateLimiter restarted =
                        InMemoryRateLimiter.builder().time(other).restore(file);
                Usage is = restarted.usage(List.of(step.charge())).get(0);
                Usage was = unbroken.usage(List.of(step.charge())).get(0);

                assertThat(is.room()).isLessThanOrEqualTo(was.room());
                assertThat(is.retryAfter() == null).isEqualTo(was.retryAfter() == null);
                if (is.retryAfter() != null) {
                    assertThat(is.retryAfter())
                            .isBetween(was.retryAfter(), was.retryAfter().plusMillis(2));
                }
            }
        } finally {
            Files.delete(file);
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 3_000),
                        Arbitraries.integers().between(0, RULES.size() - 1),
                        Arbitraries.longs().between(1, 5_000_000))
                .as(Step::new)
                .list()
                .ofMaxSize(15)
                .withoutEdgeCases();
    }
}
