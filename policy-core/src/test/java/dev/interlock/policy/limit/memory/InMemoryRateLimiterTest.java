package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.LimitRule.FixedWindow;
import dev.interlock.policy.limit.LimitRule.SlidingWindow;
import dev.interlock.policy.limit.LimitRule.TokenBucket;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is the in-memory limiter's own: forgetting, the bound on keys, and odd clocks. */
class InMemoryRateLimiterTest {

    private static final TokenBucket BUCKET = new TokenBucket(Amount.of(6), Duration.ofMinutes(1));
    private static final SlidingWindow SLIDING = new SlidingWindow(Amount.of(6), Duration.ofMinutes(1));
    private static final FixedWindow HOURLY = new FixedWindow(Amount.of(6), Window.Calendar.HOUR);
    private static final FixedWindow DAILY = new FixedWindow(Amount.of(6), Window.Calendar.DAY);
    private static final FixedWindow COUNTER = new FixedWindow(null, Window.Calendar.HOUR);

    private final ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(time).maxKeys(3).build();

    private static Charge charge(String key, LimitRule rule, long calls) {
        return new Charge(new LimitKey(key, ""), rule, Amount.of(calls), ChargeMode.SENT);
    }

    private Reservation reserve(Charge... charges) {
        return limiter.reserve(new Batch("", List.of(charges)));
    }

    private boolean admits(Charge... charges) {
        return reserve(charges) instanceof Reservation.Granted;
    }

    private Reservation.Reason reason(Charge... charges) {
        return ((Reservation.NotGranted) reserve(charges)).reason();
    }

    private Usage usage(Charge charge) {
        return limiter.usage(List.of(charge)).get(0);
    }

    private void fill() {
        assertThat(admits(charge("a", BUCKET, 1))).isTrue();
        assertThat(admits(charge("b", SLIDING, 1))).isTrue();
        assertThat(admits(charge("c", HOURLY, 1))).isTrue();
    }

    // ---- the bound on keys ----

