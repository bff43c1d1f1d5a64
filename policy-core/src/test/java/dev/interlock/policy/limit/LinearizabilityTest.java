package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whatever interleaving of calls there is, some order of them one after the other gives the same answers, down to the
 * nanosecond of each {@code retryAfter}. Time is one of the things that happen: the clock may move in the midst of a call.
 */
class LinearizabilityTest {

    /** Three keys, one for each way of counting. */
    @Param(name = "key", gen = IntGen.class, conf = "0:2")
    @Param(name = "amount", gen = IntGen.class, conf = "1:2")
    @Param(name = "thread", gen = ThreadIdGen.class)
    public static class Calls {

        private static final List<LimitKey> KEYS =
                List.of(new LimitKey("0", ""), new LimitKey("1", ""), new LimitKey("2", ""));
        private static final List<LimitRule> RULES = List.of(
                new LimitRule.TokenBucket(Amount.of(3), Duration.ofSeconds(3)),
                new LimitRule.FixedWindow(Amount.of(3), new Window.Length(Duration.ofSeconds(3))),
                new LimitRule.SlidingWindow(Amount.of(3), Duration.ofSeconds(3)));
        private static final LimitRule OTHER_RULE = new LimitRule.TokenBucket(Amount.of(4), Duration.ofSeconds(2));

        private final AtomicLong seconds = new AtomicLong();
        private final InMemoryRateLimiter limiter = InMemoryRateLimiter.builder()
                .time(new TimeSource() {
                    @Override
                    public long wallMillis() {
                        return seconds.get() * 1_000;
                    }

                    @Override
                    public long monotonicNanos() {
                        return seconds.get() * 1_000_000_000;
                    }
                })
                .build();

        /** What each thread reserved and has not settled, seen by itself only. */
        private final List<List<Reservation.Granted>> open = new ArrayList<>();

        public Calls() {
            for (int thread = 0; thread < 8; thread++) {
                open.add(new ArrayList<>());
            }
        }

        /** 0, or which charge was refused and how long until it has room: texts take the checker too long. */
        private long reserve(int thread, List<Charge> charges) {
            Reservation answer = limiter.reserve(new Batch("", charges));
            if (answer instanceof Reservation.Granted granted) {
                open.get(thread).add(granted);
                return 0;
            }
            Reservation.Refused refused = (Reservation.Refused) answer;
            return 10 * nanos(refused.retryAfter()) + refused.charge() + 1;
        }

        private static long nanos(@Nullable Duration length) {
            return length == null ? -1 : length.toNanos();
        }

        private static Charge charge(int key, int amount) {
            return new Charge(KEYS.get(key), RULES.get(key), Amount.of(amount), ChargeMode.SENT);
        }

        @Operation
        public long one(
                @Param(name = "thread") int thread, @Param(name = "key") int key, @Param(name = "amount") int amount) {
            return reserve(thread, List.of(charge(key, amount)));
        }

        @Operation
        public long two(
                @Param(name = "thread") int thread, @Param(name = "key") int key, @Param(name = "amount") int amount) {
            return reserve(thread, List.of(charge((key + 1) % 3, amount), charge(key, 1)));
        }

        @Operation
        public long byAnotherRule(@Param(name = "thread") int thread, @Param(name = "amount") int amount) {
            return reserve(thread, List.of(new Charge(KEYS.get(0), OTHER_RULE, Amount.of(amount), ChargeMode.SENT)));
        }

        @Operation
        public void giveBack(@Param(name = "thread") int thread) {
            List<Reservation.Granted> mine = open.get(thread);
            if (!mine.isEmpty()) {
                limiter.settle(mine.remove(mine.size() - 1), Settlement.UNSENT);
            }
        }

        @Operation
        public long look(@Param(name = "key") int key) {
            Usage usage = limiter.usage(List.of(charge(key, 1))).get(0);
            return 10 * nanos(usage.retryAfter()) + usage.used().micros() / Amount.ONE_MICROS;
        }

        @Operation
        public void advance() {
            seconds.incrementAndGet();
        }
    }

    /** Token buckets alone, with parts of calls among whole ones. */
    @Param(name = "thread", gen = ThreadIdGen.class)
    public static class Buckets {
        private static final LimitRule RULE = new LimitRule.TokenBucket(Amount.of(2), Duration.ofSeconds(2));
        private final Calls calls = new Calls();

        private long reserve(int thread, String key, long micros) {
            return calls.reserve(
                    thread, List.of(new Charge(new LimitKey(key, ""), RULE, new Amount(micros), ChargeMode.SENT)));
        }

        @Operation
        public long whole(@Param(name = "thread") int thread) {
            return reserve(thread, "a", Amount.ONE_MICROS);
        }

        @Operation
        public long half(@Param(name = "thread") int thread) {
            return reserve(thread, "a", Amount.ONE_MICROS / 2);
        }

        @Operation
        public long another(@Param(name = "thread") int thread) {
            return reserve(thread, "b", Amount.ONE_MICROS);
        }

        @Operation
        public void giveBack(@Param(name = "thread") int thread) {
            calls.giveBack(thread);
        }

        @Operation
        public void advance() {
            calls.advance();
        }
    }

    /** Taken for correct, so that the interleavings that are tried are those of the limiter's own steps. */
    private static boolean isTrusted(String className) {
        return className.startsWith("com.github.benmanes.caffeine.")
                || (className.startsWith("java.util.") && !className.startsWith("java.util.concurrent.locks."));
    }

    private static ModelCheckingOptions everyInterleaving() {
        return new ModelCheckingOptions()
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(LinearizabilityTest::isTrusted)
                        .allMethods()
                        .treatAsAtomic())
                .iterations(6)
                .invocationsPerIteration(100)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(2)
                .actorsAfter(2);
    }

    private static StressOptions realThreads() {
        return new StressOptions()
                .iterations(10)
                .invocationsPerIteration(300)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2);
    }

    @Test
    void all_kinds_of_limits_are_linearizable_in_every_interleaving() {
        everyInterleaving().check(Calls.class);
    }

    @Test
    void all_kinds_of_limits_are_linearizable_on_real_threads() {
        realThreads().check(Calls.class);
    }

    @Test
    void buckets_are_linearizable_in_every_interleaving() {
        everyInterleaving().check(Buckets.class);
    }
}
