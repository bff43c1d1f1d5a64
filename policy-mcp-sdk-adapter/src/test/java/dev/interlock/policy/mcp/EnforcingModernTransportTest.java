package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.MetaKeys;
import io.modelcontextprotocol.modern.McpSchema.SubscriptionFilter;
import io.modelcontextprotocol.modern.client.McpResponseLostException;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpTransportRequest;
import java.lang.reflect.Method;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** What a client and a server of any kind may do at the ends of the transport. */
class EnforcingModernTransportTest {

    private static final String VERSION = "2026-07-28";

    private static final Map<String, Object> DONE =
            Map.of("resultType", "complete", "content", List.of(Map.of("type", "text", "text", "done")));

    private final Wire wire = new Wire();
    private final RecordingLimiter limiter = new RecordingLimiter();

    /** The wrapped transport. */
    private static final class Wire implements McpClientTransport, AutoCloseable {

        final List<McpTransportRequest> sent = Collections.synchronizedList(new ArrayList<>());
        Function<McpTransportRequest, Flux<JSONRPCMessage>> server = request -> result(request, DONE);
        boolean mirrors;
        boolean closed;

        @Override
        public Flux<JSONRPCMessage> exchange(McpTransportRequest request) {
            sent.add(request);
            return server.apply(request);
        }

        @Override
        public boolean mirrorsToolParams() {
            return mirrors;
        }

        @Override
        public void close() {
            closed = true;
        }

        List<String> methods() {
            return sent.stream().map(McpTransportRequest::method).toList();
        }

        /** Lists these tools, and answers everything else as before. */
        void listing(List<Map<String, Object>> tools) {
            Function<McpTransportRequest, Flux<JSONRPCMessage>> others = server;
            server = request -> request.method().equals("tools/list")
                    ? result(request, Map.of("resultType", "complete", "ttlMs", 5, "tools", tools, "x", 1))
                    : others.apply(request);
        }
    }

    private static Flux<JSONRPCMessage> result(McpTransportRequest request, Object result) {
        return Flux.just(JSONRPCResponse.result(request.message().id(), result));
    }

    private static Flux<JSONRPCMessage> error(@Nullable Object id, int code) {
        return Flux.just(JSONRPCResponse.error(id, new JSONRPCError(code, "no", null)));
    }

    private EnforcingModernTransport guarding(Policies policies) {
        return guarding(PolicyEngine.builder(policies.policy()).rateLimiter(limiter));
    }

    private EnforcingModernTransport guarding(PolicyEngine.Builder engine) {
        return EnforcingModernTransport.wrap(wire, engine.build());
    }

    private static McpTransportRequest request(
            Object id, String method, @Nullable String name, Map<String, ?> params, String version) {
        Map<String, Object> body = new LinkedHashMap<>(params);
        body.putIfAbsent("_meta", Map.of(MetaKeys.PROTOCOL_VERSION, VERSION, "progressToken", 7, "trace", "t"));
        return McpTransportRequest.builder(new JSONRPCRequest(method, id, body), version)
                .name(name)
                .build();
    }

    private static McpTransportRequest call(Object id, String tool, Map<String, ?> arguments) {
        return request(id, "tools/call", tool, Map.of("name", tool, "arguments", arguments), VERSION);
    }

    private static McpTransportRequest call(String tool) {
        return call(1L, tool, Map.of());
    }

    private static JSONRPCResponse response(Flux<JSONRPCMessage> answer) {
        return answer.ofType(JSONRPCResponse.class).blockLast(Await.PATIENCE);
    }

    private static String text(JSONRPCResponse response) {
        Map<?, ?> result = (Map<?, ?>) response.result();
        return String.valueOf(((Map<?, ?>) ((List<?>) result.get("content")).get(0)).get("text"));
    }

    private static boolean isDenial(JSONRPCResponse response) {
        return Answers.isDenial(ModernMessages.legacy(1, response));
    }

    // ---- header and body

    static List<McpTransportRequest> disguised() {
        Map<String, Object> pay = Map.of("name", "pay", "arguments", Map.of());
        return List.of(
                request(1L, "tools/call", "copy", pay, VERSION),
                request(1L, "tools/call", "Pay", pay, VERSION),
                request(1L, "tools/call", "pay", pay, "2025-06-18"),
                request(1L, "tools/call", "pay", Map.of("name", "pay", "_meta", Map.of()), VERSION),
                request(1L, "tools/call", "pay", Map.of("name", "pay", "_meta", "none"), VERSION),
                request(1L, "prompts/get", "hello", Map.of("name", "other"), VERSION),
                request(1L, "resources/read", "file:///a", Map.of("uri", "file:///b"), VERSION),
                request(1L, "resources/read", "file:///a", Map.of("name", "file:///a"), VERSION),
                request(1L, "tools/list", "copy", Map.of(), VERSION),
                request(1L, "ping", null, Map.of(), "1"));
    }

    @ParameterizedTest
    @MethodSource("disguised")
    void aRequestWhoseHeadersDifferFromItsBodyIsNotSent(McpTransportRequest request) {
        JSONRPCResponse answer = response(guarding(new Policies()).exchange(request));

        assertThat(isDenial(answer)).isTrue();
        assertThat(answer.id()).isEqualTo(1L);
        assertThat(wire.sent).isEmpty();
    }

