package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How often a call may be made again: {@code rounds} of the entries that apply to it. */
class RoundsTest {

    private final ManualTime clock = new ManualTime();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<AuditEvent> events = new ArrayList<>();
    private final Continuations continuations = new Continuations(clock, clock, Duration.ofMinutes(10), 1_000);

    private static Policy counted(int rounds) {
        return Policies.of("pay", Policies.rounds(rounds, countedEntry()));
    }

    private static Entry countedEntry() {
        return Policies.entry(List.of(Policies.rate("r", Policies.hourly(99))), List.of(), List.of());
    }

    private PolicyEngine engine(Policy policy) {
        return PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .time(clock)
                .audit(events::add)
                .build();
    }

    private static ToolCall pay(@Nullable String state) {
        ToolCall call = ToolCall.of("pay", Map.of()).by("ann");
        return state == null ? call : call.saying((ObjectValue) Value.freeze(Map.of("requestState", state)));
    }

    private static Map<String, ?> asks(String state) {
        return Map.of("resultType", "input_required", "requestState", state);
    }

    private GuardedCall admit(PolicyEngine engine, ToolCall call) {
        return new CallGuard(engine, continuations)
                .admit(call, AdmitOptions.DEFAULT)
                .join();
    }

    private List<AuditEvent.Decided> decided() {
        return events.stream()
                .filter(AuditEvent.Decided.class::isInstance)
                .map(AuditEvent.Decided.class::cast)
                .toList();
    }

    /** Answers a call with a request for input until the call is a new one, or {@code most} times. */
    private int roundsOf(PolicyEngine engine, int most) {
        GuardedCall call = admit(engine, pay(null));
        for (int round = 1; round <= most; round++) {
            String state = "s" + round;
            assertThat(answer(call, asks(state)).allowed()).isTrue();
            call = admit(engine, pay(state));
            assertThat(call.decision().allowed()).isTrue();
            if (call.round() == 0) {
                return round - 1;
            }
        }
        return most;
    }

    @Test
    void withNoneAServerThatAsksEndsTheCallAsDenied() {
        GuardedCall call = admit(engine(counted(0)), pay(null));

        Decision decision = answer(call, asks("s"));

        assertThat(decision.allowed()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.ROUNDS);
        assertThat(decision.rule()).isNotNull();
        assertThat(decision.rule().place()).isEqualTo(Place.of("tools.pay.rounds"));
        assertThat(decision.message())
                .isEqualTo("The server asks for input before it completes the call to 'pay', which the policy does not"
                        + " allow (rule 'tools.pay.rounds'). The request had begun, and what came of it is not known.");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(continuations.size()).isZero();
        assertThat(decided()).extracting(AuditEvent.Decided::round).containsExactly(0, 1);
        assertThat(decided()).extracting(AuditEvent.Decided::outcome).containsExactly(Outcome.ALLOWED, Outcome.DENIED);
        assertThat(decided().stream().map(AuditEvent.Decided::id).distinct()).hasSize(1);
        assertThat(events.get(events.size() - 1)).isInstanceOf(AuditEvent.Settled.class);
    }

    @Test
    void withNoneACallThatIsCompleteAtOnceIsAsUsual() {
        GuardedCall call = admit(engine(counted(0)), pay(null));

        assertThat(answer(call, Map.of("resultType", "complete", "content", List.of()))
                        .allowed())
                .isTrue();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        assertThat(decided()).hasSize(1);
    }

    static List<Map<String, ?>> whatSomeClientTakesForAQuestion() {
        return List.of(
                Map.of("resultType", "input_required"),
                Map.of("resultType", "Input_Required"),
                Map.of("resultType", " input_required"),
                Map.of("resultType", "inputRequired"),
                Map.of("resultType", "input-required"),
                Map.of("resulttype", "input_required"),
                Map.of("result_type", "input_required"),
                Map.of("resultType", "input\u200b_required"),
                Map.of("content", List.of(), "inputRequests", Map.of()),
                Map.of("content", List.of(), "input_requests", Map.of("q", 1)),
                Map.of("content", List.of(), "requestState", "s"),
                Map.of("resultType", "complete", "requestState", "s"));
    }