    @Test
    void aKeyTooManyIsRefusedAndThoseThereAreStay() {
        fill();

        assertThat(reserve(charge("d", BUCKET, 1)))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.TOO_MANY_KEYS, null));
        assertThat(limiter.keyCount()).isEqualTo(3);
        assertThat(admits(charge("a", BUCKET, 6))).isFalse();
        assertThat(admits(charge("a", BUCKET, 5), charge("b", SLIDING, 5), charge("c", HOURLY, 5)))
                .isTrue();
    }

    @Test
    void aKeyMakesPlaceOnceItIsBackAtAFreshStart() {
        fill();
        time.advance(Duration.ofSeconds(9));
        assertThat(reason(charge("d", BUCKET, 1))).isEqualTo(Reservation.Reason.TOO_MANY_KEYS);
        time.advance(Duration.ofSeconds(1));

        assertThat(admits(charge("d", BUCKET, 1))).isTrue();
        assertThat(reason(charge("e", BUCKET, 1))).isEqualTo(Reservation.Reason.TOO_MANY_KEYS);
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("e", BUCKET, 1))).isTrue();
        assertThat(reason(charge("f", BUCKET, 1))).isEqualTo(Reservation.Reason.TOO_MANY_KEYS);
        time.advanceNanos(Duration.ofSeconds(50).toNanos());
        assertThat(admits(charge("f", BUCKET, 1), charge("g", BUCKET, 1), charge("h", BUCKET, 1)))
                .isTrue();
    }

    @Test
    void aKeyMakesPlaceWhenItGetsEverythingBack() {
        fill();
        assertThat(admits(charge("d", DAILY, 1))).isFalse();
        Reservation more = reserve(charge("b", SLIDING, 5));
        assertThat(admits(charge("d", DAILY, 1))).isFalse();
        limiter.settle((Reservation.Granted) more, CallOutcome.UNSENT);
        assertThat(admits(charge("d", DAILY, 1))).isFalse();

        InMemoryRateLimiter small =
                InMemoryRateLimiter.builder().time(time).maxKeys(1).build();
        Reservation only = small.reserve(new Batch("", List.of(charge("a", SLIDING, 6))));
        Batch next = new Batch("", List.of(charge("b", SLIDING, 6)));
        assertThat(small.reserve(next)).isInstanceOf(Reservation.NotGranted.class);
        small.settle((Reservation.Granted) only, CallOutcome.UNSENT);
        assertThat(small.reserve(next)).isInstanceOf(Reservation.Granted.class);
    }

    @Test
    void aBatchWithOneKeyTooManyTakesNothingAndHoldsNoPlace() {
        assertThat(admits(charge("a", BUCKET, 1), charge("b", BUCKET, 1))).isTrue();

        assertThat(reserve(charge("c", BUCKET, 1), charge("a", BUCKET, 1), charge("d", BUCKET, 1)))
                .isEqualTo(new Reservation.NotGranted(2, Reservation.Reason.TOO_MANY_KEYS, null));
        assertThat(limiter.keyCount()).isEqualTo(2);
        assertThat(usage(charge("a", BUCKET, 1)).used()).isEqualTo(Amount.ONE);
        assertThat(admits(charge("e", BUCKET, 1))).isTrue();
    }

    @Test
    void aUsedUpLimitIsReportedBeforeAKeyTooManyThatComesLater() {
        fill();
        assertThat(admits(charge("a", BUCKET, 5))).isTrue();

        assertThat(reason(charge("a", BUCKET, 1), charge("d", BUCKET, 1))).isEqualTo(Reservation.Reason.NO_ROOM);
    }

    @Test
    void lookingAndRefusedCallsAndCallsOfNothingHoldNoPlace() {
        for (int i = 0; i < 10; i++) {
            usage(charge("looked" + i, BUCKET, 1));
            reserve(charge("refused" + i, BUCKET, 7));
            reserve(charge("nothing" + i, BUCKET, 0));
            reserve(charge("x" + i, BUCKET, 1), charge("y" + i, BUCKET, 7));
        }
        assertThat(limiter.keyCount()).isZero();
        fill();
    }

    @Test
    void keysThatAreDoneWithAreDroppedAsNewOnesCome() {
        InMemoryRateLimiter large = InMemoryRateLimiter.builder().time(time).build();
        for (int i = 0; i < 10_000; i++) {
            assertThat(large.reserve(new Batch("", List.of(charge("k" + i, BUCKET, 1)))))
                    .isInstanceOf(Reservation.Granted.class);
            time.advance(Duration.ofMillis(100));
        }
        // A hundred at a time are in use.
        assertThat(large.keyCount()).isLessThan(400);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void aBoundOfNoKeysIsRefused(long maxKeys) {
        assertThatThrownBy(() -> InMemoryRateLimiter.builder().maxKeys(maxKeys))
                .hasMessage("maxKeys must be at least 1, was " + maxKeys);
    }

    // ---- a reservation that outlives its cell ----

    @Test
    void givingBackToAKeyThatWasDroppedAndIsThereAgainDoesNothing() {
        Reservation old = reserve(charge("a", BUCKET, 1));
        time.advance(Duration.ofMinutes(1));
        assertThat(admits(charge("b", BUCKET, 1))).isTrue();
        assertThat(limiter.keyCount()).isOne();
        assertThat(admits(charge("a", BUCKET, 6))).isTrue();
        limiter.settle((Reservation.Granted) old, CallOutcome.UNSENT);

        assertThat(admits(charge("a", BUCKET, 1))).isFalse();
    }

    @Test
    void whatAnotherLimiterGrantedIsNotGivenBackHere() {
        InMemoryRateLimiter other = InMemoryRateLimiter.builder().time(time).build();
        Batch batch = new Batch("", List.of(charge("a", BUCKET, 6)));
        limiter.reserve(batch);
        limiter.settle((Reservation.Granted) other.reserve(batch), CallOutcome.UNSENT);

        assertThat(admits(charge("a", BUCKET, 1))).isFalse();
    }

    @Test
    void aBucketFromWhichVeryMuchWasGivenBackStaysRight() {
        // A year is given back again and again: in sum, more than a long counts in nanoseconds.
        TokenBucket yearly = new TokenBucket(Amount.of(3), Window.Length.MAX);
        Reservation first = reserve(charge("a", yearly, 1));
        Reservation second = reserve(charge("a", yearly, 1));
        for (int i = 0; i < 2_000; i++) {
            Reservation third = reserve(charge("a", yearly, 1));
            assertThat(admits(charge("a", yearly, 1))).isFalse();
            // Not the last in the queue, so that the cell must remember what was given back before the others.
            limiter.settle((Reservation.Granted) first, CallOutcome.UNSENT);
            first = second;
            second = third;
            if (!(third instanceof Reservation.Granted)) {
                break;
            }
        }
        assertThat(admits(charge("a", yearly, 2))).isFalse();
    }

    // ---- odd clocks ----

    @Test
    void aWallClockThatStepsBackMakesNoRoom() {
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
        time.setWall("2026-11-23T09:30:00Z");
        assertThat(admits(charge("a", HOURLY, 1))).isFalse();
        assertThat(usage(charge("a", HOURLY, 1)).retryAfter()).isEqualTo(Duration.ofMinutes(90));
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
        time.setWall("2026-11-23T10:59:59Z");
        assertThat(admits(charge("a", HOURLY, 1))).isFalse();
    }

    @Test
    void aWallClockThatStepsBackByYearsLeavesUsedWhatWasUsed() {
        assertThat(admits(charge("a", DAILY, 6))).isTrue();
        time.setWall("1970-01-01T00:00:00Z");
        assertThat(admits(charge("a", DAILY, 1))).isFalse();
        time.setWall(Instant.ofEpochMilli(Long.MIN_VALUE));
        assertThat(admits(charge("a", DAILY, 1))).isFalse();
        time.setWall(Instant.ofEpochMilli(Long.MAX_VALUE));
        assertThat(admits(charge("a", DAILY, 6))).isTrue();
        assertThat(admits(charge("a", DAILY, 1))).isFalse();
        time.setWall("2026-11-24T00:00:00Z");
        assertThat(admits(charge("a", DAILY, 1))).isFalse();
    }

    @Test
    void forgettingAnEndedWindowAndSteppingBackIntoItMakesNoRoom() {
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("b", BUCKET, 1))).isTrue();
        assertThat(limiter.keyCount()).isOne();
        time.setWall("2026-11-23T10:59:00Z");

        assertThat(usage(charge("a", HOURLY, 1))).isEqualTo(new Usage(Amount.MAX, Amount.ZERO, Duration.ofMinutes(1)));
        assertThat(reserve(charge("a", HOURLY, 1)))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, Duration.ofMinutes(1)));
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
    }

    @Test
    void whatACounterWithoutMaxCountedInAForgottenWindowIsTakenForEverything() {
        assertThat(admits(charge("a", COUNTER, 1))).isTrue();
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("b", BUCKET, 1))).isTrue();
        time.setWall("2026-11-23T10:59:00Z");
        assertThat(admits(charge("a", COUNTER, 1))).isTrue();

        assertThat(usage(charge("a", COUNTER, 0)).used()).isEqualTo(Amount.MAX);
        assertThat(usage(charge("a", DAILY, 1)).room()).isEqualTo(Amount.ZERO);
    }

    @Test
    void onlyWindowsOfTheKindThatWasForgottenAreTakenForUsedUp() {
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
        time.setWall("2026-11-23T11:00:00Z");
        assertThat(admits(charge("b", BUCKET, 1))).isTrue();
        time.setWall("2026-11-23T10:59:00Z");

        assertThat(admits(charge("c", DAILY, 6))).isTrue();
        time.setWall("2026-11-22T10:59:00Z");
        assertThat(admits(charge("a", HOURLY, 1))).isFalse();
    }

    @Test
    void bucketsAndSlidingWindowsDoNotLookAtTheWallClock() {
        assertThat(admits(charge("a", BUCKET, 6), charge("b", SLIDING, 6))).isTrue();
        time.setWall("2036-01-01T00:00:00Z");
        assertThat(admits(charge("a", BUCKET, 1))).isFalse();
        assertThat(admits(charge("b", SLIDING, 1))).isFalse();
        time.setWall("1999-01-01T00:00:00Z");
        time.advanceNanos(Duration.ofMinutes(1).toNanos());
        assertThat(admits(charge("a", BUCKET, 6), charge("b", SLIDING, 6))).isTrue();
    }

    @Test
    void fixedWindowsDoNotLookAtTheMonotonicClock() {
        assertThat(admits(charge("a", HOURLY, 6))).isTrue();
        time.advanceNanos(Duration.ofDays(10).toNanos());

        assertThat(admits(charge("a", HOURLY, 1))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE - 30_000_000_000L, Long.MAX_VALUE})
    void aMonotonicClockMayStartAnywhere(long origin) {
        ManualTime odd = new ManualTime(Instant.EPOCH, origin);
        RateLimiter limiter = InMemoryRateLimiter.builder().time(odd).build();
        for (LimitRule rule : List.of(BUCKET, SLIDING)) {
            Batch batch = new Batch("", List.of(charge(rule.toString(), rule, 6)));
            assertThat(limiter.reserve(batch)).isInstanceOf(Reservation.Granted.class);
            odd.advance(Duration.ofSeconds(59));
            assertThat(limiter.reserve(batch)).isInstanceOf(Reservation.NotGranted.class);
            odd.advance(Duration.ofSeconds(1));
            assertThat(limiter.reserve(batch)).isInstanceOf(Reservation.Granted.class);
        }
    }

    @Test
    void aMonotonicClockThatRunsBackwardsAgainstItsPromiseMakesNoRoom() {
        assertThat(admits(charge("a", BUCKET, 6), charge("b", SLIDING, 6))).isTrue();
        time.advanceNanos(-Duration.ofDays(10).toNanos());

        assertThat(admits(charge("a", BUCKET, 1))).isFalse();
        assertThat(admits(charge("b", SLIDING, 1))).isFalse();
    }

    @Test
    void aLimiterThatRunsPastTheEndOfItsClockRefillsNothing() {
        time.advanceNanos(LimiterClock.END);
        assertThat(admits(charge("a", BUCKET, 6), charge("b", SLIDING, 6))).isTrue();
        time.advanceNanos(Duration.ofDays(10_000).toNanos());

        assertThat(admits(charge("a", BUCKET, 1))).isFalse();
        assertThat(admits(charge("b", SLIDING, 1))).isFalse();
    }

    /** As if the thread had been held up right after it read the clock. */
    @Test
    void aCallThatIsOvertakenAfterReadingTheClockAnswersForTheMomentOfThatReading() {
        ManualTime time = ManualTime.at("2026-11-23T10:30:00Z");
        Deque<Runnable> meanwhile = new ArrayDeque<>();
        RateLimiter limiter = InMemoryRateLimiter.builder()
                .time(new TimeSource() {
                    @Override
                    public long wallMillis() {
                        return time.wallMillis();
                    }

                    @Override
                    public long monotonicNanos() {
                        long now = time.monotonicNanos();
                        if (!meanwhile.isEmpty()) {
                            meanwhile.remove().run();
                        }
                        return now;
                    }
                })
                .build();
        Batch one = new Batch("", List.of(charge("a", BUCKET, 1)));
        for (int i = 0; i < 6; i++) {
            limiter.reserve(one);
        }
        meanwhile.add(() -> {
            time.advance(Duration.ofSeconds(10));
            assertThat(limiter.reserve(one)).isInstanceOf(Reservation.Granted.class);
        });
        assertThat(limiter.reserve(one))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, Duration.ofSeconds(10)));

        time.advance(Duration.ofSeconds(10));
        meanwhile.add(() -> assertThat(limiter.reserve(one)).isInstanceOf(Reservation.Granted.class));
        assertThat(limiter.reserve(one))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, Duration.ofSeconds(10)));
    }

    @Test
    @Timeout(60)
    void aClockThatThrowsWhileSomethingIsGivenBackLeavesNoCellClaimed() {
        AtomicBoolean broken = new AtomicBoolean();
        TimeSource clock = new TimeSource() {
            @Override
            public long wallMillis() {
                if (broken.get()) {
                    throw new IllegalStateException("no clock");
                }
                return time.wallMillis();
            }

            @Override
            public long monotonicNanos() {
                return time.monotonicNanos();
            }
        };
        InMemoryRateLimiter own = InMemoryRateLimiter.builder().time(clock).build();
        Batch one = new Batch("", List.of(charge("a", HOURLY, 1)));
        Batch two = new Batch("", List.of(charge("a", HOURLY, 1), charge("b", SLIDING, 1)));
        Reservation.Granted first = (Reservation.Granted) own.reserve(one);
        Reservation.Granted second = (Reservation.Granted) own.reserve(two);
        broken.set(true);
        assertThatThrownBy(() -> own.settle(first, CallOutcome.UNSENT)).hasMessage("no clock");
        assertThatThrownBy(() -> own.settle(second, CallOutcome.UNSENT)).hasMessage("no clock");
        broken.set(false);

        assertThat(own.reserve(two)).isInstanceOf(Reservation.Granted.class);
    }
}
