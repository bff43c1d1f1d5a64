package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The law of calls with several rounds: whatever clients and servers do, each new call is charged once and settled
 * once, only the call that a server has asked to be made again goes on, and nothing is left over.
 */
class ContinuationProperties {

    private static final Duration TIME_TO_LIVE = Duration.ofMinutes(10);

    private static final Policy COUNTED = counted(10);

    private static Policy counted(int rounds) {
        return Policy.of(Policies.star(Policies.rounds(
                rounds,
                Policies.entry(List.of(Policies.rate("all", Policies.hourly(1_000_000))), List.of(), List.of()))));
    }

    /** Who calls what, and with what: each part has two values, and a call that differs in one is another call. */
    private record Parts(int identity, int session, int server, int tool, int argument, int parameter) {

        ToolCall call(@Nullable String state, @Nullable Set<String> answered) {
            Map<String, Object> parameters = new LinkedHashMap<>();
            parameters.put("_meta", Map.of("conversation", parameter));
            if (state != null) {
                parameters.put("requestState", state);
            }
            if (answered != null) {
                Map<String, Object> responses = new TreeMap<>();
                answered.forEach(key -> responses.put(key, Map.of("action", "accept")));
                parameters.put("inputResponses", responses);
            }
            return ToolCall.of("tool" + tool, Map.of("n", argument))
                    .by("identity" + identity)
                    .in("session" + session)
                    .on("server" + server)
                    .saying((ObjectValue) Value.freeze(parameters));
        }
    }

    private enum Act {
        CALL,
        ANSWER_COMPLETE,
        ANSWER_ERROR,
        ANSWER_INPUT_REQUIRED,
        CANCEL,
        NOT_SENT,
        CONTINUE,
        CONTINUE_AS_OTHER,
        CONTINUE_WITH_MORE,
        FORGE,
        REPLAY,
        WAIT
    }

    /**
     * @param which which of the calls, as far as there are any
     * @param state the state that the server gives; few, so that it gives the same one to several calls; 0 for none
     * @param asked what the server asks for
     */
    record Step(Act act, int which, Parts parts, int state, Set<String> asked) {}

    /** A call that a server has asked to be made again, in the model. */
    private static final class Waiting {
        final Parts parts;
        final @Nullable String state;
        final Set<String> asked;
        final long since;
        final int rounds;

        Waiting(Parts parts, @Nullable String state, Set<String> asked, long since, int rounds) {
            this.parts = parts;
            this.state = state;
            this.asked = asked;
            this.since = since;
            this.rounds = rounds;
        }
    }

