package dev.interlock.policy.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitRule.Concurrent;
import dev.interlock.policy.limit.LimitRule.FixedWindow;
import dev.interlock.policy.limit.LimitRule.SlidingWindow;
import dev.interlock.policy.limit.LimitRule.TokenBucket;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every {@link RateLimiter} must do. A test of one extends this class and gives it a limiter whose clock the
 * test can move. All times here are whole seconds, so a store may count time as coarsely as in milliseconds.
 */
public abstract class RateLimiterContract {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static final TokenBucket TEN_BUCKET = new TokenBucket(Amount.of(10), MINUTE);
    private static final SlidingWindow TEN_SLIDING = new SlidingWindow(Amount.of(10), MINUTE);
    private static final FixedWindow TEN_FIXED = new FixedWindow(Amount.of(10), Window.Calendar.MINUTE);

    private final LimitKey key = key("a");
    private final AtomicInteger calls = new AtomicInteger();

    /** The limiter under test: the same all through one test, and in its beginning without any count. */
    protected abstract RateLimiter limiter();

    /** Lets time pass for the limiter, by the wall clock and the monotonic one. */
    protected abstract void advance(Duration length);

    /** What the limiter's wall clock shows. */
    protected abstract Instant wall();

    static Stream<LimitRule> tenAMinute() {
        return Stream.of(TEN_BUCKET, TEN_SLIDING, TEN_FIXED);
    }

