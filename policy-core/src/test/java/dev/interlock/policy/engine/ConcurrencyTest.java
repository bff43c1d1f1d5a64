package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Limit;
import dev.interlock.policy.Operator;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Limits on how many calls are made at the same time. */
class ConcurrencyTest {

    private static final Place PLACE = Place.of("tools.pay.rules[0]");
    private static final Duration LEASE = Duration.ofMinutes(1);

    private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(clock).build();
    private final List<CompletableFuture<ApprovalAnswer>> asked = new ArrayList<>();

    private static Limit atOnce(long max, Scope scope, PartitionKey... per) {
        return Limit.concurrent(max, scope, List.of(per), LEASE, PLACE);
    }

    private static Policy one() {
        return pay(rate("slots", atOnce(1, Scope.TOOL)));
    }

    private PolicyEngine engine(Policy policy) {
        return PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .time(clock)
                .alarm(clock)
                .build();
    }

    /** An engine whose handler waits for the answers in {@link #asked}. */
    private PolicyEngine asking(Policy policy) {
        return PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .time(clock)
                .alarm(clock)
                .approvals((ApprovalHandler) request -> {
                    CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                    asked.add(answer);
                    return answer;
                })
                .build();
    }

    private static ToolCall call() {
        return ToolCall.of("pay", Map.of());
    }

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void aPlaceIsHeldUntilTheCallHasEnded(CallOutcome outcome) {
        PolicyEngine engine = engine(one());
        Admission first = engine.admit(call());

        Decision second = engine.admit(call()).decision();
        assertThat(second.code()).isEqualTo(Code.CONCURRENCY);
        assertThat(second.retryAfter()).isNull();
        assertThat(second.message())
                .isEqualTo("At most 1 calls at a time may be under way (rule 'slots'); try again when one has ended.");
        assertThat(engine.decide(call())).isEqualTo(second);

        first.settle(outcome);
        assertThat(engine.admit(call()).decision().allowed()).isTrue();
    }

    @Test
    void settlingTwiceOrLateFreesOnePlace() {
        PolicyEngine engine = engine(one());
        Admission first = engine.admit(call());
        first.succeeded();
        first.unknown();
        Admission second = engine.admit(call());
        first.unsent();
        first.close();
        assertThat(engine.admit(call()).decision().allowed()).isFalse();

        clock.advance(LEASE);
        Admission third = engine.admit(call());
        assertThat(third.decision().allowed()).isTrue();
        second.succeeded();
        assertThat(engine.admit(call()).decision().allowed()).isFalse();
    }

    @Test
    void theEndOfALeaseIsOutsideIt() {
        PolicyEngine engine = engine(one());
        engine.admit(call());

        clock.advance(LEASE.minusNanos(1));
        assertThat(engine.decide(call()).allowed()).isFalse();
        clock.advanceNanos(1);
        assertThat(engine.decide(call()).allowed()).isTrue();
    }

