package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.OpeningLimiter;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.time.TimeSource;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
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
 * nanosecond of each {@code retryAfter}. Time is one of the things that happen: the clock may move in the midst of a
 * call.
 */
class LinearizabilityTest {

    /** More than a build has time for, with {@code -Pnightly}. */
    private static final int THOROUGHNESS = Boolean.getBoolean("interlock.thorough") ? 5 : 1;

    /** Three keys, one for each way of counting. */
    private static final int BUCKET = 0;

    private static final int FIXED = 1;
    private static final int SLIDING = 2;

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

        /** The short way for single charges, in the same cells. */
        private final RateLimiter opening = new OpeningLimiter(limiter);

        /** What each thread reserved and has not settled, seen by itself only. */
        private final List<List<Reservation.Granted>> open = new ArrayList<>();

        public Calls() {
            for (int thread = 0; thread < 8; thread++) {
                open.add(new ArrayList<>());
            }
        }

        /** 0, or which charge was refused and how long until it has room: texts take the checker too long. */
        private long reserve(int thread, List<Charge> charges) {
            // One thread goes one way, the next the other.
            Reservation answer = (thread % 2 == 0 ? limiter : opening).reserve(new Batch("", charges));
            if (answer instanceof Reservation.Granted granted) {
                open.get(thread).add(granted);
                return 0;
            }
            Reservation.NotGranted refused = (Reservation.NotGranted) answer;
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
        public long half(@Param(name = "thread") int thread) {
            Amount half = new Amount(Amount.ONE_MICROS / 2);
            return reserve(thread, List.of(new Charge(KEYS.get(0), RULES.get(0), half, ChargeMode.SENT)));
        }

        @Operation
        public void giveBack(@Param(name = "thread") int thread) {
            List<Reservation.Granted> mine = open.get(thread);
            if (!mine.isEmpty()) {
                opening.settle(mine.remove(mine.size() - 1), CallOutcome.UNSENT);
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

    /** One operation of a scenario. */
    private static Actor call(String name, Integer... arguments) {
        Method method = Arrays.stream(Calls.class.getMethods())
                .filter(candidate -> candidate.getName().equals(name))
                .findFirst()
                .orElseThrow();
        return new Actor(method, List.of(arguments), false, false, false, false, false);
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other) {
        List<Actor> after = List.of(call("look", 0), call("look", 1), call("look", 2));
        return new ExecutionScenario(before, List.of(one, other), after, null);
    }

    /** What two threads do at once, after something that was done before. The first argument is the thread. */
    private static final Map<String, ExecutionScenario> SCENARIOS = Map.of(
            "the clock moves while a used-up bucket refuses",
            scenario(
                    List.of(call("one", 0, BUCKET, 3)),
                    List.of(call("one", 0, BUCKET, 1)),
                    List.of(call("advance"), call("one", 1, BUCKET, 1))),
            "a batch comes between two single calls",
            scenario(
                    List.of(call("one", 0, BUCKET, 1)),
                    List.of(call("two", 0, BUCKET, 2)),
                    List.of(call("one", 1, FIXED, 2), call("one", 1, BUCKET, 2))),
            "two batches share a key, each with another",
            scenario(
                    List.of(),
                    List.of(call("two", 0, BUCKET, 2), call("look", FIXED)),
                    List.of(call("two", 1, FIXED, 2), call("look", BUCKET))),
            "no thread sees half of a batch",
            scenario(
                    List.of(call("advance")),
                    List.of(call("two", 0, SLIDING, 2)),
                    List.of(call("look", BUCKET), call("look", SLIDING), call("look", BUCKET))),
            "something is given back while others reserve",
            scenario(
                    List.of(call("one", 0, BUCKET, 2), call("one", 1, BUCKET, 1)),
                    List.of(call("giveBack", 0), call("one", 0, BUCKET, 2)),
                    List.of(call("giveBack", 1), call("one", 1, BUCKET, 1))),
            "a batch is given back while others reserve",
            scenario(
                    List.of(call("two", 0, FIXED, 2)),
                    List.of(call("giveBack", 0)),
                    List.of(call("one", 1, FIXED, 3), call("one", 1, SLIDING, 2))),
            "a rule changes while others reserve by the old one",
            scenario(
                    List.of(call("one", 0, BUCKET, 1), call("one", 1, BUCKET, 1)),
                    List.of(call("byAnotherRule", 0, 2), call("giveBack", 0)),
                    List.of(call("one", 1, BUCKET, 1), call("giveBack", 1))),
            "half a call comes between whole ones",
            scenario(
                    List.of(call("one", 0, BUCKET, 2)),
                    List.of(call("half", 0), call("half", 0)),
                    List.of(call("one", 1, BUCKET, 1), call("giveBack", 1))),
            "a key is dropped while it is charged",
            scenario(
                    List.of(call("one", 0, BUCKET, 1), call("advance"), call("advance")),
                    List.of(call("one", 0, SLIDING, 1), call("one", 0, FIXED, 1)),
                    List.of(call("one", 1, BUCKET, 3), call("one", 1, BUCKET, 1))));

    @Test
    void callsAtOnceAreLinearizableInManyInterleavingsOfTheirSteps() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(LinearizabilityTest::isTrusted)
                        .allMethods()
                        .treatAsAtomic())
                .iterations(0)
                .invocationsPerIteration(50 * THOROUGHNESS)
                .minimizeFailedScenario(false);
        SCENARIOS.values().forEach(options::addCustomScenario);
        options.check(Calls.class);
    }

    /** Taken for correct, so that the interleavings that are tried are those of the limiter's own steps. */
    private static boolean isTrusted(String className) {
        return className.startsWith("java.util.") && !className.startsWith("java.util.concurrent.locks.");
    }

    @Test
    void callsAtOnceAreLinearizableOnRealThreads() {
        new StressOptions()
                .iterations(7 * THOROUGHNESS)
                .invocationsPerIteration(300)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(Calls.class);
    }
}