    // ---- reserving ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void exactlyMaxCallsAreAdmittedAtOnce(LimitRule rule) {
        assertThat(admitted(100, rule)).isEqualTo(10);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void everyKeyHasACountOfItsOwn(LimitRule rule) {
        admitted(10, rule);

        assertThat(admits(charge(new LimitKey("a", "other"), rule, Amount.ONE))).isTrue();
        assertThat(admits(charge(new LimitKey("b", ""), rule, Amount.ONE))).isTrue();
        assertThat(admits(charge(new LimitKey("", "a"), rule, Amount.ONE))).isTrue();
        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void amountsAreCountedToTheMillionth(LimitRule rule) {
        assertThat(admits(charge(key, rule, amount("9.999999")))).isTrue();
        assertThat(admits(charge(key, rule, amount("0.000002")))).isFalse();
        assertThat(admits(charge(key, rule, amount("0.000001")))).isTrue();
        assertThat(admits(charge(key, rule, amount("0.000001")))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void callsAndPartsOfCallsMix(LimitRule rule) {
        assertThat(admitted(7, rule)).isEqualTo(7);
        for (int i = 0; i < 10; i++) {
            assertThat(admits(charge(key, rule, amount("0.25")))).isTrue();
        }
        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();
        assertThat(admits(charge(key, rule, amount("0.5")))).isTrue();
        assertThat(admits(charge(key, rule, amount("0.000001")))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void anAmountLargerThanMaxIsTooLargeForGood(LimitRule rule) {
        assertThat(reserve(charge(key, rule, amount("10.000001"))))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.TOO_LARGE, null));
        assertThat(admits(charge(key, rule, Amount.of(10)))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void nothingAlwaysHasRoomAndTakesNone(LimitRule rule) {
        assertThat(admits(charge(key, rule, Amount.ZERO))).isTrue();
        assertThat(admitted(11, rule)).isEqualTo(10);
        assertThat(admits(charge(key, rule, Amount.ZERO))).isTrue();
    }

    static Stream<LimitRule> nothingAtAll() {
        return Stream.of(
                new TokenBucket(Amount.ZERO, MINUTE),
                new SlidingWindow(Amount.ZERO, MINUTE),
                new FixedWindow(Amount.ZERO, Window.Calendar.MINUTE));
    }

    @ParameterizedTest
    @MethodSource("nothingAtAll")
    void aLimitOfNothingAdmitsNothing(LimitRule rule) {
        assertThat(reserve(charge(key, rule, Amount.ONE)))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.TOO_LARGE, null));
        assertThat(admits(charge(key, rule, Amount.ZERO))).isTrue();
    }

    static Stream<LimitRule> extremes() {
        return Stream.of(Amount.MAX, Amount.ONE, new Amount(1), new Amount(Amount.MAX.micros() - 1))
                .flatMap(max -> Stream.of(SECOND, Window.Length.MAX)
                        .flatMap(window -> Stream.of(
                                new TokenBucket(max, window),
                                new SlidingWindow(max, window),
                                new FixedWindow(max, new Window.Length(window)))));
    }

    @ParameterizedTest
    @MethodSource("extremes")
    void theLargestAndSmallestLimitsAreExact(LimitRule rule) {
        long max = rule.max().micros();
        assertThat(admits(charge(key, rule, new Amount(max / 2)))).isTrue();
        assertThat(admits(charge(key, rule, new Amount(max - max / 2)))).isTrue();
        assertThat(admits(charge(key, rule, new Amount(1)))).isFalse();
        assertThat(usage(charge(key, rule, new Amount(1))).room()).isEqualTo(Amount.ZERO);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aRefusalSaysWhenThereIsRoom(LimitRule rule) {
        admitted(4, rule);
        advance(Duration.ofSeconds(13));
        admitted(10, rule);

        Duration wait = refused(reserve(charge(key, rule, Amount.of(3)))).retryAfter();
        assertThat(wait).isPositive().isLessThanOrEqualTo(MINUTE);
        if (wait.compareTo(SECOND) > 0) {
            advance(Duration.ofSeconds(wait.minusNanos(1).toSeconds()));
            assertThat(admits(charge(key, rule, Amount.of(3)))).isFalse();
        }
        advance(refused(reserve(charge(key, rule, Amount.of(3)))).retryAfter().plusMillis(1));
        assertThat(admits(charge(key, rule, Amount.of(3)))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void theAsynchronousFormAnswersTheSame(LimitRule rule) throws Exception {
        List<Charge> charges = List.of(charge(key, rule, Amount.ONE));
        for (int i = 0; i < 10; i++) {
            assertThat(limiter()
                            .reserveAsync(batch(charges))
                            .toCompletableFuture()
                            .get())
                    .isInstanceOf(Reservation.Granted.class);
        }
        assertThat(limiter().reserveAsync(batch(charges)).toCompletableFuture().get())
                .isInstanceOf(Reservation.NotGranted.class);
        assertThat(limiter().usageAsync(charges).toCompletableFuture().get())
                .isEqualTo(limiter().usage(charges));
    }

    // ---- token buckets ----

    @Test
    void aBucketRefillsEvenly() {
        admitted(10, TEN_BUCKET);
        for (int i = 0; i < 30; i++) {
            advance(Duration.ofSeconds(5));
            assertThat(admitted(1, TEN_BUCKET)).isZero();
            advance(SECOND);
            assertThat(admitted(2, TEN_BUCKET)).isEqualTo(1);
        }
    }

    @Test
    void aBucketNeverHoldsMoreThanMax() {
        admitted(10, TEN_BUCKET);
        advance(Duration.ofDays(400));

        assertThat(admitted(100, TEN_BUCKET)).isEqualTo(10);
    }

    @Test
    void aBucketAdmitsAtMostMaxTimesOnePlusTOverWindow() {
        TokenBucket rule = new TokenBucket(Amount.of(7), Duration.ofSeconds(30));
        int count = admitted(20, rule);
        for (int t = 1; t <= 300; t++) {
            advance(SECOND);
            count += admitted(20, rule);
            assertThat(count).isBetween(7 + (t - 1) * 7 / 30, 7 + t * 7 / 30);
        }
    }

    // ---- sliding windows ----

    @Test
    void aSlidingWindowAdmitsAtMostMaxInAnyWindow() {
        Deque<Integer> within = new ArrayDeque<>();
        for (int t = 0; t < 400; t += 3) {
            int now = t;
            within.removeIf(then -> then <= now - 60);
            int count = admitted(t % 5, TEN_SLIDING);
            assertThat(count).isEqualTo(Math.min(t % 5, 10 - within.size()));
            for (int i = 0; i < count; i++) {
                within.add(t);
            }
            advance(Duration.ofSeconds(3));
        }
    }

    @Test
    void aCallLeavesASlidingWindowWhenTheWindowHasPassedAndNotBefore() {
        admitted(10, TEN_SLIDING);
        advance(Duration.ofSeconds(59));
        assertThat(admitted(1, TEN_SLIDING)).isZero();
        advance(SECOND);
        assertThat(admitted(11, TEN_SLIDING)).isEqualTo(10);
    }

    // ---- fixed windows ----

    @ParameterizedTest
    @EnumSource(Window.Calendar.class)
    void aCalendarWindowEndsWhereTheCalendarSays(Window.Calendar unit) {
        FixedWindow rule = new FixedWindow(Amount.of(2), unit);
        for (int i = 0; i < 14; i++) {
            assertThat(admitted(5, rule)).isEqualTo(2);
            Duration rest = Duration.between(wall(), next(unit, wall()));
            assertThat(refused(reserve(charge(key, rule, Amount.ONE))).retryAfter())
                    .isEqualTo(rest);
            advance(rest.minusMillis(1));
            assertThat(admitted(1, rule)).isZero();
            advance(Duration.ofMillis(1));
        }
    }

    private static Instant next(Window.Calendar unit, Instant instant) {
        ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
        ZonedDateTime day = time.toLocalDate().atStartOfDay(ZoneOffset.UTC);
        ZonedDateTime next = switch (unit) {
            case MINUTE -> time.withNano(0).withSecond(0).plusMinutes(1);
            case HOUR -> time.withNano(0).withSecond(0).withMinute(0).plusHours(1);
            case DAY -> day.plusDays(1);
            case WEEK -> day.plusDays(8 - day.getDayOfWeek().getValue());
            case MONTH -> day.withDayOfMonth(1).plusMonths(1);
        };
        return next.toInstant();
    }

    @Test
    void aWindowOfALengthBeginsAtItsMultiplesSince1970() {
        FixedWindow rule = new FixedWindow(Amount.ONE, new Window.Length(Duration.ofSeconds(7)));
        long window = -1;
        for (int i = 0; i < 30; i++) {
            long current = wall().getEpochSecond() / 7;
            assertThat(admitted(1, rule)).isEqualTo(current == window ? 0 : 1);
            window = current;
            advance(SECOND);
        }
    }

    @Test
    void aLimitWithoutMaxOnlyCounts() {
        FixedWindow rule = new FixedWindow(null, Window.Calendar.MONTH);
        for (int i = 0; i < 20; i++) {
            assertThat(admits(charge(key, rule, Amount.MAX))).isTrue();
        }
        Usage usage = usage(charge(key, rule, Amount.MAX));
        assertThat(usage.used()).isEqualTo(Amount.MAX);
        assertThat(usage.room()).isNull();
        assertThat(usage.retryAfter()).isZero();
    }

    // ---- batches ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aBatchTakesAllOrNothing(LimitRule rule) {
        LimitKey other = key("b");
        admitted(10, rule);

        assertThat(reserve(charge(other, rule, Amount.ONE), charge(key, rule, Amount.ONE)))
                .isInstanceOf(Reservation.NotGranted.class);
        assertThat(usage(charge(other, rule, Amount.ZERO)).used()).isEqualTo(Amount.ZERO);
        assertThat(admits(charge(other, rule, Amount.of(10)))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aBatchOverAllKindsOfLimitsStopsAtTheSmallest(LimitRule rule) {
        LimitRule three = new FixedWindow(Amount.of(3), Window.Calendar.DAY);
        int count = 0;
        for (int i = 0; i < 8; i++) {
            if (admits(
                    charge(key("b"), TEN_BUCKET, Amount.ONE),
                    charge(key("c"), TEN_SLIDING, Amount.of(2)),
                    charge(key("d"), TEN_FIXED, amount("0.1")),
                    charge(key, rule, Amount.ONE),
                    charge(key("e"), three, Amount.ONE))) {
                count++;
            }
        }
        assertThat(count).isEqualTo(3);
        assertThat(usage(charge(key("b"), TEN_BUCKET, Amount.ZERO)).used()).isEqualTo(Amount.of(3));
        assertThat(usage(charge(key("c"), TEN_SLIDING, Amount.ZERO)).used()).isEqualTo(Amount.of(6));
        assertThat(usage(charge(key("d"), TEN_FIXED, Amount.ZERO)).used()).isEqualTo(amount("0.3"));
        assertThat(usage(charge(key, rule, Amount.ZERO)).used()).isEqualTo(Amount.of(3));
    }

    @Test
    void aRefusalNamesTheFirstChargeWithoutRoom() {
        FixedWindow used = new FixedWindow(Amount.ONE, Window.Calendar.DAY);
        reserve(charge(key("used"), used, Amount.ONE));

        Reservation.NotGranted refused = refused(reserve(
                charge(key("a"), TEN_BUCKET, Amount.ONE),
                charge(key("used"), used, Amount.ONE),
                charge(key("b"), TEN_BUCKET, Amount.of(11))));
        assertThat(refused.charge()).isEqualTo(1);
        assertThat(refused.reason()).isEqualTo(Reservation.Reason.NO_ROOM);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aKeyThatOccursTwiceIsChargedTheSum(LimitRule rule) {
        assertThat(admits(charge(key, rule, Amount.of(6)), charge(key, rule, Amount.of(4))))
                .isTrue();
        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();

        Reservation.NotGranted refused = refused(reserve(
                charge(key("b"), rule, Amount.of(6)),
                charge(key("b"), rule, Amount.of(4)),
                charge(key("b"), rule, Amount.ONE)));
        assertThat(refused.charge()).isEqualTo(2);
        assertThat(refused.reason()).isEqualTo(Reservation.Reason.TOO_LARGE);
        assertThat(admits(charge(key("b"), rule, Amount.of(10)))).isTrue();
    }

    @Test
    void aBatchOfNothingIsGranted() {
        Reservation reservation =
                reserve(charge(key, TEN_BUCKET, Amount.ZERO), charge(key("b"), TEN_FIXED, Amount.ZERO));

        assertThat(reservation).isInstanceOf(Reservation.Granted.class);
        limiter().settle((Reservation.Granted) reservation, CallOutcome.UNSENT);
        assertThat(admitted(11, TEN_BUCKET)).isEqualTo(10);
    }

    // ---- settling ----

    static Stream<Ending> endings() {
        return tenAMinute()
                .flatMap(rule -> Stream.of(ChargeMode.SUCCESS, ChargeMode.SENT)
                        .flatMap(mode ->
                                Arrays.stream(CallOutcome.values()).map(outcome -> new Ending(rule, mode, outcome))));
    }

    record Ending(LimitRule rule, ChargeMode mode, CallOutcome outcome) {}

    @ParameterizedTest
    @MethodSource("endings")
    void aCallGivesBackWhatItsEndingGivesBack(Ending given) {
        admitted(9, given.rule);
        settle(granted(new Charge(key, given.rule, Amount.ONE, given.mode)), given.outcome);

        assertThat(admitted(5, given.rule)).isEqualTo(given.outcome.givesBack(given.mode) ? 1 : 0);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void settlingTwiceDoesNothingTheSecondTime(LimitRule rule) {
        admitted(8, rule);
        Reservation.Granted kept = granted(charge(key, rule, Amount.ONE));
        Reservation.Granted given = granted(charge(key, rule, Amount.ONE));
        settle(kept, CallOutcome.SUCCEEDED);
        settle(kept, CallOutcome.UNSENT);
        settle(given, CallOutcome.UNSENT);
        settle(given, CallOutcome.UNSENT);

        assertThat(admitted(5, rule)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aBatchGivesBackInEachLimitWhatThatLimitsModeGivesBack(LimitRule rule) {
        settle(
                granted(
                        new Charge(key, rule, Amount.of(10), ChargeMode.SUCCESS),
                        new Charge(key("b"), rule, Amount.of(10), ChargeMode.SENT)),
                CallOutcome.FAILED);

        assertThat(admits(charge(key, rule, Amount.of(10)))).isTrue();
        assertThat(admits(charge(key("b"), rule, Amount.ONE))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aKeyThatOccursTwiceGetsEverythingBack(LimitRule rule) {
        admitted(3, rule);
        settle(granted(charge(key, rule, Amount.of(2)), charge(key, rule, amount("4.5"))), CallOutcome.UNSENT);

        assertThat(admitted(20, rule)).isEqualTo(7);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void callsThatAreGivenBackInTheirOrderOrItsReverseLeaveNoTrace(LimitRule rule) {
        for (boolean reverse : new boolean[] {false, true}) {
            LimitKey key = key("reverse" + reverse);
            Deque<Reservation.Granted> open = new ArrayDeque<>();
            for (int i = 0; i < 10; i++) {
                open.add(granted(charge(key, rule, Amount.ONE)));
            }
            while (!open.isEmpty()) {
                settle(reverse ? open.removeLast() : open.removeFirst(), CallOutcome.UNSENT);
            }
            assertThat(admits(charge(key, rule, Amount.of(10)))).isTrue();
        }
    }

    @Test
    void givingBackMakesNoRoomThatABucketWouldNotHaveHad() {
        TokenBucket rule = new TokenBucket(Amount.ONE, MINUTE);
        Reservation.Granted first = granted(charge(key, rule, Amount.ONE));
        advance(MINUTE);
        assertThat(admits(charge(key, rule, Amount.ONE))).isTrue();
        settle(first, CallOutcome.UNSENT);

        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();
    }

    @Test
    void aBucketGivesBackOnlyWhatTimeHasNot() {
        Reservation.Granted granted = granted(charge(key, TEN_BUCKET, Amount.of(5)));
        granted(charge(key, TEN_BUCKET, Amount.of(5)));
        advance(Duration.ofSeconds(18));
        settle(granted, CallOutcome.UNSENT);

        assertThat(admitted(20, TEN_BUCKET)).isEqualTo(5);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void givingBackAfterTheWindowDoesNothing(LimitRule rule) {
        Reservation.Granted granted = granted(charge(key, rule, Amount.of(10)));
        advance(MINUTE);
        admitted(10, rule);
        settle(granted, CallOutcome.UNSENT);

        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aReservationThatIsNeverSettledKeepsWhatItTook(LimitRule rule) {
        granted(charge(key, rule, Amount.of(10)));

        assertThat(admits(charge(key, rule, Amount.ONE))).isFalse();
    }

    @Test
    void settlingWhatAnotherLimiterGrantedDoesNothing() {
        Reservation.Granted foreign = new Reservation.Granted() {};

        assertThatCode(() -> settle(foreign, CallOutcome.UNSENT)).doesNotThrowAnyException();
    }

    // ---- looking ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void anUnknownKeyIsUnused(LimitRule rule) {
        assertThat(usage(charge(key, rule, Amount.ONE)))
                .isEqualTo(new Usage(Amount.ZERO, Amount.of(10), Duration.ZERO));
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void lookingTakesNothing(LimitRule rule) {
        for (int i = 0; i < 20; i++) {
            limiter().usage(List.of(charge(key, rule, Amount.ONE), charge(key("b"), rule, Amount.ONE)));
        }
        assertThat(admitted(20, rule)).isEqualTo(10);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void lookingForetellsWhatReservingAnswers(LimitRule rule) {
        for (int i = 0; i < 60; i++) {
            Charge charge = charge(key, rule, new Amount((i * 7 + 1) % 40 * 300_000L));
            Usage usage = usage(charge);
            Reservation reservation = reserve(charge);
            if (reservation instanceof Reservation.NotGranted refused) {
                assertThat(usage.retryAfter()).isEqualTo(refused.retryAfter());
                assertThat(usage.room()).isLessThan(charge.amount());
            } else {
                assertThat(usage.retryAfter()).isZero();
                assertThat(usage.room()).isGreaterThanOrEqualTo(charge.amount());
            }
            advance(SECOND);
        }
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void theRoomThatIsShownCanBeTakenAndNoMore(LimitRule rule) {
        reserve(charge(key, rule, amount("3.7")));
        advance(Duration.ofSeconds(3));
        reserve(charge(key, rule, amount("5.2")));
        Amount room = usage(charge(key, rule, Amount.ONE)).room();

        assertThat(admits(charge(key, rule, new Amount(room.micros() + 1)))).isFalse();
        assertThat(admits(charge(key, rule, room))).isTrue();
    }

    @Test
    void whatIsUsedOfABucketIsRoundedUpToWholeCalls() {
        admitted(4, TEN_BUCKET);
        assertThat(usage(charge(key, TEN_BUCKET, Amount.ONE)).used()).isEqualTo(Amount.of(4));
        advance(SECOND);
        assertThat(usage(charge(key, TEN_BUCKET, Amount.ONE)).used()).isEqualTo(Amount.of(4));
        advance(Duration.ofSeconds(5));
        assertThat(usage(charge(key, TEN_BUCKET, Amount.ONE)).used()).isEqualTo(Amount.of(3));
    }

    @Test
    void limitsAreShownInTheOrderTheyAreAskedFor() {
        admitted(4, TEN_SLIDING);

        assertThat(limiter()
                        .usage(List.of(
                                charge(key("b"), TEN_SLIDING, Amount.ONE),
                                charge(key, TEN_SLIDING, Amount.ONE),
                                charge(key("b"), TEN_SLIDING, Amount.ONE))))
                .extracting(Usage::used)
                .containsExactly(Amount.ZERO, Amount.of(4), Amount.ZERO);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void amountsOfOneKeyAddUpWhenLookingToo(LimitRule rule) {
        List<Usage> usages = limiter().usage(List.of(charge(key, rule, Amount.of(8)), charge(key, rule, Amount.of(3))));

        assertThat(usages.get(0).retryAfter()).isZero();
        assertThat(usages.get(1).retryAfter()).isNull();
    }

    // ---- changes of rules ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aSmallerMaxTakesTheCountOver(LimitRule rule) {
        admitted(5, rule);

        assertThat(admits(charge(key, withMax(rule, 5), Amount.ONE))).isFalse();
        assertThat(admits(charge(key, rule, Amount.ONE))).isTrue();
        assertThat(admits(charge(key, withMax(rule, 8), Amount.of(2)))).isTrue();
        assertThat(admits(charge(key, withMax(rule, 8), Amount.ONE))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aChangeOfTheRuleNeverGivesAFreshStart(LimitRule before) {
        tenAMinute().forEach(after -> {
            LimitKey key = key(after.toString());
            assertThat(admits(charge(key, before, Amount.of(9)))).isTrue();
            assertThat(admits(charge(key, after, Amount.of(2)))).isFalse();
            assertThat(admits(charge(key, after, Amount.ONE))).isTrue();
            assertThat(admits(charge(key, before, Amount.ONE))).isFalse();
        });
    }

    @ParameterizedTest
    @MethodSource("extremes")
    void theLargestCountsAreCarriedOverToo(LimitRule rule) {
        FixedWindow counter = new FixedWindow(null, Window.Calendar.MONTH);
        assertThat(admits(charge(key, counter, Amount.MAX))).isTrue();
        assertThat(admits(charge(key, counter, Amount.MAX))).isTrue();

        assertThat(admits(charge(key, rule, new Amount(1)))).isFalse();
        assertThat(usage(charge(key, rule, Amount.ZERO)).room()).isEqualTo(Amount.ZERO);
        assertThat(admits(charge(key, rule, rule.max()))).isFalse();
    }

    private static LimitRule withMax(LimitRule rule, long max) {
        if (rule instanceof TokenBucket bucket) {
            return new TokenBucket(Amount.of(max), bucket.window());
        }
        if (rule instanceof SlidingWindow sliding) {
            return new SlidingWindow(Amount.of(max), sliding.window());
        }
        return new FixedWindow(Amount.of(max), ((FixedWindow) rule).window());
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void aCounterCanBeReadWithoutItsMax(LimitRule rule) {
        admitted(6, rule);
        FixedWindow probe = new FixedWindow(null, Window.Calendar.MINUTE);

        assertThat(usage(charge(key, probe, Amount.ZERO))).isEqualTo(new Usage(Amount.of(6), null, Duration.ZERO));
        assertThat(admitted(10, rule)).isEqualTo(4);
    }

    // ---- failures ----

    static Stream<LimitRule> windows() {
        return Stream.of(TEN_SLIDING, TEN_FIXED);
    }

    private Charge failing(LimitRule rule, Amount amount) {
        return new Charge(key, rule, amount, ChargeMode.FAILURES);
    }

    private int failed(int calls, LimitRule rule, CallOutcome outcome) {
        int count = 0;
        for (int i = 0; i < calls; i++) {
            if (reserve(failing(rule, Amount.ONE)) instanceof Reservation.Granted granted) {
                settle(granted, outcome);
                settle(granted, outcome);
                count++;
            }
        }
        return count;
    }

    @ParameterizedTest
    @MethodSource("windows")
    void onlyCallsThatFailCount(LimitRule rule) {
        assertThat(failed(30, rule, CallOutcome.SUCCEEDED)).isEqualTo(30);
        assertThat(failed(30, rule, CallOutcome.UNSENT)).isEqualTo(30);
        assertThat(failed(4, rule, CallOutcome.FAILED)).isEqualTo(4);
        assertThat(failed(3, rule, CallOutcome.TOOL_ERROR)).isEqualTo(3);
        assertThat(usage(failing(rule, Amount.ONE))).isEqualTo(new Usage(Amount.of(7), Amount.of(3), Duration.ZERO));
        assertThat(failed(30, rule, CallOutcome.UNKNOWN)).isEqualTo(3);
        assertThat(refused(reserve(failing(rule, Amount.ONE))).reason()).isEqualTo(Reservation.Reason.NO_ROOM);
        assertThat(usage(failing(rule, Amount.ONE)).retryAfter()).isPositive();

        advance(MINUTE);
        assertThat(failed(1, rule, CallOutcome.SUCCEEDED)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void callsUnderWayTakeNoRoomAndMayAllFail(LimitRule rule) {
        List<Reservation.Granted> underWay = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            underWay.add(granted(failing(rule, amount("1.5"))));
        }
        underWay.forEach(call -> settle(call, CallOutcome.FAILED));

        assertThat(usage(failing(rule, Amount.ONE)).used()).isEqualTo(amount("22.5"));
        assertThat(admits(failing(rule, Amount.ZERO))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aFailureBelongsToTheWindowInWhichTheCallWasLetThrough(LimitRule rule) {
        Reservation.Granted late = granted(failing(rule, Amount.of(9)));
        advance(MINUTE);
        settle(late, CallOutcome.FAILED);

        assertThat(usage(failing(rule, Amount.ONE)).used()).isEqualTo(Amount.ZERO);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aBatchCountsFailuresAndCallsEachInItsWay(LimitRule rule) {
        Charge calls = charge(key("calls"), TEN_FIXED, Amount.ONE);
        settle(granted(failing(rule, Amount.of(10)), calls), CallOutcome.SUCCEEDED);
        assertThat(usage(failing(rule, Amount.ONE)).used()).isEqualTo(Amount.ZERO);
        settle(granted(failing(rule, Amount.of(10)), calls), CallOutcome.TOOL_ERROR);
        assertThat(refused(reserve(failing(rule, Amount.ONE), calls)).charge()).isZero();

        assertThat(usage(calls).used()).isEqualTo(Amount.of(2));
    }

    // ---- calls at the same time ----

    private static final Concurrent TWO_PLACES = new Concurrent(Amount.of(2), MINUTE);

    private Reservation.Granted place() {
        return granted(charge(key, TWO_PLACES, Amount.ONE));
    }

    private boolean hasPlace() {
        Reservation answer = reserve(charge(key, TWO_PLACES, Amount.ONE));
        if (answer instanceof Reservation.Granted granted) {
            settle(granted, CallOutcome.UNSENT);
            return true;
        }
        return false;
    }

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void everyOutcomeGivesAPlaceBackOnce(CallOutcome outcome) {
        Reservation.Granted first = place();
        place();
        assertThat(reserve(charge(key, TWO_PLACES, Amount.ONE)))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.NO_ROOM, null));

        settle(first, outcome);
        settle(first, outcome);
        place();
        assertThat(hasPlace()).isFalse();
    }

    @Test
    void aPlaceIsFreeAtTheEndOfItsLeaseAndNotBefore() {
        place();
        advance(SECOND);
        place();
        advance(MINUTE.minus(SECOND).minus(SECOND));
        assertThat(hasPlace()).isFalse();
        advance(SECOND);
        assertThat(hasPlace()).isTrue();
        place();
        assertThat(hasPlace()).isFalse();
    }

    @Test
    void aCallThatIsSettledLateFreesNoOtherPlace() {
        Reservation.Granted late = place();
        advance(MINUTE);
        place();
        place();

        settle(late, CallOutcome.SUCCEEDED);
        assertThat(hasPlace()).isFalse();
    }

    @Test
    void aPlaceIsTakenWithEverythingElseOrNot() {
        LimitKey other = key("other");
        admits(charge(other, TEN_FIXED, Amount.of(10)));
        assertThat(admits(charge(key, TWO_PLACES, Amount.ONE), charge(other, TEN_FIXED, Amount.ONE)))
                .isFalse();
        Reservation.Granted both =
                granted(charge(key, TWO_PLACES, Amount.ONE), charge(key("third"), TEN_FIXED, Amount.ONE));
        place();
        assertThat(reserve(charge(key("third"), TEN_FIXED, Amount.of(9)), charge(key, TWO_PLACES, Amount.ONE)))
                .isEqualTo(new Reservation.NotGranted(1, Reservation.Reason.NO_ROOM, null));

        settle(both, CallOutcome.SUCCEEDED);
        assertThat(hasPlace()).isTrue();
        assertThat(usage(charge(key("third"), TEN_FIXED, Amount.ZERO)).used()).isEqualTo(Amount.ONE);
    }

    @Test
    void oneCallMayTakeSeveralPlaces() {
        Charge one = charge(key, TWO_PLACES, Amount.ONE);
        assertThat(refused(reserve(one, one, one)).charge()).isEqualTo(2);
        Reservation.Granted both = granted(one, one);
        assertThat(hasPlace()).isFalse();

        settle(both, CallOutcome.FAILED);
        place();
        assertThat(hasPlace()).isTrue();
    }

    @Test
    void placesCanBeLookedAt() {
        place();
        assertThat(usage(charge(key, TWO_PLACES, Amount.ONE)))
                .isEqualTo(new Usage(Amount.ONE, Amount.ONE, Duration.ZERO));
        place();
        assertThat(usage(charge(key, TWO_PLACES, Amount.ONE))).isEqualTo(new Usage(Amount.of(2), Amount.ZERO, null));
    }

    @Test
    void theLeaseOfACallThatWaitsBeginsLater() {
        Reservation.Granted waits = place();
        place();
        limiter().hold(waits, MINUTE.plus(SECOND));
        advance(MINUTE.plus(MINUTE));
        place();
        assertThat(hasPlace()).isFalse();
        advance(SECOND);
        assertThat(hasPlace()).isTrue();
    }

    @Test
    void theLeaseOfACallThatIsSentBeginsNow() {
        Reservation.Granted waits = place();
        limiter().hold(waits, Duration.ofHours(1));
        advance(SECOND);
        limiter().hold(waits, Duration.ZERO);
        advance(MINUTE.minus(SECOND));
        place();
        assertThat(hasPlace()).isFalse();
        advance(SECOND);
        assertThat(hasPlace()).isTrue();
    }

    @Test
    void aLeaseThatHasEndedIsNotTakenUpAgain() {
        Reservation.Granted lost = place();
        advance(MINUTE);
        limiter().hold(lost, MINUTE);
        place();
        place();
        assertThat(hasPlace()).isFalse();
        settle(lost, CallOutcome.SUCCEEDED);
        assertThat(hasPlace()).isFalse();
    }

    @Test
    void aCallThatIsOverHasNoLeaseAnyMore() {
        Reservation.Granted over = place();
        settle(over, CallOutcome.SUCCEEDED);
        limiter().hold(over, MINUTE);
        place();
        assertThat(hasPlace()).isTrue();
    }

    @Test
    void aSmallerMaxCountsThePlacesThatAreTaken() {
        place();
        place();
        Charge one = charge(key, new Concurrent(Amount.ONE, SECOND), Amount.ONE);
        assertThat(admits(one)).isFalse();
        assertThat(admits(charge(key, new Concurrent(Amount.of(3), SECOND), Amount.ONE)))
                .isTrue();
        advance(SECOND);
        assertThat(hasPlace()).isFalse();
    }

    @Test
    void manyThreadsNeverHaveMorePlacesThanThereAre() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        together(16, () -> {
            int count = 0;
            for (int i = 0; i < 40; i++) {
                if (reserve(charge(key, TWO_PLACES, Amount.ONE)) instanceof Reservation.Granted granted) {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    now.decrementAndGet();
                    settle(granted, i % 2 == 0 ? CallOutcome.SUCCEEDED : CallOutcome.UNKNOWN);
                    count++;
                }
            }
            return count;
        });

        assertThat(most.get()).isBetween(1, 2);
        place();
        assertThat(hasPlace()).isTrue();
    }

    // ---- values of calls ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void valuesAreCountedSeparately(LimitRule rule) {
        admitted(10, rule);
        for (String values : List.of("x", "y", "x,y", "\u65e5\u672c", " x", "x".repeat(600))) {
            LimitKey separate = new LimitKey(key.limit(), key.subject(), values);
            assertThat(admits(charge(separate, rule, Amount.of(10)))).isTrue();
            assertThat(admits(charge(separate, rule, Amount.ONE))).isFalse();
        }
        assertThat(admits(charge(new LimitKey(key.limit(), "x", ""), rule, Amount.of(10))))
                .isTrue();
        assertThat(admits(charge(new LimitKey(key.limit(), "x", "x"), rule, Amount.of(10))))
                .isTrue();
        assertThat(admits(charge(new LimitKey(key.limit() + "x", "", ""), rule, Amount.of(10))))
                .isTrue();
    }

    // ---- many at once ----

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void manyThreadsTogetherAreAdmittedExactlyMax(LimitRule rule) throws Exception {
        LimitRule thousand = withMax(rule, 500);
        assertThat(together(4, () -> {
                    int count = 0;
                    for (int i = 0; i < 250; i++) {
                        if (admits(charge(key, thousand, Amount.ONE))) {
                            count++;
                        }
                    }
                    return count;
                }))
                .isEqualTo(500);
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void batchesOverTheSameKeysInAnyOrderNeitherBlockNorLeak(LimitRule rule) throws Exception {
        LimitRule limit = withMax(rule, 300);
        Charge a = charge(key("a"), limit, Amount.ONE);
        Charge b = charge(key("b"), limit, Amount.of(2));
        Charge c = charge(key("c"), limit, Amount.ONE);
        List<List<Charge>> batches = List.of(List.of(a, b), List.of(b, c, a), List.of(c, b));

        int count = together(4, () -> {
            int kept = 0;
            for (int i = 0; i < 300; i++) {
                if (limiter().reserve(batch(batches.get(i % 3))) instanceof Reservation.Granted granted) {
                    // What a fixed window gives back is exact, so there one in two may go and come back.
                    boolean back = rule instanceof FixedWindow && i % 2 == 0;
                    settle(granted, back ? CallOutcome.UNSENT : CallOutcome.SUCCEEDED);
                    kept += back ? 0 : 1;
                }
            }
            return kept;
        });
        assertThat(count).isEqualTo(150);
        assertThat(usage(charge(key("b"), limit, Amount.ZERO)).used()).isEqualTo(Amount.of(300));
    }

    // ---- what is good once ----

    @Test
    void aKeyThatIsGoodOnceIsGrantedOnceInItsLifetime() {
        for (CallOutcome outcome : List.of(CallOutcome.SUCCEEDED, CallOutcome.UNKNOWN)) {
            LimitKey once = new LimitKey("once", outcome.name());
            settle((Reservation.Granted) redeem(once), outcome);

            assertThat(redeem(once)).isInstanceOf(Reservation.NotGranted.class);
            assertThat(redeem(new LimitKey("once", "another" + outcome))).isInstanceOf(Reservation.Granted.class);
        }
        LimitKey last = new LimitKey("once", "last");
        redeem(last);
        advance(MINUTE.minusSeconds(1));
        assertThat(redeem(last)).isInstanceOf(Reservation.NotGranted.class);
        advance(SECOND);
        assertThat(redeem(last)).isInstanceOf(Reservation.Granted.class);
    }

    @Test
    void manyThreadsTogetherUseAKeyThatIsGoodOnceOnce() throws Exception {
        int used = together(4, () -> {
            int count = 0;
            for (int i = 0; i < 100; i++) {
                if (redeem(new LimitKey("once", "" + i)) instanceof Reservation.Granted granted) {
                    settle(granted, CallOutcome.SUCCEEDED);
                    count++;
                }
            }
            return count;
        });
        assertThat(used).isEqualTo(100);
    }

    private Reservation redeem(LimitKey key) {
        return limiter().reserve(Batch.once("use-" + calls.incrementAndGet(), key, Caller.of("ada", null), MINUTE));
    }

    private static int together(int threads, Callable<Integer> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Integer>> counts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                counts.add(pool.submit(work));
            }
            int sum = 0;
            for (Future<Integer> count : counts) {
                sum += count.get();
            }
            return sum;
        } finally {
            pool.shutdownNow();
        }
    }

    // ---- amounts that are known afterwards ----

    private Charge later(LimitRule rule, String held, String otherwise, ChargeMode mode) {
        return new Charge(key, rule, amount(held), mode).afterwards(amount(otherwise));
    }

    private Charge later(LimitRule rule, String held) {
        return later(rule, held, "10", ChargeMode.SUCCESS);
    }

    private void settle(Reservation.Granted reservation, CallOutcome outcome, String... spent) {
        limiter()
                .settle(
                        reservation,
                        outcome,
                        Stream.of(spent).map(RateLimiterContract::amount).toList());
    }

    private Amount used(LimitRule rule) {
        return usage(charge(key, rule, Amount.ZERO)).used();
    }

    @ParameterizedTest
    @MethodSource("windows")
    void theRealAmountTakesThePlaceOfWhatWasHeld(LimitRule rule) {
        Reservation.Granted more = granted(later(rule, "3"));
        Reservation.Granted less = granted(later(rule, "3"));
        assertThat(used(rule)).isEqualTo(Amount.of(6));

        settle(more, CallOutcome.SUCCEEDED, "4.5");
        assertThat(used(rule)).isEqualTo(amount("7.5"));
        settle(less, CallOutcome.TOOL_ERROR, "0.000001");
        assertThat(used(rule)).isEqualTo(amount("4.500001"));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void theRealAmountCountsAlsoPastTheMaximum(LimitRule rule) {
        settle(granted(later(rule, "1")), CallOutcome.SUCCEEDED, "25");

        assertThat(used(rule)).isEqualTo(Amount.of(25));
        assertThat(usage(charge(key, rule, Amount.LEAST)).room()).isEqualTo(Amount.ZERO);
        assertThat(admits(charge(key, rule, Amount.LEAST))).isFalse();
        assertThat(admits(later(rule, "0"))).isFalse();
        advance(MINUTE);
        assertThat(admits(charge(key, rule, Amount.of(10)))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aCallOfAnUnknownAmountIsAdmittedWhileThereIsAnyRoom(LimitRule rule) {
        assertThat(admits(charge(key, rule, amount("9.999999")))).isTrue();
        Reservation.Granted last = granted(later(rule, "0"));
        assertThat(used(rule)).isEqualTo(amount("9.999999"));
        settle(last, CallOutcome.SUCCEEDED, "0.000001");

        assertThat(refused(reserve(later(rule, "0"))).reason()).isEqualTo(Reservation.Reason.NO_ROOM);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void asMuchRoomAsIsHeldIsNeeded(LimitRule rule) {
        assertThat(admits(later(rule, "4"), later(rule, "4"))).isTrue();
        assertThat(admits(later(rule, "2.000001"))).isFalse();
        assertThat(admits(later(rule, "2"))).isTrue();
        assertThat(reserve(later(rule, "10.000001")))
                .isEqualTo(new Reservation.NotGranted(0, Reservation.Reason.TOO_LARGE, null));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void whatStaysUnknownCountsWhatTheChargeSays(LimitRule rule) {
        settle(granted(later(rule, "2", "2", ChargeMode.SUCCESS)), CallOutcome.SUCCEEDED);
        assertThat(used(rule)).isEqualTo(Amount.of(2));
        settle(granted(later(rule, "0", "5", ChargeMode.SENT)), CallOutcome.UNKNOWN);
        assertThat(used(rule)).isEqualTo(Amount.of(7));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void aCallThatFailsAddsNothingAndGivesBackWhatIsNotCharged(LimitRule rule) {
        settle(granted(later(rule, "2")), CallOutcome.FAILED, "9");
        settle(granted(later(rule, "2")), CallOutcome.UNSENT, "9");
        assertThat(used(rule)).isEqualTo(Amount.ZERO);
        settle(granted(later(rule, "2", "2", ChargeMode.SENT)), CallOutcome.UNSENT, "9");
        assertThat(used(rule)).isEqualTo(Amount.ZERO);
        settle(granted(later(rule, "2", "2", ChargeMode.SENT)), CallOutcome.FAILED, "9");
        assertThat(used(rule)).isEqualTo(Amount.of(2));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void theRealAmountIsCountedOnce(LimitRule rule) {
        Reservation.Granted call = granted(later(rule, "1"));
        settle(call, CallOutcome.SUCCEEDED, "3");
        settle(call, CallOutcome.SUCCEEDED, "3");
        settle(call, CallOutcome.UNSENT);

        assertThat(used(rule)).isEqualTo(Amount.of(3));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void theRealAmountBelongsToTheWindowInWhichTheCallWasAdmitted(LimitRule rule) {
        Reservation.Granted held = granted(later(rule, "1"));
        Reservation.Granted free = granted(later(rule, "0"));
        advance(MINUTE);
        assertThat(admits(charge(key, rule, Amount.of(9)))).isTrue();
        settle(held, CallOutcome.SUCCEEDED, "7");
        settle(free, CallOutcome.SUCCEEDED, "7");

        assertThat(used(rule)).isEqualTo(Amount.of(9));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void sumsPastEverythingAreNotForgotten(LimitRule rule) {
        List<Reservation.Granted> together = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            together.add(granted(later(rule, "0")));
        }
        advance(SECOND);
        Reservation.Granted last = granted(later(rule, "0"));
        together.forEach(call -> settle(call, CallOutcome.SUCCEEDED, "1000000000000"));
        settle(last, CallOutcome.SUCCEEDED, "4");

        assertThat(used(rule)).isEqualTo(Amount.MAX);
        advance(Duration.ofSeconds(59));
        assertThat(used(rule)).isEqualTo(rule.equals(TEN_FIXED) ? Amount.ZERO : Amount.of(4));
    }

    @ParameterizedTest
    @MethodSource("windows")
    void eachPartOfABatchHasItsOwnRealAmount(LimitRule rule) {
        LimitKey other = key("other");
        Reservation.Granted call = granted(
                charge(other, rule, Amount.ONE),
                charge(key("none"), rule, Amount.ZERO),
                later(rule, "1"),
                later(rule, "2"));
        limiter().settle(call, CallOutcome.SUCCEEDED, Arrays.asList(amount("99"), amount("99"), amount("3"), null));

        assertThat(used(rule)).isEqualTo(Amount.of(13));
        assertThat(usage(charge(other, rule, Amount.ZERO)).used()).isEqualTo(Amount.ONE);
    }

    // ---- what is counted without being checked ----

    static Stream<LimitRule> tenOfAnyKind() {
        return Stream.concat(tenAMinute(), Stream.of(new Concurrent(Amount.of(10), MINUTE)));
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatIsNotCheckedCountsPastTheMaximum(LimitRule rule) {
        assertThat(admitted(10, rule)).isEqualTo(10);
        Charge one = charge(key, rule, Amount.ONE);
        for (int i = 0; i < 5; i++) {
            assertThat(admits(one.withoutCheck())).isTrue();
        }

        assertThat(used(rule)).isEqualTo(Amount.of(15));
        assertThat(admits(one)).isFalse();
        advance(Duration.ofSeconds(59));
        assertThat(rule.equals(TEN_FIXED) || !admits(charge(key, rule, Amount.ONE), one, one, one, one))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("tenAMinute")
    void whatIsNotCheckedMayBeLargerThanTheMaximum(LimitRule rule) {
        assertThat(admits(charge(key, rule, Amount.of(30)).withoutCheck())).isTrue();

        assertThat(used(rule)).isEqualTo(Amount.of(30));
        assertThat(admits(charge(key, rule, Amount.LEAST))).isFalse();
        assertThat(admits(charge(key("fresh"), rule, Amount.MAX).withoutCheck()))
                .isTrue();
        assertThat(admits(charge(key("fresh"), rule, Amount.MAX).withoutCheck()))
                .isTrue();
        assertThat(admits(charge(key("fresh"), rule, Amount.LEAST))).isFalse();
    }

    @Test
    void aBucketThatHoldsNothingCountsNothing() {
        LimitRule nothing = new TokenBucket(Amount.ZERO, MINUTE);
        assertThat(admits(charge(key, nothing, Amount.ONE))).isFalse();
        assertThat(admits(charge(key, nothing, Amount.ONE).withoutCheck())).isTrue();

        assertThat(used(nothing)).isEqualTo(Amount.ZERO);
        assertThat(admits(charge(key, nothing, Amount.ONE))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tenOfAnyKind")
    void whatIsNotCheckedDoesNotExcuseWhatIs(LimitRule rule) {
        LimitKey other = key("other");
        assertThat(admitted(10, rule)).isEqualTo(10);
        Charge full = charge(key, rule, Amount.ONE);
        Charge recorded = charge(other, rule, Amount.ONE).withoutCheck();

        assertThat(refused(reserve(recorded, full)).charge()).isEqualTo(1);
        assertThat(usage(charge(other, rule, Amount.ZERO)).used()).isEqualTo(Amount.ZERO);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void whatIsNotCheckedIsGivenBackAndCountedAfterwardsLikeAnyOther(LimitRule rule) {
        assertThat(admitted(10, rule)).isEqualTo(10);
        settle(granted(charge(key, rule, Amount.ONE).withoutCheck()), CallOutcome.UNSENT);
        settle(granted(failing(rule, Amount.ONE).withoutCheck()), CallOutcome.FAILED);
        settle(granted(later(rule, "1").withoutCheck()), CallOutcome.SUCCEEDED, "4");

        assertThat(used(rule)).isEqualTo(Amount.of(15));
    }

    // ---- words for the above ----

    private static LimitKey key(String name) {
        return new LimitKey(name, "");
    }

    private static Amount amount(String decimal) {
        return Amount.of(new BigDecimal(decimal)).orElseThrow();
    }

    private static Charge charge(LimitKey key, LimitRule rule, Amount amount) {
        return new Charge(key, rule, amount, ChargeMode.SENT);
    }

    private Reservation reserve(Charge... charges) {
        return limiter().reserve(batch(List.of(charges)));
    }

    /** For a call of its own. */
    private Batch batch(List<Charge> charges) {
        return new Batch("call-" + calls.incrementAndGet(), charges);
    }

    private boolean admits(Charge... charges) {
        return reserve(charges) instanceof Reservation.Granted;
    }

    private Reservation.Granted granted(Charge... charges) {
        return (Reservation.Granted) reserve(charges);
    }

    private static Reservation.NotGranted refused(Reservation reservation) {
        return (Reservation.NotGranted) reservation;
    }

    /** How many of so many calls are admitted. */
    private int admitted(int calls, LimitRule rule) {
        int count = 0;
        for (int i = 0; i < calls; i++) {
            if (admits(charge(key, rule, Amount.ONE))) {
                count++;
            }
        }
        return count;
    }

    private void settle(Reservation.Granted reservation, CallOutcome outcome) {
        limiter().settle(reservation, outcome);
    }

    private Usage usage(Charge charge) {
        return limiter().usage(List.of(charge)).get(0);
    }
}