    @Test
    void aDeniedCallTakesNoPlaceAndNoOtherLimit() {
        PolicyEngine engine = engine(pay(
                check("small", when("args.amount", Operator.LTE, 5)),
                rate("pace", hourly(2)),
                rate("slots", atOnce(1, Scope.TOOL))));
        assertThat(engine.admit(ToolCall.of("pay", Map.of("amount", 9)))
                        .decision()
                        .code())
                .isEqualTo(Code.CONDITION);
        ToolCall small = ToolCall.of("pay", Map.of("amount", 1));
        Admission first = engine.admit(small);
        for (int i = 0; i < 5; i++) {
            assertThat(engine.admit(small).decision().code()).isEqualTo(Code.CONCURRENCY);
        }
        first.succeeded();

        engine.admit(small).succeeded();
        assertThat(engine.admit(small).decision().code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void scopesAndValuesCountSeparately() {
        PartitionKey account = new PartitionKey(Path.parse("args.account"), false);
        PolicyEngine engine = engine(pay(rate("slots", atOnce(1, Scope.IDENTITY, account))));
        ToolCall call = ToolCall.of("pay", Map.of("account", 1)).by("ada");
        engine.admit(call);

        assertThat(engine.admit(call.by("bob")).decision().allowed()).isTrue();
        assertThat(engine.admit(ToolCall.of("pay", Map.of("account", 2)).by("ada"))
                        .decision()
                        .allowed())
                .isTrue();
        assertThat(engine.admit(ToolCall.of("pay", Map.of("account", "1")).by("ada"))
                        .decision()
                        .code())
                .isEqualTo(Code.CONCURRENCY);
        assertThat(engine.admit(ToolCall.of("pay", Map.of()).by("ada"))
                        .decision()
                        .code())
                .isEqualTo(Code.PARTITION);
    }

    @Test
    void aRuleThatOnlyRecordsStopsNothing() {
        PolicyEngine engine = engine(pay(Policies.recorded(rate("slots", atOnce(1, Scope.TOOL)))));
        engine.admit(call());

        Decision second = engine.admit(call()).decision();
        assertThat(second.allowed()).isTrue();
        assertThat(second.audited()).isTrue();
        assertThat(second.code()).isEqualTo(Code.CONCURRENCY);
    }

    @Test
    void anExplanationSaysHowManyPlacesAreTaken() {
        PolicyEngine engine = engine(pay(rate("slots", atOnce(3, Scope.TOOL))));
        engine.admit(call());
        engine.admit(call());

        assertThat(engine.explain(call()).steps())
                .extracting(Explanation.ExplainedStep::text)
                .contains("slots: takes a place; used 2 of 3 calls at a time, room for 1");
    }

    @Test
    void aNewPolicyCountsTheCallsThatAreUnderWay() {
        PolicyEngine engine = engine(pay(rate("slots", atOnce(3, Scope.TOOL))));
        Admission first = engine.admit(call());
        Admission second = engine.admit(call());

        engine.update(pay(rate("slots", Limit.concurrent(2, Scope.TOOL, List.of(), Duration.ofHours(1), PLACE))));
        assertThat(engine.decide(call()).allowed()).isFalse();
        first.succeeded();
        second.succeeded();
        assertThat(explained(engine)).contains("used 0 of 2");
    }

    private static String explained(PolicyEngine engine) {
        return engine.explain(call()).steps().stream()
                .map(Explanation.ExplainedStep::text)
                .collect(Collectors.joining("; "));
    }

    // ---- persons ----

    @Test
    void aPlaceIsHeldWhileAPersonIsAskedHoweverLongThatTakes() {
        Rule rule = new Rule.Approval(
                "ask",
                new Rule.Demands(List.of(), List.of(atOnce(1, Scope.TOOL)), null),
                Duration.ofMinutes(30),
                null,
                dev.interlock.policy.Mode.ENFORCE,
                PLACE);
        PolicyEngine engine = asking(pay(rule));
        CompletableFuture<Admission> first = engine.admitAsync(call()).toCompletableFuture();
        clock.advance(Duration.ofMinutes(20));
        assertThat(engine.decide(call()).code()).isEqualTo(Code.CONCURRENCY);

        asked.get(0).complete(ApprovalAnswer.approved(null));
        clock.advance(LEASE.minusSeconds(1));
        assertThat(engine.decide(call()).code())
                .as("sent less than a lease ago")
                .isEqualTo(Code.CONCURRENCY);
        clock.advance(Duration.ofSeconds(1));
        assertThat(engine.decide(call()).asks()).isTrue();
        first.join().succeeded();
    }

    @Test
    void aRefusalATicketAndACallerThatGivesUpFreeThePlace() {
        PolicyEngine engine =
                asking(pay(ask("ask", new Rule.Demands(List.of(), List.of(atOnce(1, Scope.TOOL)), null))));
        List<ApprovalAnswer> answers =
                List.of(ApprovalAnswer.refused(null, null), new ApprovalAnswer.Pending("t", Duration.ofMinutes(5)));
        for (ApprovalAnswer answer : answers) {
            CompletableFuture<Admission> waits = engine.admitAsync(call()).toCompletableFuture();
            assertThat(engine.decide(call()).code()).isEqualTo(Code.CONCURRENCY);
            asked.get(asked.size() - 1).complete(answer);
            assertThat(waits.join().decision().allowed()).isFalse();
            assertThat(engine.decide(call()).asks()).isTrue();
        }
        engine.admitAsync(call()).toCompletableFuture().cancel(false);
        assertThat(engine.decide(call()).asks()).isTrue();
        CompletableFuture<Admission> waits = engine.admitAsync(call()).toCompletableFuture();
        clock.advance(Rule.Approval.DEFAULT_TIMEOUT);
        assertThat(waits.join().decision().allowed()).isFalse();
        assertThat(engine.decide(call()).asks()).as("nobody answered").isTrue();
    }

    // ---- rounds ----

    @Test
    void onAClientACallKeepsItsPlaceOverItsRounds() {
        PolicyEngine engine = engine(one());
        Admission first = engine.admit(call());
        first.inputRequired();
        clock.advance(LEASE.minusSeconds(1));
        assertThat(engine.decide(call()).allowed()).isFalse();

        Admission next = engine.continueAsync(call(), first, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();
        assertThat(next).isSameAs(first);
        clock.advance(LEASE.minusSeconds(1));
        assertThat(engine.decide(call()).allowed()).as("sent again").isFalse();
        next.succeeded();
        assertThat(engine.decide(call()).allowed()).isTrue();
    }

    @Test
    void onAServerOnlyARoundThatRunsHasAPlace() {
        PolicyEngine engine = engine(one());
        Admission first = engine.admit(call());
        CarriedAdmission carried = engine.carry(first);
        first.unknown();
        assertThat(engine.decide(call()).allowed()).as("between rounds").isTrue();

        Admission second = round(engine, carried, 1);
        assertThat(second.decision().allowed()).isTrue();
        assertThat(engine.decide(call()).code()).isEqualTo(Code.CONCURRENCY);
        CarriedAdmission again = engine.carry(second);
        second.unknown();
        second.unknown();
        assertThat(engine.decide(call()).allowed()).isTrue();

        Admission third = round(engine, again, 2);
        third.succeeded();
        assertThat(engine.decide(call()).allowed()).isTrue();
    }

    @Test
    void onAServerARoundWithoutAPlaceIsDenied() {
        PolicyEngine engine = engine(one());
        Admission first = engine.admit(call());
        CarriedAdmission carried = engine.carry(first);
        first.unknown();
        Admission other = engine.admit(call());

        Admission denied = round(engine, carried, 1);
        assertThat(denied.decision().code()).isEqualTo(Code.CONCURRENCY);
        denied.close();
        assertThat(engine.decide(call()).allowed())
                .as("the other keeps its place")
                .isFalse();
        other.succeeded();
        assertThat(engine.decide(call()).allowed()).isTrue();
    }

    private static Admission round(PolicyEngine engine, CarriedAdmission carried, int round) {
        return engine.continueAsync(call(), engine.resume(call(), carried), round, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();
    }

    // ---- tasks ----

    @Test
    void aCallThatIsOrBecomesATaskIsDenied() {
        PolicyEngine engine = engine(one());
        ToolCall task = call().saying((ObjectValue) Value.freeze(Map.of("task", Map.of("ttl", 60_000))));

        assertThat(engine.admit(task).decision().code()).isEqualTo(Code.TASK);
        assertThat(engine.admit(call().saying((ObjectValue) Value.freeze(Map.of("Task", 1))))
                        .decision()
                        .code())
                .as("a neighbour of it")
                .isEqualTo(Code.TASK);
        Admission admission = engine.admit(call());
        Decision answer = engine.admitTask(call(), admission, 0);
        assertThat(answer.code()).isEqualTo(Code.TASK);
        assertThat(answer.allowed()).isFalse();
        PolicyEngine free = engine(pay(rate("pace", hourly(9))));
        assertThat(free.admit(task).decision().allowed()).isTrue();
        assertThat(free.admitTask(call(), admission, 0).allowed()).isTrue();
    }

    // ---- many at once ----

    @Test
    void sixteenThreadsNeverHaveMoreCallsUnderWayThanMaxAndLeaveNoPlaceTaken() throws Exception {
        int max = 3;
        PolicyEngine engine = engine(pay(rate("slots", atOnce(max, Scope.TOOL)), rate("pace", hourly(10_000))));
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<CallOutcome> outcomes = List.of(CallOutcome.values());
        AtomicInteger passed = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 16; t++) {
            int number = t;
            Thread thread = new Thread(() -> {
                await(start);
                for (int i = 0; i < 200; i++) {
                    Admission admission = engine.admit(call());
                    if (admission.decision().allowed()) {
                        most.accumulateAndGet(now.incrementAndGet(), Math::max);
                        passed.incrementAndGet();
                        now.decrementAndGet();
                        admission.settle(outcomes.get((number + i) % outcomes.size()));
                        admission.close();
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(60));
        }

        assertThat(passed.get()).isPositive();
        assertThat(most.get()).isBetween(1, max);
        assertThat(explained(engine)).contains("used 0 of 3");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aLimitOfCallsAtTheSameTimeNeedsAWholeNumberAndALease() {
        assertThatThrownBy(() -> Limit.concurrent(0, Scope.TOOL, List.of(), LEASE, PLACE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Limit.concurrent(1, Scope.TOOL, List.of(), Duration.ZERO, PLACE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Limit.concurrent(1, Scope.TOOL, List.of(), Duration.ofDays(367), PLACE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