    private record Running(Parts parts, GuardedCall call, long since, int rounds) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Integer> two = Arbitraries.integers().between(0, 1);
        Arbitrary<Parts> parts =
                Combinators.combine(two, two, two, two, two, two).as(Parts::new);
        Arbitrary<Set<String>> asked = Arbitraries.of("a", "b", "c").set().ofMaxSize(3);
        return Combinators.combine(
                        Arbitraries.of(Act.class),
                        Arbitraries.integers().between(0, 7),
                        parts,
                        Arbitraries.integers().between(0, 3),
                        asked)
                .as(Step::new)
                .list()
                .ofMaxSize(60);
    }

    /** Few, so that calls come to their end; or as many as there may be. */
    @Provide
    Arbitrary<Integer> rounds() {
        return Arbitraries.of(0, 1, 2, 3, 10, 10);
    }

    @Property(tries = 500)
    void eachNewCallIsChargedOnceAndSettledOnceWhateverHappens(
            @ForAll("steps") List<Step> steps, @ForAll("rounds") int rounds) {
        new World(rounds).play(steps);
    }

    /** The guard beside a model that keeps its calls in a plain list. */
    private static final class World {
        private final ManualTime clock = new ManualTime();
        private final RecordingLimiter limiter = new RecordingLimiter();
        private final Continuations continuations = new Continuations(clock, clock, TIME_TO_LIVE, 1_000);
        private final int most;
        private final CallGuard guard;

        private final List<Running> running = new ArrayList<>();
        private final List<Waiting> waiting = new ArrayList<>();
        private final List<Waiting> used = new ArrayList<>();
        private int charged;

        World(int most) {
            this.most = most;
            this.guard = new CallGuard(
                    PolicyEngine.builder(counted(most)).rateLimiter(limiter).build(), continuations);
        }

        void play(List<Step> steps) {
            for (Step step : steps) {
                act(step);
                assertThat(limiter.reserved()).as("charges after %s", step).isEqualTo(charged);
                assertThat(limiter.settledNoneTwice()).isTrue();
                assertThat(continuations.size()).as("open after %s", step).isEqualTo(waiting.size());
            }
            running.forEach(call -> call.call().settle(CallOutcome.UNKNOWN));
            clock.advance(TIME_TO_LIVE);
            assertThat(continuations.size()).isZero();
            assertThat(clock.alarms()).isZero();
            assertThat(limiter.settledEachOnce()).isTrue();
        }

        private void act(Step step) {
            Waiting open = waiting.isEmpty() ? null : waiting.get(step.which() % waiting.size());
            switch (step.act()) {
                case CALL -> make(step.parts(), null, null);
                case CONTINUE -> {
                    if (open != null) {
                        make(
                                open.parts,
                                open.state,
                                open.state == null ? open.asked : step.which() % 2 == 0 ? null : open.asked);
                    }
                }
                case CONTINUE_AS_OTHER -> {
                    if (open != null) {
                        make(step.parts(), open.state, open.asked);
                    }
                }
                case CONTINUE_WITH_MORE -> {
                    if (open != null) {
                        Set<String> more = new TreeSet<>(open.asked);
                        more.addAll(step.asked());
                        make(open.parts, open.state, more);
                    }
                }
                case FORGE -> make(step.parts(), "forged" + step.state(), step.asked());
                case REPLAY -> {
                    if (!used.isEmpty()) {
                        Waiting before = used.get(step.which() % used.size());
                        make(before.parts, before.state, before.asked);
                    }
                }
                case WAIT -> {
                    clock.advance(Duration.ofMinutes(3));
                    waiting.removeIf(this::isExpired);
                }
                default -> {
                    if (!running.isEmpty()) {
                        end(running.remove(step.which() % running.size()), step);
                    }
                }
            }
        }

        private boolean isExpired(Waiting call) {
            return clock.monotonicNanos() - call.since >= TIME_TO_LIVE.toNanos();
        }

        private void make(Parts parts, @Nullable String state, @Nullable Set<String> answered) {
            GuardedCall call = guard.admit(parts.call(state, answered), AdmitOptions.DEFAULT)
                    .join();
            Waiting before = state == null && answered == null ? null : find(parts, state, answered);
            if (before != null) {
                waiting.remove(before);
                used.add(before);
            }
            if (before == null || before.rounds >= most) {
                charged++;
                running.add(new Running(parts, call, 0, 0));
            } else {
                running.add(new Running(parts, call, before.since, before.rounds + 1));
            }
            assertThat(call.round()).isEqualTo(running.get(running.size() - 1).rounds());
            assertThat(call.decision().allowed()).isTrue();
        }

        private @Nullable Waiting find(Parts parts, @Nullable String state, @Nullable Set<String> answered) {
            return waiting.stream()
                    .filter(open -> open.parts.equals(parts)
                            && java.util.Objects.equals(open.state, state)
                            && open.asked.containsAll(answered == null ? Set.of() : answered))
                    .findFirst()
                    .orElse(null);
        }

        private void end(Running call, Step step) {
            switch (step.act()) {
                case ANSWER_COMPLETE -> answer(call.call(), Map.of("content", List.of()));
                case ANSWER_ERROR -> call.call().settle(CallOutcome.FAILED);
                case CANCEL -> call.call().settle(CallOutcome.UNKNOWN);
                case NOT_SENT -> call.call().unsent();
                default -> {
                    String state = step.state() == 0 ? null : "state" + step.state();
                    Map<String, Object> requests = new LinkedHashMap<>();
                    step.asked().forEach(key -> requests.put(key, Map.of("method", "elicitation/create")));
                    Map<String, Object> result = new LinkedHashMap<>();
                    result.put("resultType", "input_required");
                    result.put("inputRequests", requests);
                    if (state != null) {
                        result.put("requestState", state);
                    }
                    boolean passes = answer(call.call(), result).allowed();
                    assertThat(passes).isEqualTo(most > 0);
                    long since = call.rounds() == 0 ? clock.monotonicNanos() : call.since();
                    Waiting open = new Waiting(call.parts(), state, step.asked(), since, call.rounds());
                    if (passes && call.rounds() < 10 && !isExpired(open)) {
                        waiting.add(open);
                    }
                }
            }
        }
    }

    @Test
    void ofManyThatUseOneStateAtOnceOneGoesOn() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        ManualTime clock = new ManualTime();
        Continuations continuations = new Continuations(clock, clock, TIME_TO_LIVE, 1_000);
        CallGuard guard =
                new CallGuard(PolicyEngine.builder(COUNTED).rateLimiter(limiter).build(), continuations);
        Parts parts = new Parts(0, 0, 0, 0, 0, 0);
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int time = 0; time < 200; time++) {
                String state = "state" + time;
                answer(
                        guard.admit(parts.call(null, null), AdmitOptions.DEFAULT)
                                .join(),
                        Map.of("resultType", "input_required", "requestState", state));
                ConcurrentLinkedQueue<GuardedCall> made = new ConcurrentLinkedQueue<>();
                CountDownLatch start = new CountDownLatch(threads);
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    all.add(pool.submit(() -> {
                        start.countDown();
                        start.await();
                        return made.add(guard.admit(parts.call(state, null), AdmitOptions.DEFAULT)
                                .join());
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
                assertThat(made.stream().filter(call -> call.round() == 1)).hasSize(1);
                made.forEach(call -> answer(call, Map.of()));
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(limiter.reserved()).isEqualTo(200 * threads);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(continuations.size()).isZero();
    }

    private static Decision answer(GuardedCall call, @Nullable Object result) {
        return call.answered(CallResult.of(result)).toCompletableFuture().join().decision();
    }
}