    @Test
    void parametersThatCannotBeReadAtOnceAreNotReadAgain() {
        Map<String, Object> body =
                Map.of("name", "pay", "arguments", Map.of(), "_meta", Map.of(MetaKeys.PROTOCOL_VERSION, VERSION));
        Map<String, Object> fickle = new LinkedHashMap<>(body) {
            private static final long serialVersionUID = 1;
            private boolean read;

            @Override
            public Set<Map.Entry<String, Object>> entrySet() {
                if (!read) {
                    read = true;
                    throw new IllegalStateException("planted");
                }
                return super.entrySet();
            }
        };
        McpTransportRequest request = McpTransportRequest.builder(new JSONRPCRequest("tools/call", 1L, fickle), VERSION)
                .name("copy")
                .build();

        assertThat(isDenial(response(guarding(new Policies()).exchange(request))))
                .isTrue();
        assertThat(wire.sent).isEmpty();
    }

    @Test
    void requestsWithEqualHeadersPass() {
        EnforcingModernTransport guarded = guarding(new Policies());
        for (McpTransportRequest request : List.of(
                call("pay"),
                request("a", "prompts/get", "hello", Map.of("name", "hello"), VERSION),
                request("b", "resources/read", "file:///a", Map.of("uri", "file:///a"), VERSION),
                request("c", "tasks/get", "t1", Map.of("taskId", "t1"), VERSION),
                request("d", "server/discover", null, Map.of(), VERSION))) {
            assertThat(response(guarded.exchange(request)).result()).isEqualTo(DONE);
        }
        assertThat(wire.methods())
                .containsExactly("tools/call", "prompts/get", "resources/read", "tasks/get", "server/discover");
    }

