package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What a client and a server of any kind may do at the ends of the guard. */
class ModernRequestManagerTest {

    private static final Map<String, Object> DONE =
            Map.of("resultType", "complete", "content", List.of(Map.of("type", "text", "text", "done")));

    private static final Map<String, Object> ASKS = Map.of(
            "resultType",
            "input_required",
            "requestState",
            "s",
            "inputRequests",
            Map.of("k", Map.of("method", "elicitation/create", "params", Map.of())));

    private final Inner inner = new Inner();
    private final RecordingLimiter limiter = new RecordingLimiter();

    /** The wrapped server. */
    private static final class Inner implements McpRequestManager {

        final List<JSONRPCRequest> received = new CopyOnWriteArrayList<>();
        final List<String> notified = new CopyOnWriteArrayList<>();
        final List<Thread> blocked = new CopyOnWriteArrayList<>();
        Function<JSONRPCRequest, Mono<McpTransportResponse>> server = request -> result(request, DONE);

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext context, JSONRPCRequest request) {
            received.add(request);
            return server.apply(request);
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext context, JSONRPCRequest request) {
            blocked.add(Thread.currentThread());
            return handle(context, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
            notified.add(notification.method());
            return notification.method().equals("x/throws") ? Mono.error(new IllegalStateException()) : Mono.empty();
        }

        List<String> methods() {
            return received.stream().map(JSONRPCRequest::method).toList();
        }
    }

    private static Mono<McpTransportResponse> result(JSONRPCRequest request, Object result) {
        return Mono.just(McpTransportResponse.result(JSONRPCResponse.result(request.id(), result)));
    }

    private static Mono<McpTransportResponse> error(Object id, int code) {
        return Mono.just(McpTransportResponse.error(JSONRPCResponse.error(id, new JSONRPCError(code, "no", null))));
    }

    private static Mono<McpTransportResponse> stream(Flux<JSONRPCMessage> messages) {
        return Mono.just(McpTransportResponse.streaming(messages));
    }

    private EnforcingRequestManager guarding(Policies policies) {
        return guarding(PolicyEngine.builder(policies.policy()).rateLimiter(limiter));
    }

    private EnforcingRequestManager guarding(PolicyEngine.Builder engine) {
        return EnforcingRequestManager.wrap(inner, engine.build());
    }

    private static JSONRPCRequest request(String method, @Nullable Object params) {
        return new JSONRPCRequest(method, 7L, params);
    }

    private static JSONRPCRequest call(String tool) {
        return request("tools/call", Map.of("name", tool, "arguments", Map.of("a", 1)));
    }

    private static JSONRPCResponse response(McpTransportResponse answer) {
        if (answer instanceof McpTransportResponse.Streaming stream) {
            return stream.messages().ofType(JSONRPCResponse.class).blockLast(Await.PATIENCE);
        }
        return answer instanceof McpTransportResponse.Result result
                ? result.response()
                : ((McpTransportResponse.Error) answer).response();
    }

    private static JSONRPCResponse answer(EnforcingRequestManager guarded, JSONRPCRequest request) {
        return response(guarded.handle(McpTransportContext.EMPTY, request).block(Await.PATIENCE));
    }

    private static JSONRPCResponse blocking(EnforcingRequestManager guarded, JSONRPCRequest request) {
        return response(
                guarded.handleBlocking(McpTransportContext.EMPTY, request).block(Await.PATIENCE));
    }

    private static boolean isDenial(JSONRPCResponse response) {
        return Answers.isDenial(ModernMessages.legacy(1, response));
    }

