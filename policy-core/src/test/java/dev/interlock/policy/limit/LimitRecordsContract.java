package dev.interlock.policy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitRule.Concurrent;
import dev.interlock.policy.limit.LimitRule.FixedWindow;
import dev.interlock.policy.limit.LimitRule.SlidingWindow;
import dev.interlock.policy.limit.LimitRule.TokenBucket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every {@link LimitRecords} must do, together with the limiter that it belongs to. A test of one extends this
 * class and gives it both, with a clock that the test can move. All times here are whole seconds.
 */
public abstract class LimitRecordsContract {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final FixedWindow FIXED = new FixedWindow(Amount.of(10), Window.Calendar.MINUTE);

    private final LimitKey key = new LimitKey("a", "ana", "x");
    private final AtomicInteger calls = new AtomicInteger();

    /** The limiter under test: the same all through one test, and in its beginning without any count. */
    protected abstract RateLimiter limiter();

    /** What it has counted. */
    protected abstract LimitRecords records();

    /** Lets time pass for the limiter, by the wall clock and the monotonic one. */
    protected abstract void advance(Duration length);

    static Stream<LimitRule> tenOfAnyKind() {
        return Stream.of(
                new TokenBucket(Amount.of(10), MINUTE),
                new SlidingWindow(Amount.of(10), MINUTE),
                FIXED,
                new Concurrent(Amount.of(10), MINUTE));
    }

    static Stream<LimitRule> windows() {
        return tenOfAnyKind().filter(rule -> rule instanceof SlidingWindow || rule instanceof FixedWindow);
    }

    // ---- listing ----

