package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Block;
import dev.interlock.policy.Clearing;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.memory.InMemorySessionMemory;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Marks: what puts them on a session, what takes them away, and what reads them. */
class MarksTest {

    private static final Condition WEB = Policies.when("session.web", Operator.EXISTS, true);
    private static final Condition SEEN = Condition.between("session.seen", Operator.CONTAINS, "args.id");

    private final ManualTime time = new ManualTime();
    private final SessionMemory memory =
            InMemorySessionMemory.builder().time(time).build();
    private final List<AuditEvent> events = new ArrayList<>();

    /** A page is fetched, mail is not sent once one was; orders are read, and only such are paid back. */
    private final Map<String, Entry> tools = new LinkedHashMap<>(Map.of(
            "fetch", marking(mark("web", null, false)),
            "login", marking(mark("web", null, true)),
            "send", denyIf(WEB),
            "get", marking(mark("seen", "args.id", false)),
            "list", marking(mark("seen", "result.structured.orders[*].id", false)),
            "refund", require(SEEN),
            "clean", entry().with(new Afterwards(List.of(), List.of(), List.of(new Clearing("web", Place.of("c"))))),
            "run",
                    new Entry(
                            false,
                            List.of(),
                            List.of(),
                            List.of(),
                            List.of(),
                            List.of(),
                            null,
                            new Unwrap(
                                    null,
                                    Path.parse("args.name"),
                                    Path.parse("args.arguments"),
                                    false,
                                    false,
                                    null,
                                    null,
                                    Place.of("u")),
                            Place.of("run"))));

    // ---- what sets a mark ----

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void everyEndButUnsentSetsAMark(CallOutcome outcome) {
        PolicyEngine engine = engine();
        engine.admit(call("fetch")).settle(outcome);

        assertThat(engine.admit(call("send")).decision().allowed()).isEqualTo(outcome == CallOutcome.UNSENT);
    }

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void onlySuccessSetsAMarkOnSuccess(CallOutcome outcome) {
        PolicyEngine engine = engine();
        engine.admit(call("login")).settle(outcome);

        assertThat(engine.admit(call("send")).decision().allowed()).isEqualTo(outcome != CallOutcome.SUCCEEDED);
    }

    @Test
    void aMarkIsSetBeforeItsCallersSeeTheResult() {
        PolicyEngine engine = engine();
        Admission admission = engine.admit(call("fetch"));
        assertThat(engine.admit(call("send")).decision().allowed()).isTrue();
        assertThat(admission.judgesAnswer()).isTrue();
        answer(admission, Map.of("content", List.of()));

        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();
        assertThat(engine.admit(ToolCall.of("send", Map.of()).in("s2"))
                        .decision()
                        .allowed())
                .isTrue();
    }

    @Test
    void anErrorSetsAMarkAndNoneOnSuccess() {
        PolicyEngine engine = engine();
        answer(engine.admit(call("login")), Map.of("isError", true));
        assertThat(engine.admit(call("send")).decision().allowed()).isTrue();
        engine.admit(call("fetch"))
                .answered(CallResult.failed(1, "no", null), CallOutcome.FAILED)
                .toCompletableFuture()
                .join();

        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();
    }

    @Test
    void valuesComeFromTheArgumentsAndCompareAsTheirCanonicalText() {
        PolicyEngine engine = engine();
        engine.admit(call("get", 7)).succeeded();
        engine.admit(call("get", 8.0)).succeeded();

        assertThat(refunds(engine, "7", 7, 7.0, 8)).isTrue();
        assertThat(refunds(engine, 9)).isFalse();
    }

    @Test
    void valuesComeFromTheResult() {
        PolicyEngine engine = engine();
        answer(engine.admit(call("list")), orders(1, "b", 2.50, true));

        assertThat(refunds(engine, 1, "b", "2.5", "true")).isTrue();
        assertThat(refunds(engine, 2)).isFalse();
    }

