package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalText;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a policy says of the parameters and the number of requests other than calls of tools. */
class MethodEntriesTest {

    static List<EmbeddedRequest> requests(String... methods) {
        return Stream.of(methods)
                .map(method -> new EmbeddedRequest(method, null))
                .toList();
    }

    private static Entry entry(List<Condition> require, List<Condition> denyIf, List<Limit> limits) {
        Place place = Place.of("methods.m");
        return new Entry(false, blocks(require), blocks(denyIf), List.of(), limits, place);
    }

    private static List<Block> blocks(List<Condition> conditions) {
        return conditions.stream()
                .map(condition -> new Block(List.of(condition), null, Place.of("methods.m[0]")))
                .toList();
    }

    private static Entry askIf(Condition... conditions) {
        return new Entry(
                false,
                List.of(),
                List.of(),
                Stream.of(conditions)
                        .map(condition -> new Block(List.of(condition), null, Place.of("methods.m.ask_if[0]")))
                        .toList(),
                List.of(),
                List.of(),
                null,
                Place.of("methods.m"));
    }

    private static Limit limit(long max, @Nullable String from, Scope scope) {
        return limit(max, from, scope, ChargeMode.SUCCESS);
    }

    private static Limit limit(long max, @Nullable String from, Scope scope, ChargeMode charge) {
        return new Limit(
                Limit.Form.LIMITS,
                "n",
                Amount.of(max),
                Window.Calendar.MINUTE,
                Algorithm.FIXED_WINDOW,
                scope,
                Amount.ONE,
                from == null ? null : Path.parse(from),
                charge,
                null,
                Place.of("methods.m.limits[0]"));
    }

