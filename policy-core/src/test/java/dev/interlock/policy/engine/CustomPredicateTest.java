package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.count;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conditions that ask a predicate of the host's. */
@Timeout(60)
class CustomPredicateTest {

    private final List<String> questions = Collections.synchronizedList(new ArrayList<>());
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());

    private static Condition asks(String path) {
        return asks(path, Operand.custom("good", Value.Nil.NULL));
    }

    private static Condition asks(String path, Operand operand) {
        return new Condition(Path.parse(path), Operator.CUSTOM, operand, null, Place.of(path));
    }

    private boolean isGood(Value value, Value operand) {
        questions.add(value.json() + " " + operand.json());
        if (value.json().equals("\"broken\"")) {
            throw new IllegalStateException("broken");
        }
        return value.json().startsWith("\"good");
    }

    private PolicyEngine.Builder builder(Policy policy) {
        return PolicyEngine.builder(policy).predicate("good", this::isGood).listener(new EngineListener() {
            @Override
            public void failed(ToolCall call, Throwable failure) {
                throw new AssertionError(failure);
            }

            @Override
            public void predicateFailed(ToolCall call, String predicate, Throwable failure) {
                assertThat(predicate).isEqualTo("good");
                failures.add(failure);
            }
        });
    }

    private Decision decide(Policy policy, Map<String, ?> arguments) {
        return builder(policy).build().decide(Desk.pay(arguments));
    }

    @ParameterizedTest
    @CsvSource({"good, TRUE", "bad, FALSE", "broken, INVALID", ", INVALID"})
    void theHostSaysWhetherItHolds(@Nullable String value, Truth expected) {
        Map<String, Object> arguments = value == null ? Map.of() : Map.of("a", value);

        assertThat(decide(require(asks("args.a")), arguments).allowed()).isEqualTo(expected == Truth.TRUE);
        assertThat(decide(denyIf(asks("args.a")), arguments).allowed()).isEqualTo(expected == Truth.FALSE);
        assertThat(decide(pay(ask("rule", asks("args.a"))), arguments).verdict())
                .isEqualTo(expected == Truth.FALSE ? Verdict.ALLOWED : Verdict.NEEDS_APPROVAL);
        assertThat(failures).hasSize("broken".equals(value) ? 3 : 0);
    }

    @Test
    void nullIsNoQuestion() {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put("a", null);

        assertThat(decide(denyIf(asks("args.a")), arguments).allowed()).isFalse();
        assertThat(decide(denyIf(asks("args.a")), Map.of("a", "x", "A", "good")).allowed())
                .isFalse();
        assertThat(questions).isEmpty();
    }

    @Test
    void itIsGivenTheValueAndWhatItIsComparedWith() {
        ToolCall call = Desk.pay(Map.of("a", "good")).with((ObjectValue) Value.freeze(Map.of("user", "u1")));
        Condition fixed = asks("args.a", Operand.custom("good", Value.freeze(List.of(1, "b"))));
        Condition from = asks("args.a", Operand.custom("good", Path.parse("ctx.user")));
        Condition nothing = asks("args.a", Operand.custom("good", Path.parse("ctx.nobody")));
        PolicyEngine engine = builder(require(fixed, from, asks("args.a"))).build();

        assertThat(engine.decide(call).allowed()).isTrue();
        assertThat(questions).containsExactly("\"good\" [1,\"b\"]", "\"good\" \"u1\"", "\"good\" null");
        assertThat(builder(denyIf(nothing)).build().decide(call).allowed()).isFalse();
        assertThat(questions).hasSize(3);
    }

    @Test
    void itIsAskedAboutElementsOfLists() {
        Policy every = require(asks("args.l[*]"));
        Policy any = require(asks("args.l[any]"));

        assertThat(decide(every, Map.of("l", List.of("good", "good2"))).allowed())
                .isTrue();
        assertThat(questions).containsExactlyInAnyOrder("\"good\" null", "\"good2\" null");
        assertThat(decide(every, Map.of("l", List.of("good", "bad"))).allowed()).isFalse();
        assertThat(decide(every, Map.of("l", List.of())).allowed()).isTrue();
        assertThat(decide(any, Map.of("l", List.of("bad", "good"))).allowed()).isTrue();
        assertThat(decide(any, Map.of("l", List.of("bad", "broken"))).allowed()).isFalse();
        assertThat(decide(any, Map.of("l", List.of())).allowed()).isFalse();
    }

    @Test
    void oneCallAsksOnlySoMuch() {
        List<String> many = new ArrayList<>();
        for (int i = 0; i < CustomPredicate.MAX_QUESTIONS + 10; i++) {
            many.add("good" + i);
        }

        assertThat(decide(require(asks("args.l[*]")), Map.of("l", many)).code()).isEqualTo(Code.PREDICATE);
        assertThat(questions).hasSizeLessThanOrEqualTo(CustomPredicate.MAX_QUESTIONS);
    }

    @Test
    void nothingIsAskedOfACallThatIsDeniedBefore() {
        Policy policy =
                pay(check("first", when("args.a", Operator.EQ, "good")), check("second", asks("args.a")), ask("third"));

        assertThat(decide(policy, Map.of("a", "bad")).rule().name()).isEqualTo("first");
        assertThat(questions).isEmpty();
        assertThat(decide(policy, Map.of("a", "good")).verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(questions).hasSize(1);
    }

    @Test
    void limitsAreTakenOnce() {
        PolicyEngine engine = builder(pay(check("good", asks("args.a")), rate("hourly", hourly(1))))
                .build();

        assertThat(engine.admit(Desk.pay(Map.of("a", "good"))).decision().allowed())
                .isTrue();
        assertThat(engine.admit(Desk.pay(Map.of("a", "good"))).decision().code())
                .isEqualTo(Code.LIMIT);
        assertThat(engine.explain(Desk.pay(Map.of("a", "good"))).steps().toString())
                .isNotEmpty();
    }

    @Test
    void aCallThatWaitsForAnAnswerHoldsNoThread() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Thread> answering = new CompletableFuture<>();
        CompletableFuture<Thread> goingOn = new CompletableFuture<>();
        CompletableFuture<Runnable> alarm = new CompletableFuture<>();
        PolicyEngine engine = builder(pay(check("slow", asks("args.a")), rate("hourly", hourly(5))))
                .predicate(
                        "good",
                        (value, operand) -> {
                            answering.complete(Thread.currentThread());
                            return release.await(60, TimeUnit.SECONDS);
                        },
                        Duration.ofMinutes(1))
                .alarm((delay, task) -> {
                    alarm.complete(task);
                    return () -> {};
                })
                .build();

        CompletableFuture<Admission> admission =
                engine.admitAsync(Desk.pay(Map.of("a", "x"))).toCompletableFuture();
        CompletableFuture<Boolean> interrupted = admission.thenApply(made -> {
            goingOn.complete(Thread.currentThread());
            alarm.join().run(); // The time is up, and the call goes on.
            return Thread.currentThread().isInterrupted();
        });

        assertThat(admission).isNotDone();
        assertThat(engine.admitAsync(ToolCall.of("other", Map.of())).toCompletableFuture())
                .as("a call that asks nothing")
                .isDone();
        release.countDown();
        assertThat(interrupted.get(60, TimeUnit.SECONDS)).isFalse();
        assertThat(admission.get(60, TimeUnit.SECONDS).decision().allowed()).isTrue();
        assertThat(answering.join().getName()).startsWith("interlock-custom-good-");
        assertThat(goingOn.join()).isNotIn(answering.join(), Thread.currentThread());
        assertThat(failures).isEmpty();
    }

    @Test
    void noAnswerInTimeIsInvalidAndEndsTheQuestion() throws Exception {
        CompletableFuture<Runnable> alarm = new CompletableFuture<>();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CompletableFuture<Admission> admission = builder(require(asks("args.a")))
                .predicate(
                        "good",
                        (value, operand) -> {
                            begun.countDown();
                            try {
                                new CountDownLatch(1).await();
                            } finally {
                                interrupted.countDown();
                            }
                            return true;
                        },
                        Duration.ofSeconds(3))
                .alarm((delay, task) -> {
                    assertThat(delay).isEqualTo(Duration.ofSeconds(3));
                    alarm.complete(task);
                    return () -> {};
                })
                .build()
                .admitAsync(Desk.pay(Map.of("a", "x")))
                .toCompletableFuture();

        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(admission).isNotDone();
        alarm.get(60, TimeUnit.SECONDS).run();
        assertThat(admission.get(60, TimeUnit.SECONDS).decision().allowed()).isFalse();
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(failures).singleElement().isInstanceOf(TimeoutException.class);
    }

    @Test
    void onePredicateAnswersOnlySoManyQuestionsAtATime() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        PolicyEngine engine = builder(require(asks("args.a")))
                .predicate(
                        "good",
                        (value, operand) -> {
                            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                            release.await(60, TimeUnit.SECONDS);
                            atOnce.decrementAndGet();
                            return true;
                        },
                        Duration.ofMinutes(1))
                .build();
        List<CompletableFuture<Admission>> calls = new ArrayList<>();
        for (int i = 0; i < CustomPredicate.THREADS + CustomPredicate.MAX_QUESTIONS + 5; i++) {
            calls.add(engine.admitAsync(Desk.pay(Map.of("a", i))).toCompletableFuture());
        }
        release.countDown();
        int denied = 0;
        for (CompletableFuture<Admission> call : calls) {
            denied += call.get(60, TimeUnit.SECONDS).decision().allowed() ? 0 : 1;
        }

        assertThat(denied).isEqualTo(5);
        assertThat(most.get()).isLessThanOrEqualTo(CustomPredicate.THREADS);
        assertThat(failures).hasSize(5).allMatch(RejectedExecutionException.class::isInstance);
    }

    @Test
    void anErrorOfThePredicateIsInvalidToo() {
        PolicyEngine engine = builder(denyIf(asks("args.a")))
                .predicate("good", (value, operand) -> {
                    throw new StackOverflowError();
                })
                .build();

        assertThat(engine.decide(Desk.pay(Map.of("a", "x"))).code()).isEqualTo(Code.PREDICATE);
        assertThat(failures).singleElement().isInstanceOf(StackOverflowError.class);
    }

    @Test
    void aListenerThatKnowsNothingOfPredicatesIsTold() {
        List<Throwable> told = new ArrayList<>();
        PolicyEngine.builder(require(asks("args.a")))
                .predicate("good", this::isGood)
                .listener((call, failure) -> told.add(failure))
                .build()
                .decide(Desk.pay(Map.of("a", "broken")));

        assertThat(told).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anEngineWithoutThePredicateRefusesThePolicy() {
        Policy policy = require(asks("args.a"));
        PolicyEngine engine =
                PolicyEngine.builder(require(when("args.a", Operator.EQ, 1))).build();

        assertThatThrownBy(() -> PolicyEngine.builder(policy).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("custom.good at args.a")
                .hasMessageContaining("predicate(\"good\"");
        assertThatThrownBy(() -> engine.update(policy)).isInstanceOf(IllegalArgumentException.class);
        assertThat(engine.decide(Desk.pay(Map.of("a", 1))).allowed())
                .as("by the policy before")
                .isTrue();
        assertThatThrownBy(() -> PolicyEngine.builder(policy)
                        .predicate("Good", this::isGood)
                        .build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    static Stream<Policy> policiesThatAskSomewhere() {
        PolicyBody body = require(asks("args.a")).body();
        PolicyBody ofServer = new PolicyBody(
                Posture.ALLOW,
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(Map.of(new NamePattern("files"), body)),
                Optional.empty());
        return Stream.of(
                Policies.granting(Policies.body(Posture.ALLOW, Map.of()), Map.of("ana", body)),
                Policy.of(ofServer),
                Policies.askIf(List.of(new Block(List.of(asks("args.a")), null, Place.of("x")))),
                pay(ask("person", asks("args.a"))),
                denyIf(asks("args.a")));
    }

    @ParameterizedTest
    @MethodSource("policiesThatAskSomewhere")
    void whereverAPolicyAsksItIsRefused(Policy policy) {
        assertThat(policy.predicates()).containsExactly("good");
        assertThatThrownBy(() -> PolicyEngine.builder(policy).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("custom.good");
        assertThat(builder(policy).build().policy()).isEqualTo(policy);
    }

    @Test
    void nothingIsAskedAboutRequestsThatAreNotToolCalls() {
        NamePattern method = new NamePattern("resources/read");
        Block block = new Block(List.of(asks("params.uri")), null, Place.of("methods"));
        Entry entry = new Entry(false, List.of(block), List.of(), List.of(), List.of(), Place.of("methods"));
        Policy policy = new Policy(
                "",
                Mode.ENFORCE,
                pay().body(),
                Map.of(method, Posture.ALLOW),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(method, entry));

        assertThatThrownBy(() -> builder(policy).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("custom.good at params.uri")
                .hasMessageContaining("methods");
        PolicyEngine engine = builder(pay()).build();
        assertThatThrownBy(() -> engine.update(policy)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", ".a", "-a", "a/b", "ü"})
    void aPredicateHasANameThatPoliciesCanWrite(String name) {
        assertThatThrownBy(() -> PolicyEngine.builder(pay()).predicate(name, this::isGood))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTimeLimitIsPositive() {
        assertThatThrownBy(() -> PolicyEngine.builder(pay()).predicate("good", this::isGood, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itIsAskedAgainWhenAPersonHasApproved() {
        PolicyEngine engine = builder(pay(ask("person", asks("args.a")), rate("hourly", hourly(1))))
                .approvals(request -> CompletableFuture.completedFuture(ApprovalAnswer.approved("ana")))
                .build();

        assertThat(engine.admit(Desk.pay(Map.of("a", "good"))).decision().code())
                .isEqualTo(Code.APPROVED);
        assertThat(engine.admitAsync(Desk.pay(Map.of("a", "good")))
                        .toCompletableFuture()
                        .join()
                        .decision()
                        .code())
                .isEqualTo(Code.LIMIT);
    }

    /** A person's changes make another call, about which nothing is known yet. */
    @ParameterizedTest
    @CsvSource({"good2, APPROVED", "bad, CONDITION", "broken, PREDICATE"})
    void whatAPersonChangesIsAskedAboutAnew(String changed, Code expected) throws Exception {
        PolicyEngine engine = builder(pay(check("good", asks("args.a")), ask("person"), rate("hourly", hourly(9))))
                .approvals(request -> CompletableFuture.completedFuture(
                        ApprovalAnswer.approved("ana", Arguments.freeze(Map.of("a", changed), ValueLimits.DEFAULT))))
                .build();

        Admission admission = engine.admitAsync(
                        Desk.pay(Map.of("a", "good")), new AdmitOptions(Duration.ofMinutes(1), true, null))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);

        assertThat(admission.decision().code()).isEqualTo(expected);
        assertThat(questions).containsExactly("\"good\" null", "\"" + changed + "\" null");
    }

    @Test
    void aYesIsNoAnswerToWhatTheHostSaysDifferentlyAfterwards() {
        AtomicInteger asked = new AtomicInteger();
        PolicyEngine engine = PolicyEngine.builder(pay(check("good", asks("args.a")), ask("person")))
                .predicate("good", (value, operand) -> asked.incrementAndGet() == 1)
                .approvals(request -> CompletableFuture.completedFuture(ApprovalAnswer.approved("ana")))
                .build();

        assertThat(engine.admit(Desk.pay(Map.of("a", "x"))).decision().code()).isEqualTo(Code.CONDITION);
        assertThat(asked).hasValue(2);
    }

    static Stream<CustomPredicate> predicatesThatDoNotAnswer() {
        return Stream.of(
                (value, operand) -> {
                    throw new IllegalStateException("of " + value.json());
                },
                (value, operand) -> {
                    throw new InterruptedException("of " + value.json());
                },
                (value, operand) -> Map.<String, Boolean>of().get(value.json()),
                (value, operand) -> {
                    throw new OutOfMemoryError("of " + value.json());
                });
    }

    @ParameterizedTest
    @MethodSource("predicatesThatDoNotAnswer")
    void whatIsNotAnsweredIsDeniedAndTellsNoValue(CustomPredicate predicate) {
        Condition told = new Condition(
                Path.parse("args.a"),
                Operator.CUSTOM,
                Operand.custom("good", new Value.Text("operand")),
                "It is not good.",
                Place.of("args.a"));
        Map<String, String> secret = Map.of("a", "secret");

        for (Policy policy : List.of(require(told), denyIf(told), pay(check("rule", told)))) {
            Decision decision =
                    builder(policy).predicate("good", predicate).build().decide(Desk.pay(secret));
            assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
            assertThat(decision.code()).isEqualTo(Code.PREDICATE);
            assertThat(decision.message())
                    .startsWith("The call is not made: whether args.a is accepted by custom.good can't be told")
                    .doesNotContain("secret", "operand");
        }
        assertThat(builder(pay(ask("person", told)))
                        .predicate("good", predicate)
                        .build()
                        .decide(Desk.pay(secret))
                        .verdict())
                .isEqualTo(Verdict.NEEDS_APPROVAL);
    }

    @Test
    void whatCanNotBeAskedIsNoAnswerThatIsMissing() {
        Decision decision = decide(require(asks("args.a")), Map.of());

        assertThat(decision.code()).isEqualTo(Code.CONDITION);
        assertThat(decide(denyIf(asks("args.a")), Map.of()).code()).isEqualTo(Code.DENY_IF);
        assertThat(failures).isEmpty();
    }

    @Test
    void aConditionThatIsOnlyRecordedDeniesNothingWithoutAnAnswer() {
        Decision decision = decide(pay(Policies.recorded(check("rule", asks("args.a")))), Map.of("a", "broken"));

        assertThat(decision.allowed()).isTrue();
        assertThat(decision.audited()).isTrue();
        assertThat(decision.code()).isEqualTo(Code.PREDICATE);
    }

    @Test
    void numbersThatAreSpeltDifferentlyAreTwoQuestions() {
        Map<String, Object> arguments = Map.of("a", new BigDecimal("1"), "b", new BigDecimal("1.0"));

        assertThat(builder(require(asks("args.a"), asks("args.b")))
                        .predicate("good", (value, operand) -> value.json().equals("1"))
                        .build()
                        .decide(Desk.pay(arguments))
                        .message())
                .contains("args.b must be accepted");
    }

    // ---- calls within calls

    private static Policy running(Unwrap unwrap) {
        Entry run = new Entry(
                false,
                List.of(),
                List.of(),
                List.of(),
                List.of(count("runs", null, ChargeMode.SUCCESS, when("state.run.n", Operator.GTE, 0))),
                List.of(),
                null,
                unwrap,
                Place.of("tools.run"));
        Entry pay = Policies.entry(
                List.of(
                        count("few", null, ChargeMode.SUCCESS, when("state.pay.n", Operator.GTE, 0)),
                        check("good", asks("args.a"))),
                List.of(),
                List.of(new Block(List.of(asks("args.b")), null, Place.of("tools.pay.deny_if[0]"))));
        return Policy.of(Policies.body(Posture.ALLOW, Map.of("run", run, "pay", pay)));
    }

    private static Unwrap unwrap(@Nullable String arguments) {
        return new Unwrap(
                null,
                Path.parse("args.name"),
                arguments == null ? null : Path.parse(arguments),
                false,
                false,
                null,
                null,
                Place.of("tools.run.unwrap"));
    }

    @ParameterizedTest
    @CsvSource({
        "good, bad, ALLOWED",
        "bad, bad, CONDITION",
        "good, good, DENY_IF",
        "broken, bad, PREDICATE",
        "good, broken, PREDICATE"
    })
    void aCallWithinACallIsAskedAboutByItsOwnArguments(String a, String b, Code expected) {
        PolicyEngine engine = builder(running(unwrap("args.arguments"))).build();
        ToolCall call = ToolCall.of(
                "run", Map.of("name", "pay", "a", "good0", "b", "bad0", "arguments", Map.of("a", a, "b", b)));

        assertThat(engine.decide(call).code()).isEqualTo(expected);
        assertThat(engine.admit(call).decision().code()).isEqualTo(expected);
        assertThat(engine.admitAsync(call)
                        .toCompletableFuture()
                        .join()
                        .decision()
                        .code())
                .isEqualTo(expected);
        assertThat(engine.explain(call).decision().code()).isEqualTo(expected);
        assertThat(questions).isNotEmpty().noneMatch(question -> question.contains("0"));
    }

    @Test
    void aCallWithinACallWhoseArgumentsAreNotKnownIsDeniedUnasked() {
        PolicyEngine engine = builder(running(unwrap(null))).build();
        ToolCall call = ToolCall.of("run", Map.of("name", "pay", "a", "good", "b", "bad"));

        assertThat(engine.decide(call).allowed()).isFalse();
        assertThat(questions).isEmpty();
    }

    // ---- what happens while a call waits

    private final class Held {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);

        private boolean answer(Value value, Value operand) throws InterruptedException {
            begun.countDown();
            return release.await(60, TimeUnit.SECONDS);
        }

        private PolicyEngine.Builder builder(Policy policy) {
            return CustomPredicateTest.this.builder(policy).predicate("good", this::answer, Duration.ofMinutes(2));
        }
    }

    @Test
    void aStopThatBeginsMeanwhileDeniesTheCall() throws Exception {
        Held held = new Held();
        PolicyEngine engine = held.builder(pay(check("good", asks("args.a")), rate("hourly", hourly(1))))
                .build();
        CompletableFuture<Admission> waiting =
                engine.admitAsync(Desk.pay(Map.of("a", "x"))).toCompletableFuture();
        assertThat(held.begun.await(60, TimeUnit.SECONDS)).isTrue();

        engine.suspend("Stop.", null);
        held.release.countDown();

        assertThat(waiting.get(60, TimeUnit.SECONDS).decision().code()).isEqualTo(Code.SUSPENDED);
        engine.resume(null);
        assertThat(engine.admit(Desk.pay(Map.of("a", "x"))).decision().allowed())
                .as("nothing stays reserved")
                .isTrue();
    }

    @Test
    void aCallerThatStopsWaitingLeavesNothingReserved() throws Exception {
        Held held = new Held();
        RecordingLimiter limiter = new RecordingLimiter();
        PolicyEngine engine = held.builder(pay(check("good", asks("args.a")), rate("hourly", hourly(1))))
                .rateLimiter(limiter)
                .build();
        CompletableFuture<Admission> waiting =
                engine.admitAsync(Desk.pay(Map.of("a", "x"))).toCompletableFuture();
        assertThat(held.begun.await(60, TimeUnit.SECONDS)).isTrue();

        waiting.cancel(false);
        held.release.countDown();
        while (limiter.settlements().isEmpty()) {
            Thread.onSpinWait();
        }

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(limiter.reserved()).isEqualTo(1);
    }

    @Test
    void anInterruptEndsTheWaitOfACallerThatBlocks() {
        Held held = new Held();
        PolicyEngine engine = held.builder(require(asks("args.a"))).build();
        Thread.currentThread().interrupt();

        Decision decision = engine.decide(Desk.pay(Map.of("a", "x")));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(decision.code()).isEqualTo(Code.PREDICATE);
        held.release.countDown();
    }

    @Test
    void whatTheHostHasAnsweredIsReservedWhereverItIsCounted() {
        RecordingLimiter limiter = new RecordingLimiter();
        limiter.answering(() -> CompletableFuture.supplyAsync(limiter::grant));
        PolicyEngine engine = builder(pay(check("good", asks("args.a")), rate("hourly", hourly(1))))
                .rateLimiter(limiter)
                .build();

        assertThat(engine.admitAsync(Desk.pay(Map.of("a", "bad")))
                        .toCompletableFuture()
                        .join()
                        .decision()
                        .code())
                .isEqualTo(Code.CONDITION);
        assertThat(limiter.reserved()).isZero();
        Admission admission = engine.admitAsync(Desk.pay(Map.of("a", "good")))
                .toCompletableFuture()
                .join();
        assertThat(admission.decision().allowed()).isTrue();
        assertThat(limiter.reserved()).isEqualTo(1);
    }

    @Test
    void anotherRoundIsDecidedWithItsAnswer() {
        PolicyEngine engine = builder(require(asks("args.a"))).build();
        ToolCall call = Desk.pay(Map.of("a", "good"));
        Admission first = engine.admit(call);
        first.inputRequired();
        Admission next = engine.continueAsync(call, first, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();

        assertThat(next).isSameAs(first);
        assertThat(questions).hasSize(2);
    }

    @Test
    void anExplanationSaysWhatItAnswered() {
        PolicyEngine engine = builder(require(asks("args.a"))).build();

        assertThat(engine.explain(Desk.pay(Map.of("a", "broken")))
                        .steps()
                        .get(0)
                        .details()
                        .get(0)
                        .text())
                .isEqualTo("args.a must be accepted by custom.good: invalid, the value is \"broken\", and the host has"
                        + " not answered");

        assertThat(engine.explain(Desk.pay(Map.of("a", "bad")))
                        .steps()
                        .get(0)
                        .details()
                        .get(0)
                        .text())
                .isEqualTo("args.a must be accepted by custom.good: false, the value is \"bad\"");
        assertThat(engine.decide(Desk.pay(Map.of("a", "bad"))).message())
                .contains("args.a must be accepted by custom.good");
    }

    @Test
    void theNameIsPartOfThePolicy() {
        Policy good = require(asks("args.a"));
        Policy other = require(asks("args.a", Operand.custom("other", Value.Nil.NULL)));

        assertThat(good).isNotEqualTo(other).isEqualTo(require(asks("args.a")));
        assertThat(PolicyRef.of(good).digest()).isNotEqualTo(PolicyRef.of(other).digest());
        assertThat(good.predicates()).containsExactly("good");
        assertThatThrownBy(() -> Operand.of(Operator.CUSTOM, Value.Nil.NULL))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