    @Test
    void whatIsNoScalarLeavesTheNameAlone() {
        PolicyEngine engine = engine();
        answer(
                engine.admit(call("list")),
                Map.of("structuredContent", Map.of("orders", List.of(Map.of("id", List.of())))));
        answer(engine.admit(call("list")), Map.of("content", List.of()));
        engine.admit(call("get", Map.of("a", 1))).succeeded();
        engine.admit(call("list")).unknown();

        assertThat(marks()).isEqualTo(new Value.Array(List.of()));
    }

    @Test
    void valuesOfAResultThatCannotBeToldMakeTheMarkInvalidUntilItLapses() {
        for (Object result : List.of(
                Map.of("structuredContent", Map.of("orders", Map.of())),
                Map.of("structuredContent", Map.of("orders", List.of(Map.of("id", 1, "Id", 2)))),
                Map.of("structuredContent", Map.of(), "StructuredContent", Map.of()),
                orders("x".repeat(257)),
                orders((Object[]) numbers(SessionMemory.MOST_VALUES + 1)))) {
            PolicyEngine engine = engine();
            engine.admit(call("get", 7)).succeeded();
            answer(engine.admit(call("list")), result);

            assertThat(marks()).isEqualTo(Value.Nil.NULL);
            assertThat(refunds(engine, 7)).isFalse();
            time.advance(Mark.IDLE);
        }
    }

    @Test
    void aSuccessWhoseResultIsNotSeenHereMakesAMarkOfItInvalid() {
        PolicyEngine engine = engine();
        engine.admit(call("list")).succeeded();

        assertThat(marks()).isEqualTo(Value.Nil.NULL);
    }

    // ---- what is denied ----

    @Test
    void aCallWithoutASessionCanNeitherBeMarkedNorJudgedByMarks() {
        PolicyEngine engine = engine();
        for (ToolCall call : List.of(
                ToolCall.of("fetch", Map.of()),
                ToolCall.of("fetch", Map.of()).in(ToolCall.COMMON_SESSION),
                ToolCall.of("fetch", Map.of()).inConnection("transport-1"))) {
            Decision decision = engine.admit(call).decision();
            assertThat(decision.allowed()).isFalse();
            assertThat(decision.code()).isEqualTo(Code.MARK);
        }
        assertThat(engine.admit(ToolCall.of("send", Map.of())).decision().allowed())
                .isFalse();
        assertThat(engine.admit(ToolCall.of("send", Map.of()).inConnection("transport-1"))
                        .decision()
                        .allowed())
                .isFalse();
        assertThat(engine.admit(ToolCall.of("send", Map.of()).by("ana"))
                        .decision()
                        .allowed())
                .isTrue();
        assertThat(engine.admit(ToolCall.of("clean", Map.of())).decision().allowed())
                .isTrue();
    }

    @Test
    void theOnlyConnectionOfAnEngineIsASessionUnlessThePolicyNamesAnotherServer() {
        PolicyEngine engine = builder(policy(tools)).soleConnection().build();
        ToolCall fetch = ToolCall.of("fetch", Map.of()).on("browser");
        engine.admit(fetch).succeeded();
        ToolCall send = ToolCall.of("send", Map.of()).on("browser");
        assertThat(engine.admit(send).decision().code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(ToolCall.of("fetch", Map.of()).inConnection("t"))
                        .decision()
                        .code())
                .isEqualTo(Code.MARK);

        engine.update(serving("browser"));
        assertThat(engine.admit(fetch).decision().allowed()).isTrue();
        engine.update(serving("mail"));
        assertThat(engine.admit(fetch).decision().code()).isEqualTo(Code.MARK);
    }