    private static Policy policy(Mode mode, Object... pairs) {
        Map<NamePattern, Posture> methods = new LinkedHashMap<>();
        Map<NamePattern, Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            NamePattern method = new NamePattern((String) pairs[i]);
            methods.put(method, pairs[i + 1] == Posture.DENY ? Posture.DENY : Posture.ALLOW);
            if (pairs[i + 1] instanceof Entry entry) {
                entries.put(method, entry);
            }
        }
        return new Policy(
                "",
                mode,
                PolicyBody.of(Posture.ALLOW),
                methods,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                entries);
    }

    private static PolicyEngine engine(Object... pairs) {
        return PolicyEngine.builder(policy(Mode.ENFORCE, pairs))
                .rateLimiter(InMemoryRateLimiter.builder()
                        .time(dev.interlock.policy.doubles.ManualTime.at("2026-03-31T23:30:00Z"))
                        .build())
                .build();
    }

    private static MethodCall asking(String method, Map<String, ?> params) {
        return MethodCall.of(method).with(Arguments.freeze(params, ValueLimits.DEFAULT));
    }

    private static final Entry FILES =
            entry(List.of(when("params.uri", Operator.STARTS_WITH, "file:///app/")), List.of(), List.of());

    @Test
    void conditionsReadTheParametersTheCallAndTheContext() {
        PolicyEngine engine = engine(
                "resources/read",
                entry(
                        List.of(
                                when("params.uri", Operator.STARTS_WITH, "file:"),
                                when("call.server", Operator.EQ, "files"),
                                when("ctx.tenant", Operator.EQ, "red")),
                        List.of(when("params._meta.secret", Operator.EXISTS, true)),
                        List.of()));
        MethodCall good = asking("resources/read", Map.of("uri", "file:///a"))
                .on("files")
                .with((ObjectValue) Value.freeze(Map.of("tenant", "red")));

        assertThat(engine.admit(good)).isEqualTo(Decision.ALLOWED);
        assertThat(engine.admit(good.on("web")).code()).isEqualTo(Code.CONDITION);
        assertThat(engine.admit(good.with(ObjectValue.EMPTY)).allowed()).isFalse();
        assertThat(engine.admit(good.with(Arguments.NONE)).allowed()).isFalse();
        Arguments meta =
                Arguments.freeze(Map.of("uri", "file:///a", "_meta", Map.of("secret", 1)), ValueLimits.DEFAULT);
        assertThat(engine.admit(good.with(meta)).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isTrue();
    }

    @Test
    void parametersThatAreNotKnownAreInvalidAndLookAlikesToo() {
        PolicyEngine engine = engine(
                "resources/read",
                FILES,
                "prompts/*",
                entry(List.of(), List.of(when("params.a", Operator.EQ, 1)), List.of()));

        assertThat(engine.admit(MethodCall.of("resources/read")).allowed()).isFalse();
        assertThat(engine.admit(MethodCall.of("prompts/get")).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(asking("prompts/get", Map.of())).allowed()).isTrue();
        assertThat(engine.admit(asking("prompts/get", Map.of("A", 2))).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(asking("resources/read", Map.of("uri", "file:///app/x", "URI", "file:///etc")))
                        .allowed())
                .isFalse();
        assertThat(engine.readsParameters("prompts/list")).isTrue();
        assertThat(engine.readsParameters("tools/list")).isFalse();
    }

    @Test
    void theFirstKeyThatMatchesIsTheOnlyOne() {
        PolicyEngine engine =
                engine("resources/*", FILES, "resources/read", Posture.ALLOW, "*", Posture.DENY, "ping", FILES);

        assertThat(engine.admit(asking("resources/read", Map.of("uri", "x"))).allowed())
                .isTrue();
        assertThat(engine.admit(asking("resources/subscribe", Map.of("uri", "x")))
                        .allowed())
                .isFalse();
        assertThat(engine.admit(asking("resources/subscribe", Map.of("uri", "file:///app/x")))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(MethodCall.of("initialize")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("ping")).allowed()).isFalse();
    }

    @Test
    void limitsCountEveryRequestThatIsLetThroughByMethodAndByCaller() {
        PolicyEngine engine = engine(
                "resources/read", entry(List.of(), List.of(), List.of(limit(1, null, Scope.SESSION))),
                "prompts/*", entry(List.of(), List.of(), List.of(limit(1, null, Scope.TOOL))),
                "sampling/createMessage",
                        entry(List.of(), List.of(), List.of(limit(100, "params.maxTokens", Scope.GLOBAL))));

        MethodCall read = asking("resources/read", Map.of()).in("s1");
        assertThat(engine.admit(read).allowed()).isTrue();
        assertThat(engine.admit(read).code()).isEqualTo(Code.LIMIT);
        assertThat(engine.admit(read).retryAfter()).isNotNull();
        assertThat(engine.admit(read.in("s2")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/list")).allowed())
                .as("counted apart")
                .isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isFalse();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 60)))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 60)))
                        .code())
                .isEqualTo(Code.LIMIT);
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 40)))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of())).code())
                .isEqualTo(Code.AMOUNT);
        assertThat(engine.admit(MethodCall.of("sampling/createMessage").askedByServer())
                        .code())
                .isEqualTo(Code.AMOUNT);
    }

    @Test
    void requestsWithinAnAnswerAreDecidedByTheirParameters() {
        PolicyEngine engine = engine(
                "sampling/createMessage",
                entry(List.of(), List.of(when("params.maxTokens", Operator.GT, 1_000)), List.of()));
        MethodCall answered = MethodCall.of("tools/call");

        assertThat(engine.admitEmbedded(within("params", Map.of("maxTokens", 5)), answered)
                        .allowed())
                .isTrue();
        assertThat(engine.admitEmbedded(within("params", Map.of("maxTokens", 5_000)), answered)
                        .code())
                .isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(within("Params", Map.of("maxTokens", 5)), answered)
                        .code())
                .isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(within("other", 5), answered).code()).isEqualTo(Code.DENY_IF);
    }

    private static List<EmbeddedRequest> within(String name, Object params) {
        return EmbeddedRequests.inResult(
                Map.of("inputRequests", Map.of("s", Map.of("method", "sampling/createMessage", name, params))));
    }

    @Test
    void denialsAreRecordedAndOnlyThatInModeAudit() {
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(policy(Mode.AUDIT, "resources/read", FILES))
                .audit(events::add)
                .build();
        events.clear();

        Decision decision = engine.admit(asking("resources/read", Map.of("uri", "x")));

        assertThat(decision.audited()).isTrue();
        assertThat(events).hasSize(1);
        assertThat(((AuditEvent.MethodDecided) events.get(0)).outcome()).isEqualTo(AuditEvent.Outcome.AUDITED);
    }

    @Test
    void whatOnlyTheHostKnowsIsAskedForAtTheStart() {
        Policy policy = policy(
                Mode.ENFORCE,
                "resources/read",
                entry(List.of(when("ctx.tenant", Operator.EQ, "red")), List.of(), List.of()));

        assertThatThrownBy(() -> new CallFacts(null, null, "nothing is in ctx here").require(policy))
                .hasMessageContaining("ctx.tenant");
        assertThatThrownBy(() -> new Policy(
                        "",
                        Mode.ENFORCE,
                        PolicyBody.of(Posture.ALLOW),
                        Map.of(new NamePattern("ping"), Posture.DENY),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(new NamePattern("ping"), FILES)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- what becomes of a request

    private static final MethodCall READ = asking("resources/read", Map.of("uri", "file:///a"));

    private static Admission admitted(PolicyEngine engine, MethodCall request) {
        return engine.admitAsync(request, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join();
    }

    @ParameterizedTest
    @CsvSource({
        "SUCCESS, UNSENT, true", "SUCCESS, FAILED, true", "SUCCESS, SUCCEEDED, false", "SUCCESS, UNKNOWN, false",
        "SENT, UNSENT, true", "SENT, FAILED, false", "SENT, SUCCEEDED, false", "SENT, UNKNOWN, false"
    })
    void aLimitGetsBackWhatARequestTookAsItDoesFromACall(ChargeMode charge, CallOutcome outcome, boolean givenBack) {
        Limit once = limit(1, null, Scope.TOOL, charge);
        for (boolean notification : new boolean[] {false, true}) {
            PolicyEngine engine = engine("resources/read", entry(List.of(), List.of(), List.of(once)));

            Admission first = notification ? engine.admitNotification(READ) : admitted(engine, READ);
            first.settle(outcome);

            assertThat(first.decision().allowed()).isTrue();
            assertThat(first.isOpen()).isTrue();
            assertThat(admitted(engine, READ).decision().allowed()).isEqualTo(givenBack);
        }
    }

    @Test
    void ifOneRequestWithinAnAnswerIsDeniedTheOthersTakeNothing() {
        PolicyEngine engine = engine(
                "roots/list",
                entry(List.of(), List.of(), List.of(limit(1, null, Scope.TOOL))),
                "sampling/createMessage",
                Posture.DENY);
        MethodCall answered = MethodCall.of("tools/call");

        assertThat(engine.admitEmbedded(requests("roots/list", "sampling/createMessage"), answered)
                        .allowed())
                .isFalse();
        assertThat(engine.admitEmbedded(requests("roots/list"), answered).allowed())
                .isTrue();
        assertThat(engine.admitEmbedded(requests("roots/list"), answered).code())
                .isEqualTo(Code.LIMIT);
    }

    // ---- asking a person

    /** A person who has been asked, and what that person answers. */
    private static final class Person implements ApprovalHandler {

        final List<ApprovalRequest> asked = new ArrayList<>();
        final List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();

        @Override
        public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
            asked.add(request);
            answers.add(new CompletableFuture<>());
            return answers.get(answers.size() - 1);
        }
    }

    private final Person person = new Person();
    private final List<AuditEvent> events = new ArrayList<>();

    private PolicyEngine withPerson(Object... pairs) {
        PolicyEngine engine = PolicyEngine.builder(policy(Mode.ENFORCE, pairs))
                .approvals(person)
                .audit(events::add)
                .build();
        events.clear();
        return engine;
    }

    private static final Entry ASKING = askIf(when("params.uri", Operator.STARTS_WITH, "file:"));

    @Test
    void aYesLetsTheRequestThroughAndANoDoesNot() {
        PolicyEngine engine = withPerson("resources/read", ASKING);

        CompletableFuture<Admission> waiting =
                engine.admitAsync(READ.by("alice"), AdmitOptions.DEFAULT).toCompletableFuture();

        assertThat(waiting).isNotDone();
        ApprovalRequest question = person.asked.get(0);
        assertThat(question.otherRequest()).isTrue();
        assertThat(question.tool()).isEqualTo("resources/read");
        assertThat(question.identity()).isEqualTo("alice");
        assertThat(question.arguments()).isEqualTo(READ.parameters());
        assertThat(question.message()).contains("The request 'resources/read' needs a person's approval");
        assertThat(ApprovalText.of(question))
                .startsWith("request:\n  | resources/read\n")
                .contains("parameters:");

        person.answers.get(0).complete(ApprovalAnswer.approved("Ada"));
        assertThat(waiting.join().decision().code()).isEqualTo(Code.APPROVED);

        CompletableFuture<Admission> refused =
                engine.admitAsync(READ, AdmitOptions.DEFAULT).toCompletableFuture();
        person.answers.get(1).complete(ApprovalAnswer.refused("Ada", "not today"));
        assertThat(refused.join().decision().allowed()).isFalse();
        assertThat(refused.join().decision().message()).contains("not today");
        assertThat(admitted(engine, asking("resources/read", Map.of("uri", "https://a")))
                        .decision()
                        .allowed())
                .as("no condition holds")
                .isTrue();
        assertThat(person.asked).hasSize(2);

        assertThat(events).allMatch(AuditEvent.MethodDecided.class::isInstance);
        assertThat(events)
                .map(event -> (AuditEvent.MethodDecided) event)
                .extracting(event -> event.outcome() + " "
                        + (event.answer() == null ? "-" : event.answer().by()))
                .containsExactly("ASKED -", "APPROVED Ada", "ASKED -", "REFUSED Ada", "ALLOWED -");
        assertThat(((AuditEvent.MethodDecided) events.get(0)).id())
                .isEqualTo(((AuditEvent.MethodDecided) events.get(1)).id());
    }

    @Test
    void whereNothingCanWaitTheRequestIsDeniedAndTheMessageSaysWhy() {
        PolicyEngine engine = withPerson("resources/read", ASKING, "elicitation/create", ASKING);
        List<EmbeddedRequest> embedded = EmbeddedRequests.inResult(Map.of(
                "inputRequests",
                Map.of("e", Map.of("method", "elicitation/create", "params", Map.of("uri", "file:x")))));

        Decision told = engine.admitNotification(READ).decision();
        Decision here = engine.admit(READ);
        Decision within = engine.admitEmbedded(embedded, READ);
        Decision unread = admitted(engine, MethodCall.of("resources/read")).decision();

        assertThat(told.allowed()).isFalse();
        assertThat(told.message()).endsWith("No one was asked: a notification can't wait for a person.");
        assertThat(here.message()).endsWith("No one was asked: it can't wait for a person here.");
        assertThat(within.allowed()).isFalse();
        assertThat(within.message())
                .startsWith("The server's answer asks for 'elicitation/create'.")
                .contains("No one was asked: an answer of a server's can't wait for a person.");
        assertThat(unread.message()).endsWith("its parameters can't be read, so no one can agree to them.");
        assertThat(person.asked).isEmpty();
        assertThat(admitted(engine("resources/read", ASKING), READ).decision().message())
                .as("without a handler")
                .endsWith("No one could be asked.");
    }

    @Test
    void theRequestIsDecidedAgainWhenTheYesComes() {
        PolicyEngine engine = withPerson("resources/read", ASKING);

        CompletableFuture<Admission> waiting =
                engine.admitAsync(READ, AdmitOptions.DEFAULT).toCompletableFuture();
        engine.update(policy(Mode.ENFORCE, "resources/*", Posture.DENY));
        person.answers.get(0).complete(ApprovalAnswer.approved("Ada"));

        assertThat(waiting.join().decision().code()).isEqualTo(Code.METHOD);

        engine.update(policy(Mode.ENFORCE, "resources/read", ASKING));
        CompletableFuture<Admission> stopped =
                engine.admitAsync(READ, AdmitOptions.DEFAULT).toCompletableFuture();
        engine.suspend("Stopped.", null);

        assertThat(stopped.join().decision().code()).isEqualTo(Code.SUSPENDED);
    }

    @Test
    void aRequestThatIsGivenUpIsNotWaitedForAndWhatItTookIsGivenBack() {
        Entry both = new Entry(
                false,
                List.of(),
                List.of(),
                ASKING.askIf(),
                List.of(),
                List.of(limit(1, null, Scope.TOOL)),
                null,
                ASKING.place());
        PolicyEngine engine = withPerson("resources/read", both);

        engine.admitAsync(READ, AdmitOptions.DEFAULT).toCompletableFuture().cancel(false);
        CompletableFuture<Admission> next =
                engine.admitAsync(READ, AdmitOptions.DEFAULT).toCompletableFuture();
        person.answers.get(1).complete(ApprovalAnswer.approved("Ada"));

        assertThat(person.answers.get(0)).isCancelled();
        assertThat(next.join().decision().allowed()).isTrue();
    }

    @Test
    void aTicketForARequestIsNoneForAToolOfThatName() {
        ApprovalTickets tickets = ApprovalTickets.create();
        Policy base = policy(Mode.ENFORCE, "resources/read", ASKING);
        Policy both = new Policy(
                "",
                Mode.ENFORCE,
                Policies.body(Posture.ALLOW, Map.of("resources/read", at("tools.x", ASKING))),
                base.methods(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                base.methodEntries());
        PolicyEngine engine = PolicyEngine.builder(both).approvals(tickets).build();
        assertThat(admitted(engine, READ).decision().code()).isEqualTo(Code.APPROVAL_PENDING);
        tickets.approve(tickets.list().get(0).id(), "Ada");

        Admission ofTool = engine.admit(ToolCall.of("resources/read", READ.parameters()));
        assertThat(ofTool.decision().code()).isEqualTo(Code.APPROVAL_PENDING);
        assertThat(admitted(engine, READ).decision().code()).isEqualTo(Code.APPROVED);
        assertThat(admitted(engine, READ).decision().code()).as("once").isEqualTo(Code.APPROVAL_PENDING);
    }

    private static Entry at(String place, Entry entry) {
        List<Block> blocks = entry.askIf().stream()
                .map(block -> new Block(block.conditions(), block.message(), Place.of(place)))
                .toList();
        return new Entry(false, List.of(), List.of(), blocks, List.of(), List.of(), null, entry.place());
    }

    // ---- who asks

    @ParameterizedTest
    @ValueSource(strings = {"call.identity", "call.session", "ctx.role"})
    void whatIsReadOfACallerWhoIsNotKnownIsInvalidAndNotMissing(String path) {
        Condition guest = when(path, Operator.EQ, "guest");
        PolicyEngine engine = withPerson(
                "resources/read",
                entry(List.of(), List.of(guest), List.of()),
                "prompts/get",
                entry(List.of(when(path, Operator.EXISTS, false)), List.of(), List.of()),
                "completion/complete",
                askIf(guest));
        MethodCall read = READ.by("alice").in("s").with((ObjectValue) Value.freeze(Map.of("role", "staff")));

        assertThat(engine.admit(read).allowed()).isTrue();
        assertThat(engine.admit(read.byUnknownCaller()).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(asking("prompts/get", Map.of()).byUnknownCaller())
                        .allowed())
                .isFalse();
        assertThat(engine.admitAsync(asking("completion/complete", Map.of()).byUnknownCaller(), AdmitOptions.DEFAULT))
                .isNotDone();
    }

    @Test
    void whatAServerAsksWithinAnAnswerIsAskedOfWhoMadeTheRequest() {
        PolicyEngine engine =
                engine("roots/list", entry(List.of(), List.of(when("ctx.role", Operator.EQ, "guest")), List.of()));
        MethodCall asked = MethodCall.of("prompts/get").with((ObjectValue) Value.freeze(Map.of("role", "guest")));

        assertThat(engine.admitEmbedded(requests("roots/list"), asked).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(requests("roots/list"), asked.byUnknownCaller())
                        .code())
                .isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(requests("roots/list"), asked.with(ObjectValue.EMPTY))
                        .allowed())
                .isTrue();
    }

    @Test
    void anExplanationOfARequestShowsWhatWasLookedAtAndTakesNothing() {
        PolicyEngine engine = engine(
                "resources/*",
                entry(FILES.require().get(0).conditions(), List.of(), List.of(limit(1, null, Scope.TOOL))),
                "prompts/get",
                Posture.DENY);

        Explanation explanation = engine.explain(asking("resources/read", Map.of("uri", "file:///app/x")));
        assertThat(explanation.decision().allowed()).isTrue();
        assertThat(explanation.rating()).isNull();
        assertThat(explanation.steps()).hasSize(2);
        assertThat(engine.explain(READ).decision().code()).isEqualTo(Code.CONDITION);
        assertThat(engine.explain(MethodCall.of("prompts/get")).decision().code())
                .isEqualTo(Code.METHOD);
        assertThat(engine.explain(MethodCall.of("tools/list")).decision()).isEqualTo(Decision.ALLOWED);
        assertThat(engine.admit(asking("resources/read", Map.of("uri", "file:///app/x")))
                        .allowed())
                .isTrue();
    }
}
