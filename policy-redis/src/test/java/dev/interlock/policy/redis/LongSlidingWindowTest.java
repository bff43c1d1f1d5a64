package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Reservation.Granted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A sliding window with more calls in it than it remembers one by one. */
class LongSlidingWindowTest {

    private static final Duration WINDOW = Duration.ofSeconds(2_048);
    private static final Duration SLICE = WINDOW.dividedBy(2_048);
    private static final int MAX = 6_000;
    private static final LimitRule RULE = new LimitRule.SlidingWindow(Amount.of(MAX), WINDOW);

    private final ServerClock clock = new ServerClock(Instant.parse("2026-11-23T10:00:00Z"));
    private int calls;

    @Test
    void itNeverAdmitsMoreThanMaxInAnyWindowAndReleasesAtMostASliceLate() throws Exception {
        try (RedisStore limiter = SharedServer.limiter()
                .serverTime(clock::text)
                .executor(Runnable::run)
                .build()) {
            Deque<Instant> within = new ArrayDeque<>();
            // Six calls in each slice, and so three times as many as it holds one by one.
            Duration step = SLICE.dividedBy(6);
            for (int i = 0; i < MAX; i += 60) {
                Deque<CompletableFuture<Reservation>> answers = new ArrayDeque<>();
                for (int j = 0; j < 60; j++) {
                    within.add(clock.now());
                    answers.add(reserve(limiter));
                    clock.advance(step);
                }
                for (CompletableFuture<Reservation> answer : answers) {
                    assertThat(answer.get()).isInstanceOf(Granted.class);
                }
            }
            assertThat(reserve(limiter).get()).isInstanceOf(Reservation.NotGranted.class);
            assertThat(entries()).isLessThanOrEqualTo(2 * 2_048 + 1);

            for (int i = 0; i < 60; i++) {
                clock.set(within.getFirst().plus(WINDOW).minus(Duration.ofMillis(1)));
                assertThat(reserve(limiter).get())
                        .as("while all are within")
                        .isInstanceOf(Reservation.NotGranted.class);
                clock.advance(SLICE.plusMillis(1));
                while (!within.isEmpty()
                        && !within.getFirst().plus(WINDOW).isAfter(clock.now().minus(SLICE))) {
                    within.removeFirst();
                }
                // What left a slice ago has been released; what leaves within the slice may have been.
                int released = 0;
                while (reserve(limiter).get() instanceof Granted) {
                    within.add(clock.now());
                    released++;
                }
                assertThat(released).isPositive();
                while (!within.getFirst().plus(WINDOW).isAfter(clock.now())) {
                    within.removeFirst();
                }
                assertThat(within.size()).isLessThanOrEqualTo(MAX);
            }
        }
    }

    @Test
    void whatIsGivenBackIsFoundAmongThousands() throws Exception {
        try (RedisStore limiter = SharedServer.limiter().serverTime(clock::text).build()) {
            Deque<Granted> granted = new ArrayDeque<>();
            Deque<CompletableFuture<Reservation>> answers = new ArrayDeque<>();
            for (int i = 0; i < 2_200; i++) {
                answers.add(reserve(limiter));
                clock.advance(SLICE.dividedBy(2));
                if (answers.size() == 50) {
                    for (CompletableFuture<Reservation> answer : answers) {
                        granted.add((Granted) answer.get());
                    }
                    answers.clear();
                }
            }
            for (int i = 0; i < 100; i++) {
                limiter.rateLimiter().settle(granted.removeFirst(), CallOutcome.UNSENT);
                limiter.rateLimiter().settle(granted.removeLast(), CallOutcome.UNSENT);
            }
            assertThat(limiter.rateLimiter().usage(List.of(charge())).get(0).used())
                    .isEqualTo(Amount.of(2_000));
            clock.advance(WINDOW);
            assertThat(limiter.rateLimiter().usage(List.of(charge())).get(0).used())
                    .isEqualTo(Amount.ZERO);
        }
    }

    private CompletableFuture<Reservation> reserve(RedisStore limiter) {
        return limiter.rateLimiter()
                .reserveAsync(new Batch(getClass().getSimpleName() + ++calls, List.of(charge())))
                .toCompletableFuture();
    }

    private static Charge charge() {
        return new Charge(new LimitKey("long", ""), RULE, Amount.ONE, ChargeMode.SENT);
    }

    private static long entries() throws Exception {
        long most = 0;
        for (String key : SharedServer.get().keys()) {
            if (key.endsWith("}k:4:long\u00fflog")) {
                String answer = SharedServer.get().command("LLEN", key);
                most = Math.max(most, Long.parseLong(answer.substring(1).trim()));
            }
        }
        assertThat(most).as(SharedServer.get().keys().toString()).isPositive();
        return most;
    }
}