    @Test
    void anArgumentThatCannotBeNotedDeniesTheCall() {
        PolicyEngine engine = engine();
        assertThat(engine.admit(call("get", "x".repeat(257))).decision().code()).isEqualTo(Code.MARK);
        assertThat(engine.admit(ToolCall.of("get", Map.of("id", 1, "ID", 2)).in("s1"))
                        .decision()
                        .code())
                .isEqualTo(Code.MARK);
        assertThat(engine.admit(call("get", "\uD83D\uDE00".repeat(256)))
                        .decision()
                        .allowed())
                .isTrue();
    }

    @Test
    void aCallForWhoseMarkThereIsNoRoomIsNotMade() {
        PolicyEngine engine = engine();
        answer(engine.admit(call("list")), orders((Object[]) numbers(SessionMemory.MOST_VALUES)));
        ToolCall more = call("get", "x");

        assertThat(engine.decide(more).code()).isEqualTo(Code.MARK);
        assertThat(engine.explain(more).decision().code()).isEqualTo(Code.MARK);
        assertThat(engine.admit(more).decision().code()).isEqualTo(Code.MARK);
        assertThat(engine.admit(call("get", 7)).decision().allowed()).isTrue();
        assertThat(refunds(engine, 7)).isTrue();
    }

    @Test
    void roomIsKeptForEachCallThatIsUnderWayAndGivenBackIfItWasNeverSent() {
        PolicyEngine engine = engine();
        answer(engine.admit(call("list")), orders((Object[]) numbers(SessionMemory.MOST_VALUES - 1)));
        Admission first = engine.admit(call("get", "x"));
        assertThat(engine.admit(call("get", "y")).decision().code()).isEqualTo(Code.MARK);
        first.unsent();
        Admission second = engine.admit(call("get", "y"));
        answer(engine.admit(call("list")), orders("z"));
        assertThat(marks()).isEqualTo(Value.Nil.NULL);
        second.succeeded();

        assertThat(second.decision().allowed()).isTrue();
    }

    @Test
    void aCallThatALimitDeniesTakesNoRoom() {
        tools.put(
                "get",
                new Entry(
                                false,
                                List.of(),
                                List.of(),
                                List.of(Policies.rate("r", Policies.hourly(1))),
                                List.of(),
                                Place.of("get"))
                        .with(new Afterwards(List.of(), List.of(mark("seen", "args.id", false)), List.of())));
        PolicyEngine engine = engine();
        engine.admit(call("get", "a")).succeeded();
        assertThat(engine.admit(call("get", "b")).decision().code()).isEqualTo(Code.LIMIT);
        answer(engine.admit(call("list")), orders((Object[]) numbers(SessionMemory.MOST_VALUES - 1)));

        assertThat(((Value.Array) Objects.requireNonNull(marks())).items()).hasSize(SessionMemory.MOST_VALUES);
    }

    // ---- clearing ----

    @ParameterizedTest
    @EnumSource(CallOutcome.class)
    void onlySuccessClears(CallOutcome outcome) {
        PolicyEngine engine = engine();
        engine.admit(call("fetch")).succeeded();
        engine.admit(call("clean")).settle(outcome);

        assertThat(engine.admit(call("send")).decision().allowed()).isEqualTo(outcome == CallOutcome.SUCCEEDED);
    }

    @Test
    void whatWasSetAfterTheCallWasDecidedIsNotCleared() {
        PolicyEngine engine = engine();
        engine.admit(call("fetch")).succeeded();
        Admission clean = engine.admit(call("clean"));
        engine.admit(call("fetch")).succeeded();
        clean.succeeded();
        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();
        engine.admit(call("clean")).succeeded();

        assertThat(engine.admit(call("send")).decision().allowed()).isTrue();
    }

    // ---- approval, rounds, reloads, inner calls ----

    @Test
    void whatAPersonHasAllowedIsDecidedAnewByTheMarksOfThatMoment() {
        tools.put("send", askedAndDeniedIf(WEB));
        List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
        PolicyEngine engine = builder(policy(tools))
                .approvals(request -> {
                    CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                    answers.add(answer);
                    return answer;
                })
                .alarm(time)
                .build();
        CompletableFuture<Admission> waiting = engine.admitAsync(call("send")).toCompletableFuture();
        engine.admit(call("fetch")).succeeded();
        answers.get(0).complete(ApprovalAnswer.approved(null));

        assertThat(waiting.join().decision().code()).isEqualTo(Code.DENY_IF);
    }