    @Test
    void nothingIsCountedInTheBeginning() {
        assertThat(records().list(null, 10)).isEmpty();
        assertThat(records().reset(key)).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void aRecordSaysWhatIsCountedAndForHowLong(LimitRule rule) {
        take(3, rule);
        LimitRecord counted = only();

        assertThat(counted.key()).isEqualTo(key);
        assertThat(counted.used()).isEqualTo(Amount.of(3));
        assertThat(counted.rule()).hasSameClassAs(rule);
        assertThat(counted.rule().max()).isIn(rule.max(), Amount.MAX, null);
        if (counted.fresh() != null) {
            assertThat(counted.fresh()).isPositive().isLessThanOrEqualTo(MINUTE);
        }
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatHasEndedIsNotListedAndNeedsNoReset(LimitRule rule) {
        take(3, rule);
        advance(MINUTE);

        assertThat(records().list(null, 10)).isEmpty();
        assertThat(records().reset(key)).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatWasGivenBackIsNotListed(LimitRule rule) {
        take(3, rule).forEach(call -> limiter().settle(call, CallOutcome.UNSENT));

        assertThat(records().list(null, 10)).isEmpty();
    }

    @Test
    void recordsComeInTheOrderOfTheirKeysAPageAtATime() {
        List<LimitKey> keys = new ArrayList<>();
        for (String limit : List.of("b", "a", "a@t", "\u00e9")) {
            for (String subject : List.of("", "z", "ana")) {
                keys.add(new LimitKey(limit, subject));
                keys.add(new LimitKey(limit, subject, "p q\u0000\n"));
            }
        }
        keys.forEach(one -> reserve(charge(one, FIXED, Amount.ONE)));
        List<LimitKey> listed = new ArrayList<>();
        @Nullable LimitKey after = null;
        List<LimitRecord> page = records().list(after, 5);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(5);
            page.forEach(counted -> listed.add(counted.key()));
            after = listed.get(listed.size() - 1);
            page = records().list(after, 5);
        }

        assertThat(listed).containsExactlyElementsOf(keys.stream().sorted().toList());
    }

    // ---- resetting ----

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void aResetForgetsTheCount(LimitRule rule) {
        take(10, rule);
        assertThat(records().reset(key)).isTrue();

        assertThat(records().list(null, 10)).isEmpty();
        assertThat(used(rule)).isEqualTo(Amount.ZERO);
        assertThat(records().reset(key)).isFalse();
        assertThat(take(11, rule)).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void aResetForgetsNoOtherKey(LimitRule rule) {
        take(10, rule);
        records().reset(new LimitKey("a", "ana"));
        records().reset(new LimitKey("a", "", "x"));

        assertThat(take(1, rule)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatCallsUnderWayGiveBackAfterAResetChangesNothing(LimitRule rule) {
        List<Reservation.Granted> before = take(10, rule);
        records().reset(key);
        List<Reservation.Granted> since = take(10, rule);
        assertThat(since).hasSize(10);
        before.forEach(call -> limiter().settle(call, CallOutcome.UNSENT));

        assertThat(used(rule)).isEqualTo(Amount.of(10));
        assertThat(take(1, rule)).isEmpty();
        since.forEach(call -> limiter().settle(call, CallOutcome.UNSENT));
        assertThat(used(rule)).isEqualTo(Amount.ZERO);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void whatCallsUnderWayCountAfterAResetChangesNothing(LimitRule rule) {
        Charge later = charge(key, rule, Amount.ONE).afterwards(Amount.ONE);
        Charge failing = new Charge(key, rule, Amount.ONE, ChargeMode.FAILURES);
        Reservation.Granted known = (Reservation.Granted) reserve(later);
        Reservation.Granted failed = (Reservation.Granted) reserve(failing);
        records().reset(key);
        take(1, rule);
        limiter().settle(known, CallOutcome.SUCCEEDED, List.of(Amount.of(7)));
        limiter().settle(failed, CallOutcome.FAILED);

        assertThat(used(rule)).isEqualTo(Amount.ONE);
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void theOtherLimitsOfACallUnderWayAreGivenBackAllTheSame(LimitRule rule) {
        LimitKey other = new LimitKey("b", "");
        Reservation.Granted call =
                (Reservation.Granted) reserve(charge(other, rule, Amount.ONE), charge(key, rule, Amount.ONE));
        records().reset(key);
        take(10, rule);
        limiter().settle(call, CallOutcome.UNSENT);

        assertThat(used(rule)).isEqualTo(Amount.of(10));
        assertThat(records().list(null, 10)).extracting(LimitRecord::key).containsExactly(key);
    }

    // ---- many at once ----

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatIsGivenBackInTheMidstOfAResetMakesNoRoom(LimitRule rule) throws Exception {
        for (int round = 0; round < 30; round++) {
            LimitKey own = new LimitKey("round", Integer.toString(round));
            List<Reservation.Granted> before = take(own, 10, rule);
            List<Callable<Integer>> work = new ArrayList<>();
            work.add(() -> {
                records().reset(own);
                return take(own, 12, rule).size();
            });
            for (Reservation.Granted call : before) {
                work.add(() -> {
                    limiter().settle(call, CallOutcome.UNSENT);
                    return 0;
                });
            }

            assertThat(together(work)).isEqualTo(10);
            assertThat(take(own, 1, rule)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void eachResetMakesRoomOnce(LimitRule rule) throws Exception {
        int resets = 15;
        List<Callable<Integer>> work = new ArrayList<>();
        for (int thread = 0; thread < 3; thread++) {
            work.add(() -> {
                int admitted = 0;
                for (int i = 0; i < 60; i++) {
                    // Those that are given back leave nothing, so they count as if they had never been.
                    take(1, rule).forEach(call -> limiter().settle(call, CallOutcome.UNSENT));
                    admitted += take(1, rule).size();
                }
                return admitted;
            });
        }
        work.add(() -> {
            for (int i = 0; i < resets; i++) {
                records().reset(key);
            }
            return 0;
        });

        assertThat(together(work)).isLessThanOrEqualTo(10 * (resets + 1));
        records().reset(key);
        assertThat(take(11, rule)).hasSize(10);
    }

    // ---- words for the above ----

    private static int together(List<Callable<Integer>> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(work.size());
        try {
            int sum = 0;
            for (Future<Integer> done : pool.invokeAll(work)) {
                sum += done.get();
            }
            return sum;
        } finally {
            pool.shutdownNow();
        }
    }

    private LimitRecord only() {
        List<LimitRecord> all = records().list(null, 10);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private Amount used(LimitRule rule) {
        return limiter().usage(List.of(charge(key, rule, Amount.ZERO))).get(0).used();
    }

    /** Those of so many calls that are admitted. */
    private List<Reservation.Granted> take(int most, LimitRule rule) {
        return take(key, most, rule);
    }

    private List<Reservation.Granted> take(LimitKey from, int most, LimitRule rule) {
        List<Reservation.Granted> granted = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            if (reserve(charge(from, rule, Amount.ONE)) instanceof Reservation.Granted call) {
                granted.add(call);
            }
        }
        return granted;
    }

    private Reservation reserve(Charge... charges) {
        return limiter().reserve(new Batch("call-" + calls.incrementAndGet(), List.of(charges)));
    }

    private static Charge charge(LimitKey of, LimitRule rule, Amount amount) {
        return new Charge(of, rule, amount, ChargeMode.SENT);
    }
}
