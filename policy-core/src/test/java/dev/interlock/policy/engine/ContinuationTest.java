package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.Continuations;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the engine decides a call that its server has asked to be made again. */
class ContinuationTest {

    private static final Duration TIME_TO_LIVE = Duration.ofMinutes(10);
    private static final AdmitOptions OPTIONS = AdmitOptions.DEFAULT.sendingWhatIsApproved();

    private final ManualTime clock = new ManualTime();
    private final RecordingLimiter counting = new RecordingLimiter();
    private final List<AuditEvent> events = new ArrayList<>();
    private final Continuations continuations = new Continuations(clock, clock, TIME_TO_LIVE, 12);
    private final List<ApprovalRequest> asked = new ArrayList<>();
    private @Nullable Map<String, ?> instead;

    private PolicyEngine.Builder engine(Policy policy) {
        return PolicyEngine.builder(policy)
                .time(clock)
                .alarm(clock)
                .audit(events::add)
                .approvals(new ApprovalHandler() {
                    @Override
                    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
                        asked.add(request);
                        Arguments changed = instead == null ? null : Arguments.freeze(instead, ValueLimits.DEFAULT);
                        return CompletableFuture.completedFuture(new ApprovalAnswer.Approved("kim", changed, null));
                    }
                });
    }

    private static ToolCall pay(Map<String, ?> arguments, @Nullable String state) {
        Map<String, Object> parameters = new HashMap<>();
        if (state != null) {
            parameters.put("requestState", state);
        }
        return ToolCall.of("pay", arguments).by("ann").saying((ObjectValue) Value.freeze(parameters));
    }

    private static Map<String, ?> asks(String state) {
        return Map.of("resultType", "input_required", "requestState", state);
    }

    private GuardedCall admit(PolicyEngine engine, ToolCall call) {
        return new CallGuard(engine, continuations).admit(call, OPTIONS).join();
    }

    @Test
    void aCallOfSeveralRoundsTakesOneOfItsLimit() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(1))))
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        GuardedCall second = admit(engine, pay(Map.of(), "s1"));
        answer(second, asks("s2"));
        GuardedCall third = admit(engine, pay(Map.of(), "s2"));

        assertThat(second.decision().allowed()).isTrue();
        assertThat(third.decision().allowed()).isTrue();
        assertThat(third.round()).isEqualTo(2);
        assertThat(admit(engine, pay(Map.of(), "s2")).decision().code()).isEqualTo(Code.LIMIT);

        third.settle(CallOutcome.FAILED);
        assertThat(engine.decide(pay(Map.of(), null)).allowed())
                .as("a protocol error gives the amount back")
                .isTrue();
    }

    @Test
    void largeCallsTakeUpABoundedSpaceTogether() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9_999))))
                .rateLimiter(counting)
                .build();
        Continuations many = new Continuations(clock, clock, TIME_TO_LIVE, 50_000);
        CallGuard guard = new CallGuard(engine, many);
        long share = 16L << 20;
        String name = "x".repeat(60_000);
        int calls = 700;
        for (int i = 0; i < calls; i++) {
            answer(
                    guard.admit(pay(Map.of(), null), OPTIONS).join(),
                    Map.of("resultType", "input_required", "requestState", "s" + i, "inputRequests", Map.of(name, 1)));
        }

        int kept = many.size();
        assertThat((long) kept * name.length() * Character.BYTES).isBetween(share / 2, share);
        assertThat(counting.settlements())
                .as("the others are unknown at once")
                .hasSize(calls - kept)
                .containsOnly(CallOutcome.UNKNOWN);
        assertThat(guard.admit(pay(Map.of(), "s0"), OPTIONS).join().round()).isOne();
        ToolCall another = pay(Map.of(), null).by("bob");
        answer(
                guard.admit(another, OPTIONS).join(),
                Map.of("resultType", "input_required", "requestState", "b", "inputRequests", Map.of(name, 1)));
        assertThat(many.size()).as("another caller has room").isEqualTo(kept);

        clock.advance(TIME_TO_LIVE);
        answer(guard.admit(pay(Map.of(), null), OPTIONS).join(), asks("new"));
        assertThat(many.size()).isOne();
    }

    @Test
    void oneCallerLeavesPlacesToTheOthers() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();
        for (String caller : List.of("ann", "bob", "cem", "dot", "eve")) {
            for (int i = 0; i < 4; i++) {
                answer(admit(engine, pay(Map.of(), null).by(caller)), asks(caller + i));
            }
        }

        assertThat(continuations.size()).isEqualTo(12);
        assertThat(admit(engine, pay(Map.of(), "dot2").by("dot")).round()).isEqualTo(1);
        assertThat(admit(engine, pay(Map.of(), "dot3").by("dot")).round()).isZero();
        assertThat(admit(engine, pay(Map.of(), "eve0").by("eve")).round()).isZero();
    }

    @Test
    void callersWithoutAnIdentityAreToldApartByTheirSession() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();
        for (String session : List.of("1", "2")) {
            for (int i = 0; i < 4; i++) {
                answer(admit(engine, pay(Map.of(), null).by(null).in(session)), asks(session + i));
            }
        }

        assertThat(continuations.size()).isEqualTo(6);
    }

    private GuardedCall changedTo(PolicyEngine engine, int amount) {
        instead = Map.of("amount", amount);
        GuardedCall call = admit(engine, pay(Map.of("amount", 500), null));
        call.admission().handedOver();
        return call;
    }

    private ToolCall answering(String... keys) {
        Map<String, Object> responses = new HashMap<>();
        List.of(keys).forEach(key -> responses.put(key, Map.of("action", "accept")));
        return ToolCall.of("pay", Map.of("amount", 500)).by("ann").saying((ObjectValue)
                Value.freeze(Map.of("inputResponses", responses)));
    }

    private static Map<String, ?> asksFor(String... keys) {
        Map<String, Object> requests = new HashMap<>();
        List.of(keys).forEach(key -> requests.put(key, Map.of("method", "elicitation/create")));
        return Map.of("resultType", "input_required", "inputRequests", requests);
    }

    @Test
    void whatAPersonChangedInOneOfTwoEqualCallsIsNeverSentForTheOther() {
        PolicyEngine engine = engine(Policies.pay(Policies.ask("big"), Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(changedTo(engine, 5), asksFor("a", "b"));
        answer(changedTo(engine, 7), asksFor("b", "c"));
        instead = Map.of("amount", 9);

        GuardedCall ambiguous = admit(engine, answering("b"));

        assertThat(ambiguous.round()).as("either could be meant").isZero();
        assertThat(asked).hasSize(3);
        ToolCall certain = answering("b", "c");
        GuardedCall second = admit(engine, certain);
        assertThat(second.round()).isEqualTo(1);
        assertThat(second.admission().toSend(certain).arguments().root().toJava())
                .hasToString("{amount=7}");
        assertThat(admit(engine, answering("a"))
                        .admission()
                        .toSend(certain)
                        .arguments()
                        .root()
                        .toJava())
                .hasToString("{amount=5}");
    }

    @Test
    void equalCallsThatAPersonChangedAlikeGoOnInOrder() {
        PolicyEngine engine = engine(Policies.pay(Policies.ask("big"), Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(changedTo(engine, 5), asksFor("a"));
        answer(changedTo(engine, 5), asksFor("a"));

        assertThat(admit(engine, answering("a")).round()).isEqualTo(1);
        assertThat(admit(engine, answering("a")).round()).isEqualTo(1);
        assertThat(admit(engine, answering("a")).round()).isZero();
    }

    @Test
    void anAnswerThatCanNotBeReadEndsTheCallAsUnknownAndIsHeldBack() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        Map<String, Object> broken = new HashMap<>(asks("s")) {
            @Override
            public Object get(Object key) {
                if ("requestState".equals(key)) {
                    throw new IllegalStateException("a secret");
                }
                return super.get(key);
            }
        };

        Decision decision = answer(admit(engine, pay(Map.of(), null)), broken);

        assertThat(decision.allowed()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.ERROR);
        assertThat(decision.message()).doesNotContain("secret");
        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(events).anyMatch(AuditEvent.Failed.class::isInstance);
    }

    @Test
    @SuppressWarnings("NullAway") // stands for anything that throws before a decision begins
    void aRoundWhoseDecisionCanNotEvenBeginEndsTheCallAsUnknown() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        GuardedCall call = admit(engine, pay(Map.of(), null));
        answer(call, asks("s1"));
        Admission denied = engine.continueAsync(null, call.admission(), 1, OPTIONS)
                .toCompletableFuture()
                .join();

        assertThat(denied.decision().code()).isEqualTo(Code.ERROR);
        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void theRoundsOfACallAreOnRecordUnderOneId() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        answer(admit(engine, pay(Map.of(), "s1")), asks("s2"));
        answer(admit(engine, pay(Map.of(), "s2")), Map.of());

        List<AuditEvent.Decided> decided = events.stream()
                .filter(AuditEvent.Decided.class::isInstance)
                .map(AuditEvent.Decided.class::cast)
                .toList();
        assertThat(decided).extracting(AuditEvent.Decided::round).containsExactly(0, 1, 2);
        assertThat(decided.stream().map(AuditEvent.Decided::id).distinct()).hasSize(1);
        assertThat(events.stream().filter(AuditEvent.Settled.class::isInstance))
                .singleElement()
                .extracting(event -> ((AuditEvent.Settled) event).outcome())
                .isEqualTo(CallOutcome.SUCCEEDED);
    }

    @Test
    void aRoundThatThePolicyDeniesByNowEndsTheCallAsUnknown() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        engine.update(Policies.pay(Policies.deny("no")));
        GuardedCall denied = admit(engine, pay(Map.of(), "s1"));

        assertThat(denied.decision().allowed()).isFalse();
        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
        denied.unsent();
        assertThat(counting.settlements()).hasSize(1);
        assertThat(continuations.size()).isZero();
    }

    @Test
    void aRoundThatNoSinkTakesDownIsDenied() {
        PolicyEngine engine = PolicyEngine.builder(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .audit(event -> {
                    if (event instanceof AuditEvent.Decided decided && decided.round() > 0) {
                        throw new IllegalStateException("the disk is full");
                    }
                })
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));

        assertThat(admit(engine, pay(Map.of(), "s1")).decision().code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aRoundIsNeverUnsent() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(1))))
                .rateLimiter(counting)
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        admit(engine, pay(Map.of(), "s1")).unsent();

        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aPersonIsAskedOnceAndWhatTheyApprovedIsSentInEachRound() {
        PolicyEngine engine = engine(Policies.pay(Policies.ask("big"), Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        instead = Map.of("amount", 5);
        ToolCall first = pay(Map.of("amount", 500), null);
        GuardedCall call = admit(engine, first);
        call.admission().handedOver();
        answer(call, asks("s1"));
        ToolCall again = pay(Map.of("amount", 500), "s1");
        GuardedCall round = admit(engine, again);

        assertThat(round.round()).isEqualTo(1);
        assertThat(round.admission().toSend(again).arguments().root().toJava()).hasToString("{amount=5}");
        assertThat(asked).hasSize(1);
        assertThat(counting.reserved()).isEqualTo(1);
    }

    @Test
    void aRuleThatAsksOnlyNowMakesItANewCall() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        engine.update(Policies.pay(Policies.ask("careful"), Policies.rate("r", Policies.hourly(9))));
        GuardedCall fresh = admit(engine, pay(Map.of(), "s1"));

        assertThat(fresh.decision().allowed()).isTrue();
        assertThat(fresh.round()).isZero();
        assertThat(asked).hasSize(1);
        assertThat(counting.reserved()).isEqualTo(2);
        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aCounterIsReadWithoutWhatTheCallItselfCounts() {
        PolicyEngine engine = engine(Policies.pay(
                        Policies.count("n", null, ChargeMode.SENT),
                        Policies.ask("third", Policies.when("state.pay.n", Operator.GTE, 1))))
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));

        assertThat(admit(engine, pay(Map.of(), "s1")).round()).isEqualTo(1);
        assertThat(asked).isEmpty();
        assertThat(admit(engine, pay(Map.of(), null)).round()).isZero();
        assertThat(asked).hasSize(1);
    }

    @Test
    void aCallThatIsNotContinuedInTimeIsUnknownAndStartsAnew() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .rateLimiter(counting)
                .build();
        answer(admit(engine, pay(Map.of(), null)), asks("s1"));
        clock.advance(TIME_TO_LIVE.minusMillis(1));
        answer(admit(engine, pay(Map.of(), "s1")), asks("s2"));
        assertThat(counting.reserved()).isEqualTo(1);
        clock.advance(Duration.ofMillis(1));

        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(continuations.size()).isZero();
        assertThat(admit(engine, pay(Map.of(), "s2")).round()).isZero();
    }

    @Test
    void theEleventhTimeIsANewCall() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();
        GuardedCall call = admit(engine, pay(Map.of(), null));
        for (int round = 1; round <= 10; round++) {
            answer(call, asks("s" + round));
            call = admit(engine, pay(Map.of(), "s" + round));
            assertThat(call.round()).isEqualTo(round);
        }
        answer(call, asks("s11"));

        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(admit(engine, pay(Map.of(), "s11")).round()).isZero();
    }

    @Test
    void aFullTableKeepsWhatItHas() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();
        for (int i = 0; i < 4; i++) {
            answer(admit(engine, pay(Map.of(), null)), asks("s" + i));
        }

        assertThat(counting.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(admit(engine, pay(Map.of(), "s3")).round()).isZero();
        assertThat(admit(engine, pay(Map.of(), "s0")).round()).isEqualTo(1);
        continuations.clear();
        assertThat(counting.settlements()).hasSize(3).containsOnly(CallOutcome.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"task", "result"})
    void aTaskEndsAsUnknown(String where) {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();
        if (where.equals("task")) {
            ToolCall call =
                    ToolCall.of("pay", Map.of()).saying((ObjectValue) Value.freeze(Map.of("task", Map.of("ttl", 1))));
            answer(admit(engine, call), Map.of("content", List.of()));
        } else {
            answer(admit(engine, pay(Map.of(), null)), Map.of("task", Map.of("taskId", "1")));
            answer(admit(engine, pay(Map.of(), null)), Map.of("resultType", "task"));
        }

        assertThat(counting.settlements()).isNotEmpty().containsOnly(CallOutcome.UNKNOWN);
    }

    @Test
    void aResultOfAnUnknownTypeEndsAsUnknown() {
        PolicyEngine engine = engine(Policies.pay(Policies.rate("r", Policies.hourly(99))))
                .rateLimiter(counting)
                .build();

        answer(admit(engine, pay(Map.of(), null)), Map.of("resultType", "half", "content", List.of()));
        answer(admit(engine, pay(Map.of(), null)), Map.of("resultType", 1, "content", List.of()));
        answer(admit(engine, pay(Map.of(), null)), Map.of("resultType", "complete", "content", List.of()));

        assertThat(counting.settlements())
                .containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN, CallOutcome.SUCCEEDED);
    }

    @Test
    void answersCountTowardsTheSizeOfTheArguments() {
        ToolCall call = ToolCall.of("pay", Map.of("note", "x".repeat(600)), new ValueLimits(8, 1_000))
                .saying((ObjectValue) Value.freeze(Map.of("inputResponses", Map.of("a", "y".repeat(600)))));

        assertThat(call.within(new ValueLimits(8, 1_000)).problem()).contains("inputResponses");
        assertThat(call.within(new ValueLimits(8, 2_000)).problem()).isNull();
    }

    private static Decision answer(GuardedCall call, @Nullable Object result) {
        return call.answered(CallResult.of(result)).toCompletableFuture().join().decision();
    }
}