    @Test
    void aCallThatAPersonAllowsKeepsItsRoomAndSetsItsMark() {
        tools.put(
                "fetch",
                new Entry(false, List.of(), List.of(), List.of(Policies.ask("sure")), List.of(), Place.of("fetch"))
                        .with(new Afterwards(List.of(), List.of(mark("web", null, false)), List.of())));
        PolicyEngine engine = builder(policy(tools))
                .approvals(request -> CompletableFuture.completedFuture(ApprovalAnswer.approved(null)))
                .alarm(time)
                .build();
        Admission admission = engine.admit(call("fetch"));
        assertThat(admission.decision().allowed()).isTrue();
        answer(admission, Map.of());

        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();
        assertThat(((InMemorySessionMemory) memory).sessionCount()).isEqualTo(1);
    }

    @Test
    void aCallThatAPersonRefusesGivesItsRoomBack() {
        tools.put(
                "fetch",
                new Entry(false, List.of(), List.of(), List.of(Policies.ask("sure")), List.of(), Place.of("fetch"))
                        .with(new Afterwards(List.of(), List.of(mark("web", null, false)), List.of())));
        PolicyEngine engine = builder(policy(tools))
                .approvals(request -> CompletableFuture.completedFuture(ApprovalAnswer.refused(null, null)))
                .alarm(time)
                .build();

        assertThat(engine.admit(call("fetch")).decision().allowed()).isFalse();
        assertThat(((InMemorySessionMemory) memory).sessionCount()).isZero();
    }

