package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Approvals that a client fetches from its person between two rounds of a call, with clients of any kind. */
class ModernApprovalsTest {

    private static final byte[] KEY = "a key that all the replicas share".getBytes(StandardCharsets.UTF_8);
    private static final String INPUT = "dev.interlock/approval";
    private static final Map<String, Object> YES = Map.of("action", "accept", "content", Map.of("decision", "approve"));
    private static final Map<String, Object> DONE = Map.of("resultType", "complete", "content", List.of());
    private static final Map<String, Object> ASKS = Map.of(
            "resultType",
            "input_required",
            "requestState",
            "inner",
            "inputRequests",
            Map.of("k", Map.of("method", "elicitation/create", "params", Map.of())));

    private final RecordingLimiter limiter = new RecordingLimiter();
    private final ManualTime time = new ManualTime();
    private final List<Map<?, ?>> received = new CopyOnWriteArrayList<>();
    private final List<AuditEvent> record = Collections.synchronizedList(new ArrayList<>());
    private final List<ApprovalRequest> askedElsewhere = new CopyOnWriteArrayList<>();

    private final PolicyEngine engine = engine(asking());
    private final EnforcingRequestManager guarded = replica(engine);

    /** Both tools have a limit, and a person must agree to each call. The server asks for input in {@code asks}. */
    private static Policies asking() {
        return new Policies()
                .tool("t", Policies.limit(100), Policies.ask())
                .tool("u", Policies.limit(100), Policies.ask())
                .tool("asks", Policies.limit(100), Policies.ask());
    }

    private PolicyEngine engine(Policies policies) {
        return settings(policies.policy()).build();
    }

    private PolicyEngine.Builder settings(Policy policy) {
        return PolicyEngine.builder(policy).rateLimiter(limiter).audit(record::add);
    }

    private ApprovalHandler elsewhere(ApprovalAnswer answer) {
        return request -> {
            askedElsewhere.add(request);
            return CompletableFuture.completedFuture(answer);
        };
    }

    private final class Server implements McpRequestManager {

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
            Map<?, ?> params = (Map<?, ?>) request.params();
            received.add(params);
            boolean asks = "asks".equals(params.get("name")) && !"inner".equals(params.get("requestState"));
            return Mono.just(McpTransportResponse.result(JSONRPCResponse.result(request.id(), asks ? ASKS : DONE)));
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
            return handle(context, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
            return Mono.empty();
        }
    }

    private EnforcingRequestManager replica(PolicyEngine by) {
        return EnforcingRequestManager.builder(new Server(), by)
                .callContext((transport, reactor) -> CallContext.by(String.valueOf(transport.get("user")))
                        .with(ObjectValue.of(Map.of("at", new Value.Text(String.valueOf(transport.get("at")))))))
                .timeSource(time)
                .stateKey(KEY)
                .elicitApprovals()
                .build();
    }

    // ---- the client

    private static Map<String, @Nullable Object> params(String tool) {
        Map<String, @Nullable Object> params = new LinkedHashMap<>();
        params.put("name", tool);
        params.put("arguments", Map.of("a", 1));
        params.put(
                "_meta",
                Map.of("io.modelcontextprotocol/clientCapabilities", Map.of("elicitation", Map.of("form", Map.of()))));
        return params;
    }

    private static Map<String, @Nullable Object> again(
            Map<String, @Nullable Object> params, Map<?, ?> asked, Map<String, ?> answers) {
        Map<String, @Nullable Object> again = new LinkedHashMap<>(params);
        again.put("requestState", asked.get("requestState"));
        again.put("inputResponses", answers);
        return again;
    }

    private static Map<String, @Nullable Object> approved(Map<String, @Nullable Object> params, Map<?, ?> asked) {
        return again(params, asked, Map.of(INPUT, YES));
    }

    private static Map<?, ?> call(EnforcingRequestManager server, Map<String, Object> caller, Map<String, ?> params) {
        McpTransportResponse answer = server.handle(
                        McpTransportContext.create(caller), new JSONRPCRequest("tools/call", 1L, params))
                .block(Await.PATIENCE);
        return (Map<?, ?>) ((McpTransportResponse.Result) answer).response().result();
    }

    private static Map<?, ?> call(EnforcingRequestManager server, Map<String, ?> params) {
        return call(server, Map.of("user", "ada"), params);
    }