    @Test
    void whatIsSentIsWhatWasDecided() {
        Map<String, Object> arguments = new HashMap<>(Map.of("to", "a"));
        List<CompletableFuture<ApprovalAnswer>> asked = new ArrayList<>();
        EnforcingModernTransport guarded = guarding(
                PolicyEngine.builder(new Policies().tool("pay", Policies.ask()).policy())
                        .approvals(request -> {
                            asked.add(new CompletableFuture<>());
                            return asked.get(0);
                        }));
        List<JSONRPCMessage> answers = new ArrayList<>();
        guarded.exchange(call(1L, "pay", arguments)).subscribe(answers::add);

        arguments.put("to", "b");
        assertThat(wire.sent).isEmpty();
        assertThat(guarded.callsBeingDecided()).isOne();
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));

        assertThat(answers).hasSize(1);
        assertThat(((Map<?, ?>) wire.sent.get(0).message().params()).get("arguments"))
                .isEqualTo(Map.of("to", "a"));
        assertThat(guarded.callsBeingDecided()).isZero();
    }

    @Test
    void anIdOfOursIsRefused() {
        EnforcingModernTransport guarded = guarding(new Policies());

        assertThat(response(guarded.exchange(request("dev.interlock/1", "ping", null, Map.of(), VERSION)))
                        .error())
                .isNotNull();
        assertThat(isDenial(response(guarded.exchange(call("dev.interlock/1", "pay", Map.of())))))
                .isTrue();
        assertThat(wire.sent).isEmpty();
    }

    @Test
    void aResolverThatThrowsDeniesTheCall() {
        EnforcingModernTransport guarded = EnforcingModernTransport.builder(
                        wire, PolicyEngine.builder(new Policies().policy()).build())
                .callContext((transport, reactor) -> {
                    throw new NoClassDefFoundError("planted");
                })
                .build();

        assertThat(text(response(guarded.exchange(call("pay"))))).startsWith("[POLICY DENIED]");
        assertThat(wire.sent).isEmpty();
    }

    @Test
    void theCallerIsThatOfTheReactorContext() {
        EnforcingModernTransport guarded = EnforcingModernTransport.builder(
                        wire,
                        PolicyEngine.builder(
                                        new Policies().granting("ada", "pay").policy())
                                .build())
                .callContext((transport, reactor) -> CallContext.by(String.valueOf(transport.get("user"))))
                .build();

        assertThat(isDenial(response(guarded.exchange(call("pay"))))).isTrue();
        assertThat(isDenial(response(guarded.exchange(call("pay"))
                        .contextWrite(context -> context.put(
                                McpTransportContext.KEY, McpTransportContext.create(Map.of("user", "ada")))))))
                .isFalse();
    }

    // ---- how calls end

    static Stream<Arguments> endings() {
        return Stream.of(
                ending("complete", request -> result(request, DONE), CallOutcome.SUCCEEDED),
                ending("no type", request -> result(request, Map.of("content", List.of())), CallOutcome.SUCCEEDED),
                ending("tool error", request -> result(request, Map.of("isError", true)), CallOutcome.TOOL_ERROR),
                ending("task", request -> result(request, Map.of("resultType", "task")), CallOutcome.UNKNOWN),
                ending("odd type", request -> result(request, Map.of("resultType", 1)), CallOutcome.UNKNOWN),
                ending("error", request -> error(1L, -32603), CallOutcome.FAILED),
                ending("headers", request -> error(1L, -32020), CallOutcome.FAILED),
                ending("version", request -> error(1L, -32022), CallOutcome.FAILED),
                ending("error without id", request -> error(null, -32700), CallOutcome.UNKNOWN),
                ending("other id", request -> Flux.just(JSONRPCResponse.result(2L, DONE)), CallOutcome.UNKNOWN),
                ending("text id", request -> Flux.just(JSONRPCResponse.result("1", DONE)), CallOutcome.UNKNOWN),
                ending("same id", request -> Flux.just(JSONRPCResponse.result(1, DONE)), CallOutcome.SUCCEEDED),
                ending("nothing", request -> Flux.empty(), CallOutcome.UNKNOWN),
                ending(
                        "only notifications",
                        request -> Flux.just(new JSONRPCNotification("notifications/progress", Map.of())),
                        CallOutcome.UNKNOWN),
                ending("refused", request -> Flux.error(new ConnectException()), CallOutcome.UNKNOWN),
                ending("closed", request -> Flux.error(new IllegalStateException()), CallOutcome.UNKNOWN),
                ending(
                        "thrown",
                        request -> {
                            throw new IllegalArgumentException("planted");
                        },
                        CallOutcome.UNKNOWN),
                ending(
                        "two",
                        request -> Flux.just(
                                JSONRPCResponse.result(1L, Map.of("isError", true)), JSONRPCResponse.result(1L, DONE)),
                        CallOutcome.TOOL_ERROR),
                ending(
                        "response, then error",
                        request -> result(request, DONE).concatWith(Flux.error(new ConnectException())),
                        CallOutcome.SUCCEEDED));
    }

    private static Arguments ending(
            String name, Function<McpTransportRequest, Flux<JSONRPCMessage>> server, CallOutcome outcome) {
        return Arguments.of(name, server, outcome);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void everyCallIsSettledOnceByTheFirstSignal(
            String name, Function<McpTransportRequest, Flux<JSONRPCMessage>> server, CallOutcome outcome) {
        wire.server = server;
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));
        List<JSONRPCMessage> responses = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();

        guarded.exchange(call("pay"))
                .filter(JSONRPCResponse.class::isInstance)
                .subscribe(responses::add, failures::add);

        assertThat(limiter.settlements()).containsExactly(outcome);
        assertThat(responses.size() + failures.size()).as("signals of %s", name).isOne();
        assertThat(wire.sent).hasSize(1);
    }

    @Test
    void aResponseThatIsMissingIsAnError() {
        wire.server = request -> Flux.empty();

        assertThatThrownBy(() -> response(guarding(new Policies()).exchange(call("pay"))))
                .isInstanceOf(McpResponseLostException.class);
        assertThatThrownBy(
                        () -> response(guarding(new Policies()).exchange(request(1L, "ping", null, Map.of(), VERSION))))
                .isInstanceOf(McpResponseLostException.class);
    }

    @Test
    void whoeverSendsOnceMaySayThatNothingHasLeft() {
        wire.server = request -> Flux.error(new ConnectException());
        EnforcingModernTransport guarded = EnforcingModernTransport.builder(
                        wire,
                        PolicyEngine.builder(new Policies()
                                        .tool("pay", Policies.limit(10))
                                        .policy())
                                .rateLimiter(limiter)
                                .build())
                .sendsOnce(ConnectException.class::isInstance)
                .build();

        guarded.exchange(call("pay")).subscribe(answer -> {}, failure -> {});

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
    }

    @Test
    void aCallerThatStopsWaitingSettlesItsCall() {
        wire.server = request -> Flux.never();
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        Disposable waiting = guarded.exchange(call("pay")).subscribe();
        assertThat(limiter.settlements()).isEmpty();
        waiting.dispose();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aCallThatIsCancelledOrClosedWhileAPersonThinksIsNeverSent() {
        List<CompletableFuture<ApprovalAnswer>> asked = new ArrayList<>();
        EnforcingModernTransport guarded = guarding(PolicyEngine.builder(new Policies()
                        .tool("pay", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> {
                    asked.add(new CompletableFuture<>());
                    return asked.get(asked.size() - 1);
                }));
        List<Throwable> failures = new ArrayList<>();

        guarded.exchange(call("pay")).subscribe().dispose();
        guarded.exchange(call(2L, "pay", Map.of())).subscribe(answer -> {}, failures::add);
        guarded.close();
        asked.forEach(answer -> answer.complete(ApprovalAnswer.approved("Ada")));

        assertThat(asked).hasSize(2);
        assertThat(failures).hasSize(1);
        assertThat(wire.sent).isEmpty();
        assertThat(wire.closed).isTrue();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT, CallOutcome.UNSENT);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    // ---- calls of several rounds

    private static Flux<JSONRPCMessage> asksUntilAnsweredTwice(McpTransportRequest request) {
        Object state = ((Map<?, ?>) request.message().params()).get("requestState");
        return "2".equals(state)
                ? result(request, DONE)
                : result(
                        request,
                        Map.of(
                                "resultType",
                                "input_required",
                                "requestState",
                                state == null ? "1" : "2",
                                "inputRequests",
                                Map.of("q", Map.of("method", "elicitation/create"))));
    }

    private static McpTransportRequest round(long id, @Nullable String state, Map<String, ?> meta) {
        Map<String, Object> params = new LinkedHashMap<>(Map.of("name", "pay", "arguments", Map.of("to", "a")));
        Map<String, Object> envelope = new LinkedHashMap<>(meta);
        envelope.put(MetaKeys.PROTOCOL_VERSION, VERSION);
        envelope.put("progressToken", id);
        params.put("_meta", envelope);
        if (state != null) {
            params.put("requestState", state);
            // The SDK's client leaves answers typed.
            params.put("inputResponses", Map.of("q", new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("x", 1))));
        }
        return request(id, "tools/call", "pay", params, VERSION);
    }

    @Test
    void roundsAreOneCallWithTheArgumentsThatWereApproved() {
        wire.server = EnforcingModernTransportTest::asksUntilAnsweredTwice;
        List<Object> questions = new ArrayList<>();
        EnforcingModernTransport guarded = guarding(PolicyEngine.builder(new Policies()
                        .tool("pay", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> {
                    questions.add(request);
                    return CompletableFuture.completedFuture(ApprovalAnswer.approved(
                            "Ada",
                            dev.interlock.policy.value.Arguments.freeze(Map.of("to", "b"), ValueLimits.DEFAULT)));
                }));

        response(guarded.exchange(round(1, null, Map.of())));
        assertThat(guarded.continuations()).isOne();
        response(guarded.exchange(round(2, "1", Map.of())));
        JSONRPCResponse last = response(guarded.exchange(round(3, "2", Map.of())));

        assertThat(text(last)).isEqualTo("done");
        assertThat(questions).hasSize(1);
        assertThat(limiter.reserved()).isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        assertThat(wire.sent)
                .allSatisfy(sent -> assertThat(((Map<?, ?>) sent.message().params()).get("arguments"))
                        .isEqualTo(Map.of("to", "b")));
        assertThat(guarded.continuations()).isZero();
    }

    @Test
    void aServerThatMayNotAskEndsTheCall() {
        wire.server = EnforcingModernTransportTest::asksUntilAnsweredTwice;
        EnforcingModernTransport guarded = guarding(new Policies().rounds("pay", 0, Policies.limit(10)));

        JSONRPCResponse answer = response(guarded.exchange(round(1, null, Map.of())));

        assertThat(text(answer)).startsWith("[POLICY DENIED] The server asks for input");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(guarded.continuations()).isZero();
    }

    @Test
    void aCallThatWasMadeAgainOftenEnoughIsANewCall() {
        wire.server = EnforcingModernTransportTest::asksUntilAnsweredTwice;
        EnforcingModernTransport guarded = guarding(new Policies().rounds("pay", 1, Policies.limit(10)));

        response(guarded.exchange(round(1, null, Map.of())));
        response(guarded.exchange(round(2, "1", Map.of())));
        assertThat(limiter.reserved()).isOne();
        response(guarded.exchange(round(3, "2", Map.of())));

        assertThat(limiter.reserved()).isEqualTo(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.SUCCEEDED);
        assertThat(guarded.continuations()).isZero();
    }

    @Test
    void aCallThatDoesNotGoOnIsUnknownInTheEnd() {
        wire.server = EnforcingModernTransportTest::asksUntilAnsweredTwice;
        ManualTime time = new ManualTime();
        EnforcingModernTransport guarded = EnforcingModernTransport.builder(
                        wire,
                        PolicyEngine.builder(new Policies()
                                        .tool("pay", Policies.limit(10))
                                        .policy())
                                .rateLimiter(limiter)
                                .build())
                .timeSource(time)
                .alarm(time)
                .callTimeToLive(Duration.ofMinutes(1))
                .build();

        response(guarded.exchange(round(1, null, Map.of())));
        response(guarded.exchange(round(2, null, Map.of("trace", "x"))));
        time.advance(Duration.ofMinutes(1));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        response(guarded.exchange(round(3, "1", Map.of())));
        assertThat(limiter.reserved()).isEqualTo(3);

        guarded.close();
        assertThat(limiter.settlements()).hasSize(3);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(guarded.continuations()).isZero();
    }

    @Test
    void manyCallsAtOnceAreChargedOnceAndSettledOnceEach() throws Exception {
        wire.server = EnforcingModernTransportTest::asksUntilAnsweredTwice;
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));
        int calls = 10_000;
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            long id = 10L * i;
            int fate = i % 10;
            all.add(threads.submit(() -> {
                guarded.exchange(round(id, null, Map.of())).blockLast();
                if (fate == 0) {
                    return; // never goes on
                }
                guarded.exchange(round(id + 1, "1", Map.of())).blockLast();
                guarded.exchange(round(id + 2, "2", Map.of())).blockLast();
            }));
        }
        for (Future<?> each : all) {
            each.get();
        }
        threads.shutdown();
        assertThat(guarded.continuations()).isEqualTo(calls / 10);
        guarded.close();

        assertThat(limiter.reserved()).isEqualTo(calls);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(limiter.settlements().stream().filter(CallOutcome.SUCCEEDED::equals))
                .hasSize(calls - calls / 10);
        assertThat(limiter.settlements().stream().filter(CallOutcome.UNKNOWN::equals))
                .hasSize(calls / 10);
        assertThat(guarded.continuations() + guarded.callsBeingDecided()).isZero();
    }

    // ---- what a server puts into its answers

    static List<Map<String, Object>> asking() {
        Map<String, Object> sampling = Map.of("method", "sampling/createMessage", "params", Map.of());
        return List.of(
                Map.of("resultType", "input_required", "inputRequests", Map.of("q", sampling)),
                Map.of("inputRequests", Map.of("q", sampling)),
                Map.of("resultType", "input_required", "input_requests", Map.of("q", sampling)),
                Map.of("resultType", "input_required", "inputRequests", Map.of("q", Map.of("method", "tools/call"))),
                Map.of("resultType", "input_required", "inputRequests", Map.of("q", Map.of())),
                Map.of("resultType", "input_required", "inputRequests", List.of(sampling)));
    }

    @ParameterizedTest
    @MethodSource("asking")
    void requestsWithinAnAnswerFollowMethods(Map<String, Object> result) {
        wire.server = request -> result(request, result);
        EnforcingModernTransport guarded =
                guarding(new Policies().tool("pay", Policies.limit(10)).method("sampling/createMessage", Posture.DENY));

        assertThat(text(response(guarded.exchange(call("pay"))))).startsWith("[POLICY DENIED]");
        assertThat(response(guarded.exchange(request(2L, "prompts/get", "a", Map.of("name", "a"), VERSION)))
                        .error())
                .isNotNull();
        assertThat(response(guarded.exchange(request(3L, "tasks/get", "a", Map.of("taskId", "a"), VERSION)))
                        .error())
                .isNotNull();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void notificationsOfTheServerFollowMethods() {
        wire.server = request -> Flux.concat(
                Flux.just(
                        new JSONRPCNotification("notifications/progress"), new JSONRPCNotification("notifications/x")),
                result(request, DONE));
        EnforcingModernTransport guarded = guarding(new Policies().method("notifications/progress", Posture.DENY));

        List<JSONRPCMessage> seen = guarded.exchange(call("pay")).collectList().block(Await.PATIENCE);

        assertThat(seen).hasSize(2);
        assertThat(((JSONRPCNotification) seen.get(0)).method()).isEqualTo("notifications/x");
    }

    @Test
    void refusedMethodsAreNotSent() {
        EnforcingModernTransport guarded =
                guarding(new Policies().method("prompts/*", Posture.DENY).method("tools/list", Posture.DENY));

        assertThat(isDenial(response(guarded.exchange(request(1L, "prompts/get", "a", Map.of("name", "a"), VERSION)))))
                .isTrue();
        assertThat(isDenial(response(guarded.exchange(request(2L, "tools/list", null, Map.of(), VERSION)))))
                .isTrue();
        assertThat(wire.sent).isEmpty();
    }

    // ---- lists and headers

    private static Map<String, Object> tool(String name, Map<String, Object> properties) {
        return Map.of("name", name, "inputSchema", Map.of("type", "object", "properties", properties));
    }

    private static Map<String, Object> tool(String name) {
        return tool(name, Map.of());
    }

    @Test
    void aPageKeepsWhatItSaysAndIsPrivate() {
        wire.listing(List.of(tool("pay"), tool("secret"), tool("bad", Map.of("a", Map.of("x-mcp-header", 1)))));
        wire.mirrors = true;
        EnforcingModernTransport guarded = guarding(new Policies().hiding("secret"));

        Map<?, ?> page = (Map<?, ?>) response(guarded.exchange(request(1L, "tools/list", null, Map.of(), VERSION)))
                .result();

        assertThat(page.get("tools")).isEqualTo(List.of(tool("pay")));
        assertThat(page.get("cacheScope")).isEqualTo("private");
        assertThat(page.get("ttlMs")).isEqualTo(5L);
        assertThat(page.get("x")).isEqualTo(1);
        assertThat(guarded.mirrorsToolParams()).isFalse();
    }

    static List<Object> unreadable() {
        return List.of(
                Map.of("tools", "none"), Map.of("Tools", List.of(tool("secret"))), List.of(tool("secret")), "tools");
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void aListThatCannotBeReadIsWithheld(Object result) {
        wire.server = request -> result(request, result);

        JSONRPCResponse answer = response(
                guarding(new Policies().hiding("secret")).exchange(request(1L, "tools/list", null, Map.of(), VERSION)));

        assertThat(isDenial(answer)).isTrue();
    }

    @Test
    void aRatedCallListsTheToolsFirstOnItsBehalf() {
        wire.listing(List.of(
                Map.of("name", "tidy", "inputSchema", Map.of(), "annotations", Map.of("destructiveHint", true))));
        EnforcingModernTransport guarded = guarding(new Policies().risk("high+", Policies.denied("no")));

        assertThat(isDenial(response(guarded.exchange(call("tidy"))))).isTrue();
        assertThat(wire.methods()).containsExactly("tools/list");
        assertThat(wire.sent.get(0).message().params())
                .isEqualTo(Map.of("_meta", Map.of(MetaKeys.PROTOCOL_VERSION, VERSION, "trace", "t")));
    }

    @Test
    void aRatedCallIsDeniedIfTheToolsCannotBeListed() {
        for (Flux<JSONRPCMessage> answer : List.of(
                Flux.<JSONRPCMessage>empty(),
                error(1L, -32601),
                Flux.<JSONRPCMessage>error(new ConnectException()),
                Flux.<JSONRPCMessage>just(JSONRPCResponse.result(99L, Map.of("tools", List.of(tool("copy"))))))) {
            wire.server = request -> request.method().equals("tools/list") ? answer : result(request, DONE);
            EnforcingModernTransport guarded = guarding(new Policies().risk("critical", Policies.denied("no")));

            assertThat(isDenial(response(guarded.exchange(call("copy"))))).isTrue();
        }
        assertThat(wire.methods()).doesNotContain("tools/call");
    }

    @Test
    void headersAreMadeFromWhatIsSent() {
        wire.mirrors = true;
        wire.listing(List.of(tool(
                "pay",
                Map.of(
                        "to",
                        Map.of("type", "string", "x-mcp-header", "To"),
                        "cents",
                        Map.of("type", "integer", "x-mcp-header", "Cents"),
                        "deep",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                Map.of("sure", Map.of("type", "boolean", "x-mcp-header", "Sure")))))));
        EnforcingModernTransport guarded = guarding(new Policies());

        response(guarded.exchange(call(1L, "pay", Map.of("to", "a", "cents", 500, "deep", Map.of("sure", true)))));
        response(guarded.exchange(call(2L, "pay", Map.of("cents", 1.5e3))));

        assertThat(wire.methods()).containsExactly("tools/list", "tools/call", "tools/call");
        assertThat(wire.sent.get(1).paramHeaders()).isEqualTo(Map.of("To", "a", "Cents", "500", "Sure", "true"));
        assertThat(wire.sent.get(2).paramHeaders()).isEqualTo(Map.of("Cents", "1500"));
    }

    /** A server that lists {@code pay} without a header the first time, and with this header from then on. */
    private void changingTo(String header, Function<McpTransportRequest, Flux<JSONRPCMessage>> onceItIsListedAgain) {
        wire.mirrors = true;
        AtomicInteger lists = new AtomicInteger();
        wire.server = request -> {
            if (request.method().equals("tools/list")) {
                Map<String, Object> to = new LinkedHashMap<>(Map.of("type", "string"));
                if (lists.getAndIncrement() > 0) {
                    to.put("x-mcp-header", header);
                }
                return result(
                        request, Map.of("resultType", "complete", "tools", List.of(tool("pay", Map.of("to", to)))));
            }
            return request.paramHeaders().isEmpty()
                    ? error(request.message().id(), -32020)
                    : onceItIsListedAgain.apply(request);
        };
    }

    private static McpTransportRequest payingA(Object id) {
        return call(id, "pay", Map.of("to", "a"));
    }

    @Test
    void afterAMismatchOfHeadersACallIsSentOnceMoreWithTheHeadersOfToday() {
        changingTo("To", request -> result(request, DONE));
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        JSONRPCResponse answer = response(guarded.exchange(payingA(1L)));

        assertThat(text(answer)).isEqualTo("done");
        assertThat(answer.id()).isEqualTo(1L);
        assertThat(wire.methods()).containsExactly("tools/list", "tools/call", "tools/list", "tools/call");
        McpTransportRequest again = wire.sent.get(3);
        assertThat(again.paramHeaders()).isEqualTo(Map.of("To", "a"));
        assertThat(again.message().params())
                .isEqualTo(wire.sent.get(1).message().params());
        assertThat(again.message().id()).isNotEqualTo(1L);
        assertThat(limiter.reserved()).as("charged once").isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        response(guarded.exchange(payingA(2L)));
        assertThat(wire.methods()).as("the list is known now").hasSize(5);
    }

    @Test
    void aCallIsNotSentAThirdTime() {
        changingTo("To", request -> error(request.message().id(), -32020));
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        JSONRPCResponse answer = response(guarded.exchange(payingA(1L)));

        assertThat(answer.error().code()).isEqualTo(-32020);
        assertThat(answer.id()).isEqualTo(1L);
        assertThat(wire.methods()).containsExactly("tools/list", "tools/call", "tools/list", "tools/call");
        assertThat(limiter.reserved()).isOne();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void aCallWhoseHeadersAreStillTheSameIsNotSentAgain() {
        wire.mirrors = true;
        wire.server = request -> error(request.message().id(), -32020);
        wire.listing(List.of(tool("pay")));
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        JSONRPCResponse answer = response(guarded.exchange(call("pay")));

        assertThat(answer.error().code()).isEqualTo(-32020);
        assertThat(wire.methods()).containsExactly("tools/list", "tools/call", "tools/list");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void aCallIsNotSentAgainIfToolsMayNotBeListedOrTheListFails() {
        wire.mirrors = true;
        wire.server = request -> error(request.message().id(), -32020);
        EnforcingModernTransport forbidden =
                guarding(new Policies().tool("pay", Policies.limit(10)).method("tools/list", Posture.DENY));
        EnforcingModernTransport failing = guarding(new Policies().tool("pay", Policies.limit(10)));

        assertThat(response(forbidden.exchange(call("pay"))).error().code()).isEqualTo(-32020);
        assertThat(wire.methods()).containsExactly("tools/call");
        assertThat(response(failing.exchange(call("pay"))).error().code()).isEqualTo(-32020);
        assertThat(wire.methods()).filteredOn("tools/call"::equals).hasSize(2);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED, CallOutcome.FAILED);
    }

    @Test
    void aCallIsNotSentAgainIfItIsDeniedByWhatIsKnownOfTheToolNow() {
        changingTo("To", request -> result(request, DONE));
        PolicyEngine engine = PolicyEngine.builder(new Policies()
                        .tool("pay", Policies.limit(10))
                        .risk("low", Policies.denied("no"))
                        .policy())
                .rateLimiter(limiter)
                .build();
        Function<McpTransportRequest, Flux<JSONRPCMessage>> server = wire.server;
        wire.server = request -> {
            if (request.method().equals("tools/list") && wire.sent.size() > 1) {
                engine.update(new Policies()
                        .tool("pay", Policies.denied("not any more"))
                        .risk("low", Policies.denied("no"))
                        .policy());
            }
            return server.apply(request);
        };

        JSONRPCResponse answer =
                response(EnforcingModernTransport.wrap(wire, engine).exchange(payingA(1L)));

        assertThat(answer.error().code()).isEqualTo(-32020);
        assertThat(wire.methods()).filteredOn("tools/call"::equals).hasSize(1);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void aCallThatIsCancelledWhileTheToolsAreListedIsNotSentAgain() {
        changingTo("To", request -> result(request, DONE));
        Sinks.One<JSONRPCMessage> list = Sinks.one();
        Function<McpTransportRequest, Flux<JSONRPCMessage>> server = wire.server;
        wire.server = request -> request.method().equals("tools/list") && wire.sent.size() > 1
                ? server.apply(request).flatMap(answer -> list.asMono())
                : server.apply(request);
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        Disposable caller = guarded.exchange(payingA(1L)).subscribe();
        assertThat(wire.methods()).containsExactly("tools/list", "tools/call", "tools/list");
        caller.dispose();
        list.tryEmitValue(JSONRPCResponse.result(
                wire.sent.get(2).message().id(), Map.of("resultType", "complete", "tools", List.of(tool("pay")))));

        assertThat(wire.methods()).filteredOn("tools/call"::equals).hasSize(1);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void anAnswerToTheFirstAttemptIsNotOneToTheSecond() {
        changingTo("To", request -> Flux.just(JSONRPCResponse.result(1L, DONE)));
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        JSONRPCResponse answer = response(guarded.exchange(payingA(1L)));

        assertThat(answer.error().code()).isEqualTo(-32603);
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void aMismatchWithoutHeadersIsPassedOn() {
        wire.server = request -> error(request.message().id(), -32020);
        wire.listing(List.of(tool("pay", Map.of("to", Map.of("type", "string", "x-mcp-header", "To")))));
        EnforcingModernTransport guarded = guarding(new Policies().tool("pay", Policies.limit(10)));

        assertThat(response(guarded.exchange(payingA(1L))).error().code()).isEqualTo(-32020);
        assertThat(wire.methods()).containsExactly("tools/call");
    }

    @Test
    void aTransportWithoutHeadersGetsNone() {
        wire.listing(List.of(tool("pay", Map.of("to", Map.of("type", "string", "x-mcp-header", "To")))));
        EnforcingModernTransport guarded = guarding(new Policies());

        response(guarded.exchange(call(1L, "pay", Map.of("to", "a"))));

        assertThat(wire.methods()).containsExactly("tools/call");
        assertThat(wire.sent.get(0).paramHeaders()).isEmpty();
    }

    // ---- subscriptions

    private static McpTransportRequest listening(Map<String, ?> notifications) {
        return request(1L, "subscriptions/listen", null, Map.of("notifications", notifications), VERSION);
    }

    @Test
    void changesOfThePolicyAreToldOnceTheServerHasAcknowledged() {
        Sinks.Many<JSONRPCMessage> server = Sinks.many().unicast().onBackpressureBuffer();
        wire.server = request -> server.asFlux();
        PolicyEngine engine = PolicyEngine.builder(new Policies().policy()).build();
        EnforcingModernTransport guarded = EnforcingModernTransport.wrap(wire, engine);
        List<String> told = new ArrayList<>();
        boolean[] over = {false};
        guarded.exchange(listening(Map.of("toolsListChanged", true)))
                .cast(JSONRPCNotification.class)
                .doOnComplete(() -> over[0] = true)
                .subscribe(notification -> told.add(notification.method()));

        engine.update(new Policies().hiding("a").policy());
        assertThat(told).isEmpty();
        server.tryEmitNext(new JSONRPCNotification("notifications/subscriptions/acknowledged", Map.of()));
        engine.update(new Policies().hiding("b").policy());
        engine.update(new Policies()
                .method("notifications/tools/list_changed", Posture.DENY)
                .policy());
        server.tryEmitComplete();
        engine.update(new Policies().hiding("c").policy());

        assertThat(told)
                .containsExactly(
                        "notifications/subscriptions/acknowledged",
                        "notifications/tools/list_changed",
                        "notifications/tools/list_changed");
        assertThat(over[0]).isTrue();
    }

    @Test
    void whoDoesNotAskForChangesIsNotTold() {
        wire.server = request -> Flux.<JSONRPCMessage>just(
                        new JSONRPCNotification("notifications/subscriptions/acknowledged", Map.of()))
                .concatWith(Flux.never());
        PolicyEngine engine = PolicyEngine.builder(new Policies().policy()).build();
        List<JSONRPCMessage> told = new ArrayList<>();
        Disposable listening = EnforcingModernTransport.wrap(wire, engine)
                .exchange(listening(Map.of("promptsListChanged", true)))
                .subscribe(told::add);

        engine.update(new Policies().hiding("a").policy());
        listening.dispose();

        assertThat(told).hasSize(1);
    }

    @Test
    void whoMayNotSubscribeToResourcesDoesNotListenToThem() {
        wire.server = request -> Flux.never();
        EnforcingModernTransport guarded = guarding(new Policies().method("resources/subscribe", Posture.DENY));

        guarded.exchange(listening(Map.of("resourceSubscriptions", List.of("file:///a"), "promptsListChanged", true)))
                .subscribe()
                .dispose();

        assertThat(((Map<?, ?>) wire.sent.get(0).message().params()).get("notifications"))
                .isEqualTo(Map.of("promptsListChanged", true));
    }

    @Test
    void whereSubscriptionsToResourcesHaveConditionsNobodyListensToThem() {
        wire.server = request -> Flux.never();
        Policy policy = PolicyYaml.read(
                        "methods: {resources/subscribe: {deny_if: [{path: params.uri, op: eq, value: 'file:///a'}]}}",
                        "policy.yaml")
                .orThrow();
        EnforcingModernTransport guarded = guarding(PolicyEngine.builder(policy));

        guarded.exchange(listening(Map.of("resourceSubscriptions", List.of("file:///a"), "promptsListChanged", true)))
                .subscribe()
                .dispose();

        assertThat(((Map<?, ?>) wire.sent.get(0).message().params()).get("notifications"))
                .isEqualTo(Map.of("promptsListChanged", true));
    }

    @ParameterizedTest
    @MethodSource("subscriptions")
    void anyFormOfSubscriptionToResourcesIsFound(Object notifications) {
        wire.server = request -> Flux.never();
        EnforcingModernTransport guarded = guarding(new Policies().method("resources/subscribe", Posture.DENY));

        guarded.exchange(request(1L, "subscriptions/listen", null, Map.of("notifications", notifications), VERSION))
                .subscribe()
                .dispose();

        assertThat(wire.sent).hasSizeLessThanOrEqualTo(1);
        assertThat(wire.sent)
                .allSatisfy(sent -> assertThat(((Map<?, ?>) sent.message().params()).get("notifications"))
                        .isEqualTo(Map.of()));
    }

    static List<Object> subscriptions() {
        List<String> resources = List.of("file:///a");
        return List.of(
                SubscriptionFilter.of(Map.of("resourceSubscriptions", resources)),
                Map.of("ResourceSubscriptions", resources),
                Map.of("resource\u200bSubscriptions", resources),
                List.of("resourceSubscriptions"));
    }

    // ---- closing

    @Test
    void afterClosingNothingIsSent() {
        EnforcingModernTransport guarded = guarding(new Policies());

        guarded.close();

        assertThat(wire.closed).isTrue();
        assertThatThrownBy(() -> response(guarded.exchange(call("pay")))).isInstanceOf(IllegalStateException.class);
        assertThat(wire.sent).isEmpty();
    }

    @Test
    void theSelfTestNeedsAClientAndSendsNothing() {
        EnforcingModernTransport guarded = guarding(new Policies());
        assertThatThrownBy(guarded::selfTest).isInstanceOf(IllegalStateException.class);

        response(guarded.exchange(request(1L, "server/discover", null, Map.of(), VERSION)));
        guarded.selfTest();

        assertThat(wire.methods()).containsExactly("server/discover");
    }

    @Test
    void everyMethodOfTheTransportIsGuarded() {
        assertThat(SdkCompatibility.unguarded(McpClientTransport.class, EnforcingModernTransport.class))
                .isEmpty();
        assertThat(Stream.of(McpClientTransport.class.getMethods()).map(Method::getName))
                .containsExactlyInAnyOrder("exchange", "mirrorsToolParams");
    }
}