    static Stream<@Nullable Object> calls() {
        Map<String, @Nullable Object> nameless = new HashMap<>();
        nameless.put("name", null);
        Map<Object, Object> numbered = new HashMap<>(Map.of("name", "t", 1, 2));
        Map<String, Object> throwing = new LinkedHashMap<>() {
            @Override
            public Set<Map.Entry<String, Object>> entrySet() {
                throw new IllegalStateException("secret");
            }
        };
        return Stream.of(
                null,
                List.of(1),
                "text",
                Map.of(),
                nameless,
                numbered,
                throwing,
                Map.of("name", 5),
                Map.of("name", "t"),
                Map.of("name", "t", "Name", "u"),
                Map.of("name", "t", "arguments", List.of()),
                Map.of("name", "t", "_meta", "x"),
                Map.of("name", "t", "requestState", "s", "inputResponses", Map.of()),
                Map.of("name", "t", "requestState", 5),
                Map.of("name", "t", "task", Map.of()));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void noCallReachesTheServerIfThePolicyDeniesAll(@Nullable Object params) {
        EnforcingRequestManager guarded = guarding(new Policies().defaultDeny());

        assertThat(isDenial(answer(guarded, request("tools/call", params)))).isTrue();
        assertThat(isDenial(blocking(guarded, request("tools/call", params)))).isTrue();
        guarded.handleNotification(McpTransportContext.EMPTY, new JSONRPCNotification("tools/call", params))
                .block(Await.PATIENCE);

        assertThat(inner.received).isEmpty();
        assertThat(inner.notified).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Tools/call", "tools/call ", "tools\u2215call", "tools//call"})
    void aMethodThatOnlyLooksLikeACallIsRefused(String method) {
        EnforcingRequestManager guarded = guarding(new Policies());

        assertThat(isDenial(answer(guarded, request(method, Map.of("name", "t")))))
                .isTrue();
        assertThat(inner.received).isEmpty();
    }

    static Stream<Arguments> endings() {
        Function<JSONRPCRequest, Mono<McpTransportResponse>> foreign =
                request -> Mono.just(McpTransportResponse.result(JSONRPCResponse.result(99L, DONE)));
        return Stream.of(
                ending("a result", request -> result(request, DONE), CallOutcome.SUCCEEDED),
                ending(
                        "a tool error",
                        request -> result(request, Map.of("isError", true, "content", List.of())),
                        CallOutcome.TOOL_ERROR),
                ending("an error", request -> error(request.id(), -32602), CallOutcome.FAILED),
                ending("input", request -> result(request, ASKS), CallOutcome.UNKNOWN),
                ending("a task", request -> result(request, Map.of("resultType", "task")), CallOutcome.UNKNOWN),
                ending("an unknown type", request -> result(request, Map.of("resultType", "x")), CallOutcome.UNKNOWN),
                ending("another's answer", foreign, CallOutcome.UNKNOWN),
                ending("nothing", request -> Mono.empty(), CallOutcome.UNKNOWN),
                ending("a failure", request -> Mono.error(new IllegalStateException("secret")), CallOutcome.UNKNOWN),
                ending(
                        "a broken class",
                        request -> Mono.error(new NoClassDefFoundError("secret")),
                        CallOutcome.UNKNOWN),
                ending(
                        "an exception",
                        request -> {
                            throw new IllegalStateException("secret");
                        },
                        CallOutcome.UNKNOWN),
                ending(
                        "a stream",
                        request -> stream(Flux.just(
                                new JSONRPCNotification("notifications/progress", Map.of()),
                                JSONRPCResponse.result(request.id(), DONE),
                                JSONRPCResponse.error(request.id(), new JSONRPCError(1, "late", null)))),
                        CallOutcome.SUCCEEDED),
                ending(
                        "a stream with input",
                        request -> stream(Flux.just(JSONRPCResponse.result(request.id(), ASKS))),
                        CallOutcome.UNKNOWN),
                ending(
                        "a stream with an error",
                        request -> stream(
                                Flux.just(JSONRPCResponse.error(request.id(), new JSONRPCError(-1, "no", null)))),
                        CallOutcome.FAILED),
                ending("an empty stream", request -> stream(Flux.empty()), CallOutcome.UNKNOWN),
                ending(
                        "a broken stream",
                        request -> stream(Flux.error(new IllegalStateException("secret"))),
                        CallOutcome.UNKNOWN));
    }

    private static Arguments ending(
            String name, Function<JSONRPCRequest, Mono<McpTransportResponse>> server, CallOutcome outcome) {
        return Arguments.of(name, server, outcome);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void everyCallIsAnsweredOnceAndSettledOnce(
            String name, Function<JSONRPCRequest, Mono<McpTransportResponse>> server, CallOutcome outcome) {
        EnforcingRequestManager guarded = guarding(new Policies().tool("t", Policies.limit(10)));
        inner.server = server;

        for (JSONRPCResponse response : List.of(answer(guarded, call("t")), blocking(guarded, call("t")))) {
            assertThat(response.id()).isEqualTo(7L);
            assertThat(response.toString()).doesNotContain("secret").doesNotContain("late");
        }

        assertThat(limiter.settlements()).containsExactly(outcome, outcome);
        assertThat(limiter.settledEachOnce()).isTrue();
        assertThat(guarded.runningCalls()).isZero();
        assertThat(guarded.callsBeingDecided()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void everyOtherRequestIsAnsweredToo(
            String name, Function<JSONRPCRequest, Mono<McpTransportResponse>> server, CallOutcome outcome) {
        EnforcingRequestManager guarded = guarding(new Policies());
        inner.server = server;

        for (String method : List.of("prompts/get", "tools/list", "server/discover", "x/y")) {
            JSONRPCResponse response = answer(guarded, request(method, Map.of()));
            assertThat(response.id()).isEqualTo(7L);
            assertThat(response.toString()).doesNotContain("secret");
        }
    }

    @Test
    void whatAStreamAsksFollowsMethods() {
        EnforcingRequestManager guarded = guarding(new Policies()
                .tool("t", Policies.limit(10))
                .method("elicitation/create", Posture.DENY)
                .method("notifications/message", Posture.DENY));
        inner.server = request -> stream(Flux.just(
                new JSONRPCNotification("notifications/message", Map.of()),
                new JSONRPCNotification("notifications/progress", Map.of()),
                JSONRPCResponse.result(request.id(), ASKS)));

        McpTransportResponse answer =
                guarded.handle(McpTransportContext.EMPTY, call("t")).block(Await.PATIENCE);
        List<JSONRPCMessage> messages = ((McpTransportResponse.Streaming) answer)
                .messages()
                .collectList()
                .block(Await.PATIENCE);

        assertThat(messages).hasSize(2);
        assertThat(((JSONRPCNotification) messages.get(0)).method()).isEqualTo("notifications/progress");
        assertThat(isDenial((JSONRPCResponse) messages.get(1))).isTrue();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(answer(guarded, request("prompts/get", Map.of())).error()).isNotNull();
    }

    @Test
    void aStreamThatIsCancelledEndsTheCall() {
        EnforcingRequestManager guarded = guarding(new Policies().tool("t", Policies.limit(10)));
        inner.server = request -> stream(Flux.never());

        McpTransportResponse answer =
                guarded.handle(McpTransportContext.EMPTY, call("t")).block(Await.PATIENCE);
        assertThat(guarded.runningCalls()).isOne();
        ((McpTransportResponse.Streaming) answer).messages().subscribe().dispose();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(guarded.runningCalls()).isZero();
    }

    @Test
    void aCallThatRunsIsNoLongerBeingDecided() {
        EnforcingRequestManager guarded = guarding(new Policies().tool("t", Policies.limit(10)));
        List<Integer> beingDecided = new ArrayList<>();
        Function<JSONRPCRequest, Mono<McpTransportResponse>> server = inner.server;
        inner.server = request -> {
            beingDecided.add(guarded.callsBeingDecided());
            return server.apply(request);
        };

        answer(guarded, call("t"));
        blocking(guarded, call("t"));

        assertThat(beingDecided).containsExactly(0, 0);
    }

    @Test
    void aBlockingCallIsDecidedAndRunsOnItsOwnThread() {
        EnforcingRequestManager guarded = guarding(
                PolicyEngine.builder(new Policies().tool("t", Policies.ask()).policy())
                        .approvals(request -> CompletableFuture.supplyAsync(() -> ApprovalAnswer.approved("Ada"))));

        assertThat(isDenial(blocking(guarded, call("t")))).isFalse();

        assertThat(inner.blocked).containsExactly(Thread.currentThread());
    }

    @Test
    void aCallThatIsCancelledWhileItWaitsIsNeverMade() {
        CompletableFuture<ApprovalAnswer> person = new CompletableFuture<>();
        EnforcingRequestManager guarded = guarding(PolicyEngine.builder(new Policies()
                        .tool("t", Policies.limit(10), Policies.ask())
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> person));

        Disposable waiting =
                guarded.handle(McpTransportContext.EMPTY, call("t")).subscribe();
        assertThat(guarded.callsBeingDecided()).isOne();
        waiting.dispose();
        person.complete(ApprovalAnswer.approved("Ada"));

        assertThat(inner.received).isEmpty();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNSENT);
        assertThat(guarded.callsBeingDecided()).isZero();
    }

    @Test
    void closingEndsAllCallsAndLetsNoMoreThrough() {
        CompletableFuture<ApprovalAnswer> person = new CompletableFuture<>();
        Sinks.One<McpTransportResponse> late = Sinks.one();
        EnforcingRequestManager guarded = guarding(PolicyEngine.builder(new Policies()
                        .tool("asked", Policies.limit(10), Policies.ask())
                        .tool("t", Policies.limit(10))
                        .policy())
                .rateLimiter(limiter)
                .approvals(request -> person));
        inner.server = request -> late.asMono();
        CompletableFuture<McpTransportResponse> undecided =
                guarded.handle(McpTransportContext.EMPTY, call("asked")).toFuture();
        CompletableFuture<McpTransportResponse> running =
                guarded.handle(McpTransportContext.EMPTY, call("t")).toFuture();

        guarded.closeGracefully();
        person.complete(ApprovalAnswer.approved("Ada"));
        late.tryEmitValue(McpTransportResponse.result(JSONRPCResponse.result(7L, DONE)));

        assertThat(response(undecided.join()).error()).isNotNull();
        assertThat(response(running.join()).result()).isEqualTo(DONE);
        assertThat(answer(guarded, call("t")).error()).isNotNull();
        assertThat(inner.methods()).containsExactly("tools/call");
        assertThat(limiter.settlements())
                .containsExactlyInAnyOrder(CallOutcome.UNSENT, CallOutcome.UNKNOWN, CallOutcome.UNSENT);
    }

    @Test
    void aListIsLearnedFilteredAndMarked() {
        EnforcingRequestManager guarded =
                guarding(new Policies().hiding("b").risk("high+", Policies.denied("Too dangerous.")));
        List<Map<String, Object>> tools = List.of(
                Map.of("name", "a", "annotations", Map.of("destructiveHint", true)),
                Map.of("name", "b"),
                Map.of("name", "c", "annotations", Map.of("readOnlyHint", true)));
        inner.server = request -> request.method().equals("tools/list")
                ? result(request, Map.of("tools", tools, "ttlMs", 1_000_000, "cacheScope", "public", "x", 1))
                : result(request, DONE);

        Map<?, ?> page =
                (Map<?, ?>) answer(guarded, request("tools/list", Map.of())).result();

        assertThat(page.get("tools"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .doesNotContain(tools.get(1))
                .contains(tools.get(2));
        assertThat(page.get("cacheScope")).isEqualTo("private");
        assertThat(page.get("ttlMs")).isEqualTo(60_000L);
        assertThat(page.get("x")).isEqualTo(1);
        assertThat(isDenial(answer(guarded, call("a")))).isTrue();
        assertThat(isDenial(answer(guarded, call("c")))).isFalse();
        assertThat(inner.methods()).containsExactly("tools/list", "tools/call");
    }

    @Test
    void whoCallsIsReadFromTheTransportAlone() {
        EnforcingRequestManager guarded = EnforcingRequestManager.builder(
                        inner,
                        PolicyEngine.builder(new Policies().granting("ada", "t").policy())
                                .build())
                .callContext((transport, reactor) -> {
                    assertThat(reactor.hasKey(CallContextResolver.MCP_SESSION_ID))
                            .isFalse();
                    return transport.get("user") instanceof String user ? CallContext.by(user) : CallContext.EMPTY;
                })
                .build();
        McpTransportContext ada = McpTransportContext.create(Map.of("user", "ada"));

        for (McpTransportContext caller : List.of(ada, McpTransportContext.EMPTY)) {
            JSONRPCResponse response = response(guarded.handle(caller, call("t"))
                    .contextWrite(context -> context.put(McpTransportContext.KEY, ada)
                            .put(CallContextResolver.MCP_SESSION_ID, "another"))
                    .block(Await.PATIENCE));
            assertThat(isDenial(response)).isEqualTo(!caller.equals(ada));
        }
    }

    @Test
    void aResolverThatThrowsDeniesTheCallAndTheList() {
        EnforcingRequestManager guarded = EnforcingRequestManager.builder(
                        inner, PolicyEngine.builder(Policies.allowingAll()).build())
                .callContext((transport, reactor) -> {
                    throw new IllegalStateException("secret");
                })
                .build();

        assertThat(isDenial(answer(guarded, call("t")))).isTrue();
        assertThat(isDenial(answer(guarded, request("tools/list", Map.of())))).isTrue();
        assertThat(inner.received).isEmpty();
    }

    @Test
    void notificationsFollowMethodsAndNeverFail() {
        EnforcingRequestManager guarded = guarding(new Policies().method("notifications/roots/*", Posture.DENY));

        for (String method : List.of("notifications/roots/list_changed", "notifications/cancelled", "x/throws")) {
            guarded.handleNotification(McpTransportContext.EMPTY, new JSONRPCNotification(method, null))
                    .block(Await.PATIENCE);
        }

        assertThat(inner.notified).containsExactly("notifications/cancelled", "x/throws");
    }

    @Test
    void anIdThatIsReservedForOurOwnRequestsIsRefused() {
        EnforcingRequestManager guarded = guarding(new Policies());

        for (String method : List.of("tools/call", "tools/list", "prompts/get")) {
            JSONRPCRequest request =
                    new JSONRPCRequest(method, AdapterRequests.newId(), Collections.singletonMap("name", "t"));
            JSONRPCResponse response = answer(guarded, request);
            assertThat(response.error() != null || isDenial(response)).isTrue();
        }
        assertThat(inner.received).isEmpty();
    }

    @Test
    void theSdkHasNoWayAroundTheGuard() {
        assertThat(SdkCompatibility.unguarded(McpRequestManager.class, EnforcingRequestManager.class))
                .isEmpty();
        assertThat(Arrays.stream(McpRequestManager.class.getMethods()).map(Method::getName))
                .containsExactlyInAnyOrder("handle", "handleBlocking", "handleNotification");
    }
}
