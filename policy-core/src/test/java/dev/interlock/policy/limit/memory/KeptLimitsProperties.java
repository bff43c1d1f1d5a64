package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** Counts that are written and read again between any two calls answer as those in memory. */
class KeptLimitsProperties {

    private static final Instant START = Instant.parse("2026-11-30T23:58:30Z");

    /** What happens, some time after what happened before. */
    record Step(Duration before, List<Charge> batch, int call, int what, CallOutcome outcome, long spent) {}

    /** Counts as bytes, as a store keeps them. */
    private static final class Stored {
        private final Map<LimitKey, KeptLimits.KeptCount> rows = new TreeMap<>();
        private long now = START.getEpochSecond() * 1_000_000_000L;

        KeptLimits read(Collection<LimitKey> keys) {
            KeptLimits limits = new KeptLimits(now);
            for (LimitKey key : keys) {
                KeptLimits.KeptCount row = rows.get(key);
                if (row != null) {
                    limits.put(key, row.generation(), row.state());
                }
            }
            return limits;
        }

        void write(KeptLimits limits) {
            for (KeptLimits.KeptCount change : limits.changes()) {
                KeptLimits.KeptCount before = rows.put(change.key(), change);
                assertThat(change.isNew()).isEqualTo(before == null);
            }
        }
    }

    @Property(tries = 2_000)
    void theyAnswerAsThoseInMemory(@ForAll("courses") List<Step> course) {
        ManualTime time = ManualTime.at(START.toString());
        InMemoryRateLimiter memory = InMemoryRateLimiter.builder().time(time).build();
        Stored stored = new Stored();
        List<Reservation.Granted> granted = new ArrayList<>();
        List<KeptLimits.KeptGrant> kept = new ArrayList<>();
        for (Step step : course) {
            time.advance(step.before);
            stored.now += step.before.toNanos();
            int call = granted.isEmpty() ? -1 : step.call % granted.size();
            if (step.what == 0 && call >= 0) {
                List<@Nullable Amount> spent = Arrays.asList(new Amount(step.spent), null);
                memory.settle(granted.get(call), step.outcome, spent);
                granted.remove(call);
                KeptLimits.KeptGrant grant = kept.remove(call);
                KeptLimits limits = stored.read(grant.changedBy(step.outcome));
                limits.settle(grant, step.outcome, spent);
                stored.write(limits);
            } else if (step.what == 1 && call >= 0) {
                Duration wait = Duration.ofSeconds(step.call);
                memory.hold(granted.get(call), wait);
                KeptLimits limits = stored.read(kept.get(call).leased());
                limits.hold(kept.get(call), wait);
                stored.write(limits);
            } else {
                Reservation answer = memory.reserve(new Batch("", step.batch));
                KeptLimits limits = stored.read(KeptLimits.keys(step.batch));
                Reservation same = limits.reserve(step.batch);
                if (answer instanceof Reservation.Granted grant) {
                    granted.add(grant);
                    kept.add((KeptLimits.KeptGrant) same);
                    stored.write(limits);
                } else {
                    assertThat(same).isEqualTo(answer);
                    assertThat(limits.changes()).allMatch(change -> !change.isNew());
                }
            }

            KeptLimits read = stored.read(stored.rows.keySet());
            assertThat(read.usage(step.batch))
                    .as("%s", step.batch.stream().map(Charge::rule).toList())
                    .isEqualTo(memory.usage(step.batch));
            assertThat(stored.rows.keySet().stream()
                            .map(read::record)
                            .filter(record -> record != null && !record.used().equals(Amount.ZERO))
                            .toList())
                    .isEqualTo(used(memory));
        }
    }

    private static List<LimitRecord> used(InMemoryRateLimiter memory) {
        return memory.records().list(null, 100).stream()
                .filter(record -> !record.used().equals(Amount.ZERO))
                .toList();
    }

    @Property
    void nothingIsCountedFromItsEndOn(@ForAll("courses") List<Step> course) {
        Stored stored = new Stored();
        for (Step step : course) {
            stored.now += step.before.toNanos();
            KeptLimits limits = stored.read(KeptLimits.keys(step.batch));
            if (limits.reserve(step.batch) instanceof Reservation.Granted) {
                stored.write(limits);
            }
        }
        for (KeptLimits.KeptCount row : stored.rows.values()) {
            if (row.freshAt() < Long.MAX_VALUE) {
                stored.now = Math.max(stored.now, row.freshAt());
                assertThat(stored.read(Set.of(row.key())).record(row.key()))
                        .as("a %s", row.kind())
                        .isNull();
            }
        }
    }