    @Test
    void anAnswerThatAsksForInputSetsMarksAndTheNextRoundIsDecidedByThem() {
        PolicyEngine engine = engine();
        Admission admission = engine.admit(call("fetch")).unshared();
        admission.inputRequired();
        admission
                .answered(CallResult.of(Map.of("resultType", "input_required")), null)
                .toCompletableFuture()
                .join();
        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();

        Admission send = engine.admit(ToolCall.of("send", Map.of()).in("s2")).unshared();
        send.inputRequired();
        engine.admit(ToolCall.of("fetch", Map.of()).in("s2")).succeeded();
        Admission next = engine.continueAsync(ToolCall.of("send", Map.of()).in("s2"), send, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();
        assertThat(next.decision().allowed()).isFalse();
        assertThat(engine.decideAgain(ToolCall.of("send", Map.of()).in("s2"), send)
                        .toCompletableFuture()
                        .join()
                        .allowed())
                .isFalse();
    }

    @Test
    void aRoundKeepsRoomForWhatItMaySet() {
        PolicyEngine engine = engine();
        Admission first = engine.admit(call("get", 1)).unshared();
        first.inputRequired();
        Admission next = engine.continueAsync(call("get", 1), first, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();
        assertThat(next).isSameAs(first);
        answer(next, Map.of());

        assertThat(refunds(engine, 1)).isTrue();
        engine.admit(ToolCall.of("fetch", Map.of()).in("s2")).unsent();
        assertThat(((InMemorySessionMemory) memory).sessionCount()).isEqualTo(1);
    }

    @Test
    void marksAreKeptOverANewPolicy() {
        PolicyEngine engine = engine();
        engine.admit(call("fetch")).succeeded();
        tools.put("other", entry());
        engine.update(policy(tools));

        assertThat(engine.admit(call("send")).decision().allowed()).isFalse();
    }

    @Test
    void enginesThatShareAMemoryShareTheSessions() {
        engine().admit(call("fetch")).succeeded();

        assertThat(engine().admit(call("send")).decision().allowed()).isFalse();
    }

    @Test
    void marksOfInnerCallsAreSetButThoseOnSuccessAreNot() {
        PolicyEngine engine = engine();
        assertThat(engine.admit(running("login", Map.of())).decision().allowed())
                .isTrue();
        engine.admit(running("login", Map.of())).succeeded();
        assertThat(engine.admit(running("send", Map.of())).decision().allowed()).isTrue();
        answer(engine.admit(running("get", Map.of("id", 5))), Map.of());
        engine.admit(running("fetch", Map.of())).succeeded();
        engine.admit(running("clean", Map.of())).succeeded();

        assertThat(refunds(engine, 5)).isTrue();
        assertThat(engine.admit(running("send", Map.of())).decision().allowed()).isFalse();
        assertThat(engine.admit(running("get", Map.of("id", "x".repeat(257))))
                        .decision()
                        .code())
                .isEqualTo(Code.MARK);
    }

    @Test
    void requestsOtherThanCallsSetAndReadMarks() {
        Block block = new Block(List.of(WEB), null, Place.of("methods.sampling"));
        Policy policy = new Policy(
                "",
                Mode.ENFORCE,
                PolicyBody.of(Posture.ALLOW),
                Map.of(new NamePattern("resources/read"), Posture.ALLOW, new NamePattern("prompts/get"), Posture.ALLOW),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(
                        new NamePattern("resources/read"),
                        marking(mark("web", null, false)),
                        new NamePattern("prompts/get"),
                        new Entry(false, List.of(), List.of(block), List.of(), List.of(), Place.of("m"))));
        PolicyEngine engine = builder(policy).build();
        MethodCall ask = MethodCall.of("prompts/get").in("s1");
        assertThat(engine.admit(ask).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("resources/read").in("s1")).allowed())
                .isTrue();

        assertThat(engine.admit(ask).allowed()).isFalse();
        assertThat(engine.admit(ask.inConnection("t")).allowed()).isFalse();
        assertThat(engine.admit(MethodCall.of("resources/read").inConnection("t"))
                        .code())
                .isEqualTo(Code.MARK);
    }

    // ---- a policy that only records ----

    @Test
    void underAPolicyThatOnlyRecordsACallWithoutRoomIsMadeAndItsMarkIsInvalid() {
        PolicyEngine engine = builder(Policies.audited(policy(tools))).build();
        answer(engine.admit(call("list")), orders((Object[]) numbers(SessionMemory.MOST_VALUES)));
        Admission more = engine.admit(call("get", "x"));
        assertThat(more.decision().audited()).isTrue();
        assertThat(more.decision().code()).isEqualTo(Code.MARK);
        JudgedResult seen = answer(more, Map.of());

        assertThat(seen.decision().allowed()).isTrue();
        assertThat(marks()).isEqualTo(Value.Nil.NULL);
        assertThat(engine.admit(ToolCall.of("fetch", Map.of())).decision().audited())
                .isTrue();
    }

    // ---- a memory that fails, and one that waits ----

    @Test
    void aMemoryThatCannotBeReachedDeniesAndWithholds() {
        Flaky flaky = new Flaky();
        PolicyEngine engine = PolicyEngine.builder(policy(tools))
                .sessionMemory(flaky)
                .time(time)
                .build();
        Admission admission = admit(engine, call("fetch"));
        flaky.down = true;
        JudgedResult judged = answer(admission, Map.of());

        assertThat(judged.decision().allowed()).isFalse();
        assertThat(judged.decision().code()).isEqualTo(Code.MARK);
        assertThat(admit(engine, call("send")).decision().allowed()).isFalse();
        assertThat(admit(engine, call("fetch")).decision().allowed()).isFalse();
    }

    @Test
    void aMemoryThatAnswersLaterDecidesTheSame() {
        PolicyEngine engine = PolicyEngine.builder(policy(tools))
                .sessionMemory(new Flaky())
                .time(time)
                .build();
        answer(admit(engine, call("list")), orders(1, 2));
        answer(admit(engine, call("fetch")), Map.of());
        assertThat(admit(engine, call("send")).decision().allowed()).isFalse();
        assertThat(admit(engine, call("refund", 2)).decision().allowed()).isTrue();
        assertThat(admit(engine, call("refund", 3)).decision().allowed()).isFalse();
        Admission first = admit(engine, call("get", 3)).unshared();
        first.inputRequired();
        answer(
                engine.continueAsync(call("get", 3), first, 1, AdmitOptions.DEFAULT)
                        .toCompletableFuture()
                        .join(),
                Map.of());

        assertThat(admit(engine, call("refund", 3)).decision().allowed()).isTrue();
        assertThat(engine.admit(call("refund", 3)).decision().allowed()).isTrue();
    }

    // ---- what is told ----

    @Test
    void theRecordNamesMarksAndCountsValuesAndQuotesNone() {
        PolicyEngine engine = builder(policy(tools)).observer(events::add).build();
        answer(engine.admit(call("list")), orders("secret-1", "secret-2"));
        answer(engine.admit(call("list")), Map.of("structuredContent", Map.of("orders", 1)));
        engine.admit(call("clean")).succeeded();
        engine.admit(call("send")).succeeded();

        List<AuditEvent.Marked> marked = events.stream()
                .filter(AuditEvent.Marked.class::isInstance)
                .map(AuditEvent.Marked.class::cast)
                .toList();
        assertThat(marked).hasSize(3);
        assertThat(marked.get(0).set()).containsExactly(new AuditEvent.SetMark("seen", 2, true));
        assertThat(marked.get(1).set()).containsExactly(new AuditEvent.SetMark("seen", 0, false));
        assertThat(marked.get(2).cleared()).containsExactly("web");
        assertThat(marked.get(0).id()).isNotEmpty();
    }

    @Test
    void anExplanationShowsTheMarksOfTheSession() {
        PolicyEngine engine = engine();
        answer(engine.admit(call("list")), orders("a", "b"));
        engine.admit(call("fetch")).succeeded();

        assertThat(engine.explain(call("send")).steps())
                .anySatisfy(step ->
                        assertThat(step.text()).isEqualTo("(marks): the session is marked as seen (values: 2), web"));
        assertThat(engine.explain(ToolCall.of("send", Map.of()).in("s2")).steps())
                .anySatisfy(step -> assertThat(step.text()).isEqualTo("(marks): the session has no marks"));
        assertThat(engine.explain(call("fetch")).steps())
                .anySatisfy(step -> assertThat(step.text()).endsWith("may mark the session as web"));
    }

    @Test
    void aWayWhoseCallsNeverHaveASessionRefusesAPolicyWithMarks() {
        CallFacts facts = new CallFacts(null, null, null, java.util.Set.of(), "no call has a session: give --session");

        assertThatThrownBy(() -> facts.require(policy(tools)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("session.web")
                .hasMessageContaining("marks")
                .hasMessageContaining("no call has a session: give --session");
        facts.require(Policies.pay());
    }

    // ---- helpers ----

    /** Answers only when asked for the answer; fails when it is down. */
    private final class Flaky implements SessionMemory {
        private boolean down;

        private <T> T up(T answer) {
            if (down) {
                throw new UnavailableException("the store");
            }
            return answer;
        }

        @Override
        public SessionMarks call(String session) {
            return up(memory.call(session));
        }

        @Override
        public CompletionStage<SessionMarks> callAsync(String session) {
            return CompletableFuture.supplyAsync(() -> call(session));
        }

        @Override
        public SessionMarks read(String session) {
            return up(memory.read(session));
        }

        @Override
        public MarkRoom reserve(MarkClaim claim) {
            return down ? new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE) : memory.reserve(claim);
        }

        @Override
        public CompletionStage<MarkRoom> reserveAsync(MarkClaim claim) {
            return CompletableFuture.supplyAsync(() -> reserve(claim));
        }

        @Override
        public void change(String session, MarkRoom.@Nullable Kept room, SessionChange change) {
            up(true);
            memory.change(session, room, change);
        }

        @Override
        public CompletionStage<@Nullable Void> changeAsync(
                String session, MarkRoom.@Nullable Kept room, SessionChange change) {
            return CompletableFuture.runAsync(() -> change(session, room, change));
        }

        @Override
        public boolean blocks() {
            return true;
        }
    }

    private static Admission admit(PolicyEngine engine, ToolCall call) {
        return engine.admitAsync(call).toCompletableFuture().join();
    }

    private PolicyEngine.Builder builder(Policy policy) {
        return PolicyEngine.builder(policy).sessionMemory(memory).time(time);
    }

    private PolicyEngine engine() {
        return builder(policy(tools)).build();
    }

    private @Nullable Value marks() {
        return memory.read("s1").read("seen", Value.Nil.NULL);
    }

    private static JudgedResult answer(Admission admission, Object result) {
        CallResult came = CallResult.of(result);
        return admission.answered(came, came.outcome()).toCompletableFuture().join();
    }

    private static boolean refunds(PolicyEngine engine, Object... ids) {
        for (Object id : ids) {
            if (!engine.admit(call("refund", id)).decision().allowed()) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, Object> orders(Object... ids) {
        List<Object> orders = new ArrayList<>();
        for (Object id : ids) {
            orders.add(Map.of("id", id));
        }
        return Map.of("structuredContent", Map.of("orders", orders));
    }

    private static Integer[] numbers(int count) {
        Integer[] numbers = new Integer[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = i;
        }
        return numbers;
    }

    private static ToolCall running(String tool, Map<String, Object> arguments) {
        return ToolCall.of("run", Map.of("name", tool, "arguments", arguments)).in("s1");
    }

    private static ToolCall call(String tool) {
        return ToolCall.of(tool, Map.of()).in("s1");
    }

    private static ToolCall call(String tool, Object id) {
        return ToolCall.of(tool, Map.of("id", id)).in("s1");
    }

    private static Mark mark(String name, @Nullable String value, boolean onSuccess) {
        return new Mark(
                name,
                value == null ? null : Path.parse(value),
                onSuccess,
                (@Nullable Duration) null,
                Place.of("marks." + name));
    }

    private static Entry entry() {
        return new Entry(false, List.of(), List.of(), List.of(), List.of(), Place.of("entry"));
    }

    private static Entry marking(Mark mark) {
        return entry().with(new Afterwards(List.of(), List.of(mark), List.of()));
    }

    private static Entry denyIf(Condition condition) {
        Block block = new Block(List.of(condition), null, Place.of("deny_if"));
        return new Entry(false, List.of(), List.of(block), List.of(), List.of(), Place.of("entry"));
    }

    private static Entry askedAndDeniedIf(Condition condition) {
        Block block = new Block(List.of(condition), null, Place.of("deny_if"));
        Rule ask = Policies.ask("sure");
        return new Entry(false, List.of(), List.of(block), List.of(ask), List.of(), Place.of("entry"));
    }

    private static Entry require(Condition condition) {
        Block block = new Block(List.of(condition), null, Place.of("require"));
        return new Entry(false, List.of(block), List.of(), List.of(), List.of(), Place.of("entry"));
    }

    private static Policy policy(Map<String, Entry> tools) {
        return Policy.of(Policies.body(Posture.ALLOW, tools));
    }

    private Policy serving(String server) {
        PolicyBody all = Policies.body(Posture.ALLOW, tools);
        return Policy.of(new PolicyBody(
                all.posture(),
                all.hide(),
                all.tools(),
                all.categories(),
                all.risks(),
                all.star(),
                all.allTools(),
                Optional.of(Map.of(new NamePattern(server), PolicyBody.of(Posture.ALLOW)))));
    }
}