    /** What the guard, and not the server, asks the client for. */
    private static Map<?, ?> question(Map<?, ?> result) {
        assertThat(result.get("resultType")).isEqualTo("input_required");
        Map<?, ?> requests = (Map<?, ?>) result.get("inputRequests");
        assertThat(requests.keySet()).isEqualTo(Set.of(INPUT));
        return (Map<?, ?>) requests.get(INPUT);
    }

    private static boolean isOurs(Map<?, ?> result) {
        return result.get("inputRequests") instanceof Map<?, ?> requests && requests.containsKey(INPUT);
    }

    private static boolean isDenied(Map<?, ?> result) {
        return result.toString().contains("[POLICY DENIED]");
    }

    // ---- a yes

    @Test
    void aCallIsAnsweredWithTheQuestionAndRunsWithTheAnswer() {
        Map<String, @Nullable Object> params = params("t");
        Map<?, ?> asked = call(guarded, params);

        Map<?, ?> question = question(asked);
        assertThat(question.get("method")).isEqualTo("elicitation/create");
        assertThat(((Map<?, ?>) question.get("params")).get("message").toString())
                .contains("An agent's tool call waits for your approval.", "| t", "| \"a\": 1", "| ada");
        assertThat(received).isEmpty();
        // While nobody has answered, nothing is taken and nothing waits.
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(guarded.callsBeingDecided()).isZero();

        assertThat(call(guarded, approved(params, asked))).isEqualTo(DONE);

        assertThat(received).hasSize(1);
        // The server knows nothing of all this.
        assertThat(received.get(0).keySet()).isEqualTo(Set.of("name", "arguments", "_meta"));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT, CallOutcome.SUCCEEDED);
        assertThat(outcomes())
                .containsExactly(
                        AuditEvent.Outcome.ASKED,
                        AuditEvent.Outcome.ASKED,
                        AuditEvent.Outcome.ASKED,
                        AuditEvent.Outcome.APPROVED);
        // The answer is on record as one to the ticket that was given with the question.
        assertThat(tickets().distinct()).hasSize(1);
    }

    private List<AuditEvent.Outcome> outcomes() {
        return decisions().map(AuditEvent.Decided::outcome).toList();
    }

    private Stream<String> tickets() {
        return decisions()
                .filter(decided -> decided.answer() != null)
                .map(decided -> String.valueOf(decided.answer().ticket()));
    }

    private Stream<AuditEvent.Decided> decisions() {
        return List.copyOf(record).stream()
                .filter(AuditEvent.Decided.class::isInstance)
                .map(AuditEvent.Decided.class::cast);
    }

    @Test
    void aBlockingCallIsAskedAboutInTheSameWay() {
        McpTransportResponse answer = guarded.handleBlocking(
                        McpTransportContext.create(Map.of("user", "ada")),
                        new JSONRPCRequest("tools/call", 1L, params("t")))
                .block(Await.PATIENCE);

        question((Map<?, ?>) ((McpTransportResponse.Result) answer).response().result());
        assertThat(received).isEmpty();
    }

    @Test
    void anyReplicaTakesTheAnswerButOnlyOneDoes() {
        EnforcingRequestManager other = replica(engine(asking()));
        Map<?, ?> asked = call(guarded, params("t"));

        assertThat(call(other, approved(params("t"), asked))).isEqualTo(DONE);
        for (EnforcingRequestManager replica : List.of(guarded, other)) {
            question(call(replica, approved(params("t"), asked)));
        }
        assertThat(received).hasSize(1);
    }

    @Test
    void oneOfManyThatBringTheSameAnswerAtOnceRuns() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int round = 1; round <= 50; round++) {
                Map<?, ?> asked = call(guarded, params("t"));
                List<Future<Map<?, ?>>> all = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    all.add(threads.submit(() -> call(guarded, approved(params("t"), asked))));
                }
                int ran = 0;
                for (Future<Map<?, ?>> each : all) {
                    ran += isOurs(each.get()) ? 0 : 1;
                }
                assertThat(ran).isOne();
                assertThat(received).hasSize(round);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aYesThatMayHaveBeenUsedElsewhereIsNone() {
        Map<?, ?> asked = call(guarded, params("t"));
        limiter.redeeming(key -> false);

        question(call(guarded, approved(params("t"), asked)));
        limiter.redeeming(key -> {
            throw new IllegalStateException("the store is gone");
        });
        question(call(guarded, approved(params("t"), asked)));

        assertThat(received).isEmpty();
    }

    // ---- not a yes to this

    static Stream<Arguments> others() {
        return Stream.of(
                other("another identity", Map.of("user", "eve"), params -> params),
                other("another tool", Map.of("user", "ada"), params -> with(params, "name", "u")),
                other("other arguments", Map.of("user", "ada"), params -> with(params, "arguments", Map.of("a", 2))),
                other(
                        "more arguments",
                        Map.of("user", "ada"),
                        params -> with(params, "arguments", Map.of("a", 1, "b", 1))),
                other("another parameter", Map.of("user", "ada"), params -> with(params, "x", 1)),
                other("a state of nobody", Map.of("user", "ada"), params -> with(params, "requestState", "il1.AAAA")),
                other(
                        "a state that was changed",
                        Map.of("user", "ada"),
                        params -> params.get("requestState") instanceof String state
                                ? with(params, "requestState", changed(state))
                                : params),
                other("a state of another type", Map.of("user", "ada"), params -> with(params, "requestState", 1)),
                other("no state", Map.of("user", "ada"), params -> without(params, "requestState")),
                other("no answer", Map.of("user", "ada"), params -> without(params, "inputResponses")),
                other("an empty answer", Map.of("user", "ada"), params -> with(params, "inputResponses", Map.of())),
                other(
                        "another answer",
                        Map.of("user", "ada"),
                        params -> with(params, "inputResponses", Map.of("k", YES))),
                other(
                        "another answer besides",
                        Map.of("user", "ada"),
                        params -> with(params, "inputResponses", Map.of(INPUT, YES, "k", YES))),
                other(
                        "answers that are none",
                        Map.of("user", "ada"),
                        params -> with(params, "inputResponses", List.of(YES))));
    }

    private static Arguments other(
            String name, Map<String, Object> caller, UnaryOperator<Map<String, @Nullable Object>> changing) {
        return Arguments.of(name, caller, changing);
    }

    private static Map<String, @Nullable Object> with(Map<String, @Nullable Object> params, String key, Object value) {
        Map<String, @Nullable Object> other = new LinkedHashMap<>(params);
        other.put(key, value);
        return other;
    }

    private static Map<String, @Nullable Object> without(Map<String, @Nullable Object> params, String key) {
        Map<String, @Nullable Object> other = new LinkedHashMap<>(params);
        other.remove(key);
        return other;
    }

    private static String changed(String state) {
        return state.substring(0, 40) + (state.charAt(40) == 'A' ? 'B' : 'A') + state.substring(41);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("others")
    void aCallWithAnythingElseIsAskedAboutAnew(
            String name, Map<String, Object> caller, UnaryOperator<Map<String, @Nullable Object>> changing) {
        Map<?, ?> asked = call(guarded, params("t"));

        Map<?, ?> result = call(guarded, caller, changing.apply(approved(params("t"), asked)));

        question(result);
        assertThat(result.get("requestState")).isNotEqualTo(asked.get("requestState"));
        assertThat(received).isEmpty();
        // The new question is one like any other.
        Map<String, @Nullable Object> last = changing.apply(params("t"));
        assertThat(call(guarded, caller, approved(last, result))).isEqualTo(DONE);
    }

    @Test
    void aYesIsGoodForAsLongAsTheRuleSays() {
        Map<?, ?> asked = call(guarded, params("t"));
        time.advance(Duration.ofMinutes(5));
        question(call(guarded, approved(params("t"), asked)));

        PolicyEngine patient = engine(new Policies().tool("t", Policies.ask(Duration.ofDays(1))));
        asked = call(replica(patient), params("t"));
        time.advance(Duration.ofMinutes(10));
        question(call(replica(patient), approved(params("t"), asked)));
        assertThat(received).isEmpty();

        asked = call(replica(patient), params("t"));
        time.advance(Duration.ofMinutes(10).minusMillis(1));
        assertThat(call(replica(patient), approved(params("t"), asked))).isEqualTo(DONE);
    }

    @Test
    void aYesUnderAnotherPolicyIsNone() {
        Map<?, ?> asked = call(guarded, params("t"));
        engine.update(asking().tool("other", Policies.denied("no")).policy());

        Map<?, ?> anew = call(guarded, approved(params("t"), asked));
        question(anew);
        assertThat(call(guarded, approved(params("t"), anew))).isEqualTo(DONE);

        engine.update(asking().tool("t", Policies.denied("no")).policy());
        assertThat(isDenied(call(guarded, approved(params("t"), call(guarded, params("t"))))))
                .isTrue();
    }

    @Test
    void aYesInAnotherContextThatThePolicyReadsIsNone() {
        Place place = Place.of("tools.t.rules[0]");
        Condition reads = new Condition(Path.parse("ctx.at"), Operator.NEQ, new Value.Text("night"), null, place);
        Rule rule = new Rule.Approval(
                "ask",
                new Rule.Demands(List.of(reads), List.of(), null),
                Duration.ofMinutes(5),
                null,
                Mode.ENFORCE,
                place);
        Map<NamePattern, Entry> tools =
                Map.of(new NamePattern("t"), new Entry(false, List.of(), List.of(), List.of(rule), List.of(), place));
        PolicyBody body =
                new PolicyBody(Posture.ALLOW, List.of(), tools, Map.of(), Map.of(), Optional.empty(), Optional.empty());
        EnforcingRequestManager reading =
                replica(settings(new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty()))
                        .build());

        Map<?, ?> asked = call(reading, Map.of("user", "ada", "at", "home"), params("t"));
        question(call(reading, Map.of("user", "ada", "at", "work"), approved(params("t"), asked)));
        // Also what was not asked for at first.
        asked = call(reading, Map.of("user", "ada", "at", "home"), params("t"));
        assertThat(call(reading, Map.of("user", "ada", "at", "home"), approved(params("t"), asked)))
                .isEqualTo(DONE);
    }

    // ---- a no, and no answer

    @ParameterizedTest
    @ValueSource(strings = {"decline", "deny"})
    void aNoIsFinal(String no) {
        EnforcingRequestManager server = replica(settings(asking().policy())
                .approvals(elsewhere(ApprovalAnswer.approved("Bob")))
                .build());
        Map<String, Object> answer = no.equals("decline")
                ? Map.of("action", "decline")
                : Map.of("action", "accept", "content", Map.of("decision", "deny", "reason", "not today"));
        Map<?, ?> asked = call(server, params("t"));

        Map<?, ?> result = call(server, again(params("t"), asked, Map.of(INPUT, answer)));

        assertThat(isDenied(result)).isTrue();
        assertThat(result.toString().contains("not today")).isEqualTo(no.equals("deny"));
        assertThat(askedElsewhere).isEmpty();
        // The same state is no way to another answer.
        question(call(server, approved(params("t"), asked)));
        assertThat(received).isEmpty();
    }

    static Stream<Object> unclear() {
        Map<String, @Nullable Object> nothing = new HashMap<>();
        nothing.put("action", null);
        return Stream.of(
                Map.of("action", "cancel"),
                Map.of("action", "accept"),
                Map.of("action", "accept", "content", Map.of()),
                Map.of("action", "accept", "content", Map.of("decision", "yes")),
                Map.of("action", "accept", "content", Map.of("decision", "approve", "also", "x")),
                Map.of("action", "accept", "content", Map.of("decision", List.of("approve"))),
                Map.of("action", "accept", "content", Map.of("decision", "approve", "arguments", "{")),
                Map.of("action", "accept", "content", "approve"),
                Map.of("Action", "accept", "content", Map.of("decision", "approve")),
                Map.of("action", "accept ", "content", Map.of("decision", "approve")),
                nothing,
                "accept",
                List.of(YES),
                true);
    }

    @ParameterizedTest
    @MethodSource("unclear")
    void whatIsNoAnswerGoesToTheEnginesHandlerOrDenies(Object answer) {
        Map<?, ?> asked = call(guarded, params("t"));
        assertThat(isDenied(call(guarded, again(params("t"), asked, Map.of(INPUT, answer)))))
                .isTrue();
        assertThat(received).isEmpty();

        EnforcingRequestManager server = replica(settings(asking().policy())
                .approvals(elsewhere(ApprovalAnswer.approved("Bob")))
                .build());
        asked = call(server, params("t"));
        assertThat(call(server, again(params("t"), asked, Map.of(INPUT, answer))))
                .isEqualTo(DONE);
        assertThat(askedElsewhere).hasSize(1);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    static Stream<@Nullable Object> unable() {
        return Stream.of(
                null,
                Map.of(),
                Map.of("io.modelcontextprotocol/clientCapabilities", Map.of()),
                Map.of("io.modelcontextprotocol/clientCapabilities", Map.of("sampling", Map.of())),
                Map.of("io.modelcontextprotocol/clientCapabilities", Map.of("elicitation", Map.of("url", Map.of()))));
    }

    @ParameterizedTest
    @MethodSource("unable")
    void aClientThatCannotAskIsNotAsked(@Nullable Object meta) {
        Map<String, @Nullable Object> params = params("t");
        params.put("_meta", meta);

        assertThat(isDenied(call(guarded, params))).isTrue();
        EnforcingRequestManager server = replica(settings(asking().policy())
                .approvals(elsewhere(ApprovalAnswer.approved("Bob")))
                .build());
        assertThat(call(server, params)).isEqualTo(DONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "form", "both"})
    void aClientThatCanAskInAnyFormIsAsked(String kind) {
        Map<String, Object> elicitation = switch (kind) {
            case "{}" -> Map.of();
            case "form" -> Map.of("form", Map.of());
            default -> Map.of("form", Map.of(), "url", Map.of());
        };
        Map<String, @Nullable Object> params = params("t");
        params.put("_meta", Map.of("io.modelcontextprotocol/clientCapabilities", Map.of("elicitation", elicitation)));

        question(call(guarded, params));
    }

    @Test
    void aPolicyThatForbidsElicitationIsObeyed() {
        PolicyEngine silent = engine(asking().method("elicitation/create", Posture.DENY));

        assertThat(isDenied(call(replica(silent), params("t")))).isTrue();
        assertThat(received).isEmpty();
    }

    @Test
    void nobodyIsAskedAboutMoreThanAPersonCanRead() {
        Map<String, @Nullable Object> params = params("t");
        params.put("arguments", Map.of("text", "x".repeat(5_000)));

        assertThat(isDenied(call(guarded, params))).isTrue();
    }

    @Test
    void onlyAHostThatWantsItHasClientsAsk() {
        EnforcingRequestManager server =
                EnforcingRequestManager.builder(new Server(), engine(asking())).build();

        assertThat(isDenied(call(server, params("t")))).isTrue();
    }

    @Test
    void aTicketOfTheEnginesHandlerIsToldAsBefore() {
        EnforcingRequestManager server = replica(settings(asking().policy())
                .approvals(elsewhere(new ApprovalAnswer.Pending("T-1", Duration.ofMinutes(1))))
                .build());
        Map<String, @Nullable Object> params = params("t");
        params.remove("_meta");

        assertThat(call(server, params).toString()).contains("[APPROVAL REQUIRED]", "T-1");
    }

    // ---- together with the server's own questions

    private static Map<String, @Nullable Object> answered(Map<String, @Nullable Object> params, Map<?, ?> asked) {
        assertThat(isOurs(asked)).isFalse();
        return again(params, asked, Map.of("k", Map.of("action", "accept")));
    }

    @Test
    void firstThePersonAgreesThenTheServerAsksAtAnyReplicaAndOnOneRecord() {
        List<EnforcingRequestManager> replicas = List.of(guarded, replica(engine(asking())), replica(engine(asking())));
        Map<String, @Nullable Object> params = params("asks");

        Map<?, ?> ours = call(replicas.get(0), params);
        Map<?, ?> theirs = call(replicas.get(1), approved(params, ours));
        assertThat((String) theirs.get("requestState")).startsWith("il1.").doesNotContain("inner");
        assertThat(call(replicas.get(2), answered(params, theirs))).isEqualTo(DONE);

        assertThat(received).hasSize(2);
        assertThat(received.get(0).keySet().toString()).doesNotContain("requestState", "inputResponses");
        assertThat(received.get(1).get("requestState")).isEqualTo("inner");
        assertThat(((Map<?, ?>) received.get(1).get("inputResponses")).keySet().toString())
                .isEqualTo("[k]");
        // Charged once, by the call that a person had agreed to.
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT, CallOutcome.UNKNOWN);
        List<AuditEvent.Decided> decisions = decisions().toList();
        AuditEvent.Decided last = decisions.get(decisions.size() - 1);
        assertThat(last.round()).isOne();
        assertThat(last.id()).isEqualTo(decisions.get(decisions.size() - 2).id());
        assertThat(last.outcome()).isEqualTo(AuditEvent.Outcome.APPROVED);
    }

    @Test
    void whatAPersonHasChangedIsSentInEveryRoundAtAnyReplica() {
        Map<String, Object> edited = Map.of(
                "action",
                "accept",
                "content",
                Map.of("decision", "approve", "arguments", "{\"a\":1e2,\"b\":[null,true,-0.0,\"\u00e9\"]}"));
        EnforcingRequestManager other = replica(engine(asking()));
        Map<String, @Nullable Object> params = params("asks");

        Map<?, ?> ours = call(guarded, params);
        Map<?, ?> theirs = call(guarded, again(params, ours, Map.of(INPUT, edited)));
        assertThat(call(other, answered(params, theirs))).isEqualTo(DONE);

        assertThat(received).hasSize(2);
        assertThat(received.get(1).get("arguments")).isEqualTo(received.get(0).get("arguments"));
        assertThat(received.get(0).get("arguments").toString())
                .isNotEqualTo("{a=1}")
                .contains("b=");
    }

    @Test
    void aRuleThatAsksInTheMiddleOfACallKeepsTheServersStateAndItsAnswers() {
        PolicyEngine changing = engine(new Policies().tool("asks", Policies.limit(100)));
        EnforcingRequestManager server = replica(changing);
        Map<String, @Nullable Object> params = params("asks");
        Map<?, ?> theirs = call(server, params);
        changing.update(asking().policy());

        Map<?, ?> ours = call(server, answered(params, theirs));
        question(ours);
        assertThat(call(server, approved(params, ours))).isEqualTo(DONE);

        assertThat(received).hasSize(2);
        assertThat(received.get(1).get("requestState")).isEqualTo("inner");
        assertThat(received.get(1).get("inputResponses")).isEqualTo(Map.of("k", Map.of("action", "accept")));
    }

    @Test
    void aYesCoversTheRulesThatAskedAndNoOthersInLaterRounds() {
        PolicyEngine changing = engine(asking());
        EnforcingRequestManager server = replica(changing);
        Map<String, @Nullable Object> params = params("asks");
        Map<?, ?> theirs = call(server, approved(params, call(server, params)));
        changing.update(asking().tool("asks", Policies.limit(100), Policies.ask(), second())
                .policy());

        question(call(server, answered(params, theirs)));
        assertThat(received).hasSize(1);
    }

    private static Rule second() {
        return new Rule.Approval(
                "second", Rule.Demands.NONE, Duration.ofMinutes(5), null, Mode.ENFORCE, Place.of("rules.second"));
    }

    /** The engine's handler may have each rule answered by somebody else, so there is one question for each. */
    @Test
    void severalRulesMayAskOneAfterTheOther() {
        EnforcingRequestManager server = replica(
                settings(new Policies().tool("t", Policies.ask(), second()).policy())
                        .approvals(elsewhere(ApprovalAnswer.approved("Bob")))
                        .build());
        Map<?, ?> first = call(server, params("t"));
        assertThat(question(first).toString()).doesNotContain("rules.second");

        Map<?, ?> next = call(server, approved(params("t"), first));
        assertThat(question(next).toString()).contains("rules.second");
        assertThat(received).isEmpty();
        // The yes to the first rule goes with the second question, and is used up with it.
        assertThat(call(server, approved(params("t"), next))).isEqualTo(DONE);
        question(call(server, approved(params("t"), next)));
        question(call(server, approved(params("t"), first)));
        assertThat(received).hasSize(1);
        assertThat(askedElsewhere).isEmpty();
    }

    @Test
    void allRulesAskInOneQuestionIfNobodyElseIsAsked() {
        EnforcingRequestManager server = replica(engine(new Policies().tool("t", Policies.ask(), second())));
        Map<?, ?> asked = call(server, params("t"));

        assertThat(question(asked).toString()).contains("rules.ask", "rules.second");
        assertThat(call(server, approved(params("t"), asked))).isEqualTo(DONE);
    }

    // ---- the self-test

    @Test
    void theSelfTestShowsThatWhatIsDeniedDoesNotReachTheServer() {
        guarded.selfTest();

        assertThat(received).isEmpty();
        assertThat(outcomes()).containsExactly(AuditEvent.Outcome.DENIED, AuditEvent.Outcome.DENIED);
    }

    @Test
    void noClientCanSendASelfTestToTheServer() {
        EnforcingRequestManager open = replica(engine(new Policies()));
        JSONRPCResponse response = ((McpTransportResponse.Error) open.handle(
                                McpTransportContext.create(Map.of("user", "ada")),
                                new JSONRPCRequest("tools/call", "dev.interlock/self-test-1", params("t")))
                        .block(Await.PATIENCE))
                .response();

        assertThat(response.error()).isNotNull();
        assertThat(received).isEmpty();
    }
}