    @Property
    void bytesThatAreCutShortOrAddedToAreRefused(@ForAll("courses") List<Step> course) {
        Stored stored = new Stored();
        for (Step step : course) {
            KeptLimits limits = stored.read(KeptLimits.keys(step.batch));
            limits.reserve(step.batch);
            stored.write(limits);
        }
        for (KeptLimits.KeptCount row : stored.rows.values()) {
            int whole = row.state().length;
            for (int length : new int[] {0, 1, whole / 2, whole - 1, whole + 1}) {
                byte[] other = Arrays.copyOf(row.state(), length);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> new KeptLimits(stored.now).put(row.key(), 1, other));
            }
        }
    }

    @Property
    void bytesOfAnySortAreReadOrRefused(@ForAll byte[] any, @ForAll("kinds") byte kind) {
        byte[] bytes = new byte[any.length + 2];
        bytes[0] = 1;
        bytes[1] = kind;
        System.arraycopy(any, 0, bytes, 2, any.length);
        try {
            new KeptLimits(0).put(new LimitKey("a", ""), 1, bytes);
        } catch (IllegalArgumentException expected) {
            assertThat(expected).hasMessageContaining("");
        }
    }

    @Provide
    Arbitrary<Byte> kinds() {
        return Arbitraries.of("BXFSP".chars().mapToObj(kind -> (byte) kind).toList());
    }

    /** A clock that is wrong by decades is bounded; it breaks nothing. */
    @Example
    void timesBeforeAndAfterAllTimesStandStill() {
        Charge charge = new Charge(
                new LimitKey("a", ""),
                new LimitRule.TokenBucket(Amount.ONE, Duration.ofDays(366)),
                Amount.ONE,
                ChargeMode.SENT);
        for (long now : new long[] {Long.MIN_VALUE / 2, -1, 0, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
            KeptLimits limits = new KeptLimits(now);
            assertThat(limits.reserve(List.of(charge))).isInstanceOf(Reservation.Granted.class);
            KeptLimits.KeptCount row = limits.changes().get(0);
            KeptLimits again = new KeptLimits(now);
            again.put(row.key(), row.generation(), row.state());
            assertThat(again.reserve(List.of(charge))).isInstanceOf(Reservation.NotGranted.class);
            assertThat(row.freshAt()).isGreaterThanOrEqualTo(now);
        }
    }

    @Provide
    Arbitrary<List<Step>> courses() {
        // Each length is a whole number of nanoseconds for each call: a bucket of whole calls rounds the others, and
        // which
        // bucket is one depends on whether the memory has forgotten it meanwhile.
        Arbitrary<Amount> maxima = Arbitraries.of(
                Amount.of(1), Amount.of(4), Amount.of(10), new Amount(7_500_000), Amount.MAX, Amount.ZERO);
        Arbitrary<Duration> lengths = Arbitraries.of(1L, 60L, 3_600L).map(Duration::ofSeconds);
        Arbitrary<Window> windows = Arbitraries.of(
                Window.Calendar.MINUTE,
                Window.Calendar.MONTH,
                new Window.Length(Duration.ofSeconds(90)),
                Window.Calendar.in(Window.Calendar.DAY, ZoneId.of("Asia/Kolkata")));
        Arbitrary<LimitRule> rules = Arbitraries.oneOf(
                Combinators.combine(maxima, lengths).as(LimitRule.TokenBucket::new),
                Combinators.combine(maxima, lengths).as(LimitRule.SlidingWindow::new),
                Combinators.combine(maxima.injectNull(0.2), windows).as(LimitRule.FixedWindow::new),
                Combinators.combine(maxima, lengths).as(LimitRule.Concurrent::new));
        Arbitrary<Long> amounts =
                Arbitraries.of(0L, 1L, 250_000L, 1_000_000L, 2_000_000L, 4_500_000L, Amount.MAX.micros());
        Arbitrary<Charge> charges = Combinators.combine(
                        Arbitraries.of("a", "b"),
                        rules,
                        amounts,
                        Arbitraries.of(ChargeMode.values()),
                        Arbitraries.of(0, 0, 0, 1, 2))
                .as(KeptLimitsProperties::charge);
        // Few rules in one course, so that its charges meet.
        return charges.list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .flatMap(few -> Combinators.combine(
                                Arbitraries.of(0L, 0L, 1L, 400_000_000L, 7_000_000_000L, 61_000_000_000L)
                                        .map(Duration::ofNanos),
                                Arbitraries.of(few).list().ofMinSize(1).ofMaxSize(3),
                                Arbitraries.integers().between(0, 9),
                                Arbitraries.of(0, 1, 2, 2, 2),
                                Arbitraries.of(CallOutcome.values()),
                                Arbitraries.of(0L, 1L, 3_000_000L))
                        .as(Step::new)
                        .list()
                        .ofMinSize(1)
                        .ofMaxSize(25));
    }

    private static Charge charge(String key, LimitRule rule, long micros, ChargeMode mode, int what) {
        boolean window = rule instanceof LimitRule.FixedWindow || rule instanceof LimitRule.SlidingWindow;
        Amount amount = rule instanceof LimitRule.Concurrent ? Amount.ONE : new Amount(micros);
        ChargeMode own = window || mode != ChargeMode.FAILURES ? mode : ChargeMode.SENT;
        Charge charge = new Charge(new LimitKey(key, "s"), rule, amount, own);
        if (what == 1 && window && own != ChargeMode.FAILURES) {
            return charge.afterwards(Amount.of(2));
        }
        // A bucket that is overdrawn by centuries is only said to be so; by how many depends on when its clock began.
        boolean vast = amount.equals(Amount.MAX) && rule instanceof LimitRule.TokenBucket;
        return what == 2 && !vast ? charge.withoutCheck() : charge;
    }
}