    @ParameterizedTest
    @MethodSource("whatSomeClientTakesForAQuestion")
    void withNoneNoAnswerPassesThatSomeClientTakesForAQuestion(Map<String, ?> result) {
        GuardedCall call = admit(engine(counted(0)), pay(null));

        assertThat(answer(call, result).allowed()).isFalse();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void pastThemACallThatIsMadeAgainIsANewCall() {
        assertThat(roundsOf(engine(counted(2)), 5)).isEqualTo(2);
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void theFewestOfAllEntriesCount() {
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        tools.put(new NamePattern("pay"), Policies.rounds(5, countedEntry()));
        tools.put(new NamePattern("p*"), Policies.rounds(3, Policies.listed()));
        tools.put(new NamePattern("*y"), Policies.listed());
        PolicyBody body = new PolicyBody(
                Posture.ALLOW,
                List.of(),
                tools,
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.of(Policies.rounds(4, Policies.listed())));

        assertThat(roundsOf(engine(Policy.of(body)), 9)).isEqualTo(3);
    }

    @Test
    void aGrantMayAllowFewer() {
        PolicyBody granted = Policies.body(Posture.DENY, Map.of("pay", Policies.rounds(1, Policies.listed())));
        Policy policy =
                Policies.granting(Policies.body(Posture.ALLOW, Map.of("pay", countedEntry())), Map.of("ann", granted));

        assertThat(roundsOf(engine(policy), 9)).isEqualTo(1);
    }

    @Test
    void fewerUnderANewPolicyMakeTheNextRoundANewCall() {
        PolicyEngine engine = engine(counted(3));
        answer(admit(engine, pay(null)), asks("s1"));
        engine.update(counted(0));

        GuardedCall fresh = admit(engine, pay("s1"));

        assertThat(fresh.round()).isZero();
        assertThat(fresh.decision().allowed()).isTrue();
        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aNewCallIsNoRoundEvenIfNothingIsReservedForEither() {
        PolicyEngine engine = PolicyEngine.builder(Policies.of("pay", Policies.rounds(1, Policies.listed())))
                .build();

        answer(admit(engine, pay(null)), asks("s1"));
        GuardedCall second = admit(engine, pay("s1"));
        answer(second, asks("s2"));
        GuardedCall third = admit(engine, pay("s2"));

        assertThat(second.round()).isEqualTo(1);
        assertThat(third.round()).isZero();
    }

    @Test
    void inAuditModeTheQuestionPassesOnRecordAndWhatFollowsIsANewCall() {
        PolicyEngine engine = engine(Policies.audited(counted(0)));
        GuardedCall call = admit(engine, pay(null));

        Decision decision = answer(call, asks("s"));

        assertThat(decision.allowed()).isTrue();
        assertThat(decision.audited()).isTrue();
        assertThat(decided()).extracting(AuditEvent.Decided::outcome).containsExactly(Outcome.ALLOWED, Outcome.AUDITED);
        assertThat(admit(engine, pay("s")).round()).isZero();
        assertThat(limiter.reserved()).isEqualTo(2);
    }

    @Test
    void aQuestionThatNoSinkTakesDownDoesNotPassEvenInAuditMode() {
        PolicyEngine engine = PolicyEngine.builder(Policies.audited(counted(0)))
                .rateLimiter(limiter)
                .audit(event -> {
                    if (event instanceof AuditEvent.Decided decided && decided.round() > 0) {
                        throw new IllegalStateException("the disk is full");
                    }
                })
                .build();

        assertThat(answer(admit(engine, pay(null)), asks("s")).code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void anAnswerThatComesTooLateIsHeldBackAsWell() {
        GuardedCall call = admit(engine(counted(0)), pay(null));
        call.settle(CallOutcome.UNKNOWN);

        assertThat(answerLate(call, asks("s")).allowed()).isFalse();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void anExplanationSaysHowManyThereAre() {
        assertThat(explained(0)).isEqualTo("the server may not ask for input");
        assertThat(explained(1)).isEqualTo("the server may ask for input once in one call");
        assertThat(explained(2)).isEqualTo("the server may ask for input 2 times in one call");
    }

    private static String explained(int rounds) {
        List<Explanation.ExplainedStep> steps =
                PolicyEngine.builder(counted(rounds)).build().explain(pay(null)).steps();
        return steps.get(steps.size() - 1).text();
    }

    private static Decision answer(GuardedCall call, @Nullable Object result) {
        return call.answered(CallResult.of(result)).toCompletableFuture().join().decision();
    }

    private static Decision answerLate(GuardedCall call, @Nullable Object result) {
        return call.answeredLate(CallResult.of(result))
                .toCompletableFuture()
                .join()
                .decision();
    }
}
