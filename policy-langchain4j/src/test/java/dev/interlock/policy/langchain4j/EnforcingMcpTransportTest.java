package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardSettings;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.invocation.InvocationContext;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpCallToolParams;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpCancellationNotification;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpClientMethod;
import dev.langchain4j.mcp.protocol.McpClientNotification;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import dev.langchain4j.mcp.protocol.McpPingRequest;
import dev.langchain4j.mcp.protocol.McpReadResourceRequest;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("FutureReturnValueIgnored") // calls that the server never answers, or whose settling is looked at
class EnforcingMcpTransportTest {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final String POLICY = """
            version: "1"
            default: allow
            hide: [purge_*]
            methods:
              resources/read: deny
              roots/list: deny
            tools:
              delete:
                rules:
                  - name: never
                    action: deny
              pay:
                rules:
                  - name: small
                    conditions:
                      - {path: args.amount, op: lte, value: 100}
              count:
                rules:
                  - rate_limit: {max: 10, window: 60}
            """;

    private static final String CHECKING = """
            version: "1"
            default: allow
            tools:
              checked:
                rules:
                  - validate: {required_args: true}
                  - rate_limit: {max: 10, window: 60}
            """;

    private final ScriptedTransport server = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final ManualTime time = new ManualTime();
    private final Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
    /** What is on record of all that was denied. */
    private final List<String> denials = new CopyOnWriteArrayList<>();

    private final EnforcingMcpTransport transport = started(POLICY, limiter, CallContextResolver.NONE);

    private EnforcingMcpTransport started(String policy, RateLimiter counting, CallContextResolver resolver) {
        return started(policy, counting, builder -> builder.callContext(resolver));
    }

    private EnforcingMcpTransport started(
            String policy, RateLimiter counting, UnaryOperator<EnforcingMcpTransport.Builder> settings) {
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read(policy, "test").orThrow())
                .rateLimiter(counting)
                .audit(this::note)
                .build();
        return started(engine, settings);
    }

    private EnforcingMcpTransport started(PolicyEngine engine, UnaryOperator<EnforcingMcpTransport.Builder> settings) {
        EnforcingMcpTransport wrapped = settings.apply(
                        EnforcingMcpTransport.builder(server, engine).timeSource(time))
                .build();
        wrapped.start(new McpOperationHandler(
                pending, List::of, wrapped, null, () -> {}, null, null, null, null, null, null, null));
        return wrapped;
    }

    private void note(AuditEvent event) {
        if (event instanceof AuditEvent.Decided decided && !decided.decision().allowed()) {
            denials.add(
                    decided.decision().code().text() + " of " + decided.call().tool());
        } else if (event instanceof AuditEvent.MethodDecided decided
                && !decided.decision().allowed()) {
            denials.add(decided.decision().code().text() + " of "
                    + decided.request().method());
        }
    }

    private static ObjectNode object(String text) {
        return (ObjectNode) ScriptedTransport.json(text);
    }

    private static McpCallToolRequest call(long id, String tool, String arguments) {
        return new McpCallToolRequest(id, tool, object(arguments));
    }

    private CompletableFuture<JsonNode> send(McpClientMessage message) {
        return transport.executeOperationWithResponse(message);
    }

    private static String code(CompletableFuture<JsonNode> answer) {
        JsonNode result = answer.join().get("result");
        assertThat(result.get("isError").asBoolean()).isTrue();
        assertThat(result.get("content").get(0).get("text").asText()).startsWith("[POLICY DENIED] ");
        return result.get("_meta").get(DenialText.META_KEY).get("code").asText();
    }

    @Test
    void aHiddenToolIsToldFromNoneThatIsNotThere() {
        EnforcingMcpTransport wrapped = started(
                "version: \"1\"\ndefault: deny\nhide: [wipe]\ntools: {read: {}}\n", limiter, CallContextResolver.NONE);

        assertThat(Stream.of("wipe", "WIPE", "w\u0456pe", "unknown")
                        .map(name -> wrapped.executeOperationWithResponse(call(1, name, "{}"))
                                .join()
                                .toString()
                                .replace(name, "it"))
                        .distinct())
                .singleElement()
                .asString()
                .contains("Tool 'it' is not available");
        assertThat(denials)
                .containsExactly("hidden of wipe", "name of WIPE", "name of w\u0456pe", "default_deny of unknown");
    }

    // ---- what is sent is what was decided

    @Test
    void aTreeThatChangesWhileTheCallIsDecidedChangesNothing() {
        CompletableFuture<Reservation> reservation = new CompletableFuture<>();
        limiter.answering(() -> reservation);
        ObjectNode arguments = object("{'to': {'name': 'a'}}");
        McpCallToolRequest request = new McpCallToolRequest(1L, "count", arguments);

        CompletableFuture<JsonNode> answer = send(request);
        ((ObjectNode) arguments.get("to")).put("name", "b");
        ((McpCallToolParams) request.getParams()).setName("delete");
        reservation.complete(limiter.grant());
        whenSent(1);
        server.answer("{'content': []}");
        answer.join();

        assertThat(server.last().get("params"))
                .isEqualTo(object("{'name': 'count', 'arguments': {'to': {'name': 'a'}}}"));
    }

    // ---- what the host is asked

    @Test
    void aCallWaitsForWhatTheHostIsAskedAndHoldsNoThreadOfTheClients() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        PolicyEngine engine = PolicyEngine.builder(PolicyYaml.read("""
                        version: "1"
                        tools:
                          pay:
                            require:
                              - {path: args.to, op: custom.known}
                            limits:
                              - {counter: n, window: hour, max: 9}
                        """, "test").orThrow())
                .rateLimiter(limiter)
                .predicate(
                        "known",
                        (value, operand) -> {
                            if (value.json().equals("\"broken\"")) {
                                throw new IllegalStateException("of " + value.json());
                            }
                            return answer.get();
                        },
                        PATIENCE)
                .build();
        EnforcingMcpTransport asking = started(engine, builder -> builder);

        CompletableFuture<JsonNode> paid = asking.executeOperationWithResponse(call(1, "pay", "{'to': 'ana'}"));
        CompletableFuture<JsonNode> broken = asking.executeOperationWithResponse(call(2, "pay", "{'to': 'broken'}"));

        assertThat(code(broken)).isEqualTo("predicate");
        assertThat(broken.join().toString()).contains("custom.known").doesNotContain("broken");
        assertThat(paid).isNotDone();
        assertThat(server.sent()).isEmpty();
        assertThat(limiter.reserved()).isZero();
        answer.complete(true);
        whenSent(1);
        server.answer("{'content': []}");
        paid.join();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    private void whenSent(int messages) {
        waitUntil(() -> server.sent().size() >= messages);
    }

    private static void waitUntil(BooleanSupplier happened) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!happened.getAsBoolean()) {
            assertThat(System.nanoTime())
                    .as("what was waited for did not happen")
                    .isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void whatIsSentIsTheSameJsonAsWhatWasAskedFor() {
        String arguments = "{'a': null, 'b': [1, 2.5, 1e3, -0.0, 12345678901234567890, true, 'x'], 'c': {'d': {}}}";
        McpCallToolRequest request = new McpCallToolRequest(1L, "free", object(arguments), "token");

        send(request);

        assertThat(server.last().get("params").get("arguments").toString())
                .isEqualTo("{\"a\":null,\"b\":[1,2.5,1000.0,-0.0,12345678901234567890,true,\"x\"],\"c\":{\"d\":{}}}");
        assertThat(server.last().get("params").get("_meta")).isEqualTo(object("{'progressToken': 'token'}"));
        assertThat(server.last().get("id").asLong()).isEqualTo(1);
    }

    static Stream<McpClientMessage> unreadableCalls() {
        ObjectNode deep = JsonNodeFactory.instance.objectNode();
        ObjectNode inner = deep;
        for (int i = 0; i < 100_000; i++) {
            inner = inner.putObject("a");
        }
        ObjectNode foreign = JsonNodeFactory.instance.objectNode();
        foreign.putPOJO("a", new Object());
        McpClientRequest bare = new McpClientRequest(1L, McpClientMethod.TOOLS_CALL);
        McpClientRequest dressed = new McpClientRequest(1L, McpClientMethod.TOOLS_CALL);
        dressed.setParams(new McpCallToolParams("free", object("{}")) {
            @JsonProperty("name")
            public String anotherName() {
                return "delete";
            }
        });
        return Stream.of(
                new McpCallToolRequest(1L, null, object("{}")),
                new McpCallToolRequest(1L, " ", object("{}")),
                new McpCallToolRequest(1L, "free", deep),
                new McpCallToolRequest(1L, "free", foreign),
                new McpCallToolRequest(null, "free", object("{}")),
                new McpClientMessage(1L, McpClientMethod.TOOLS_CALL),
                bare,
                dressed);
    }

    @ParameterizedTest
    @MethodSource("unreadableCalls")
    void aCallThatCannotBeReadIsDenied(McpClientMessage message) {
        assertThat(code(send(message))).isEqualTo("malformed");
        assertThat(server.sent()).isEmpty();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aCallIsDecidedWhateverClassItsMessageIsOf() {
        McpClientRequest plain = new McpClientRequest(1L, McpClientMethod.TOOLS_CALL);
        plain.setParams(new McpCallToolParams("delete", object("{}")));
        McpCallToolRequest extended = new McpCallToolRequest(2L, "delete", object("{}")) {};

        assertThat(code(send(plain))).isEqualTo("deny_rule");
        assertThat(code(send(extended))).isEqualTo("deny_rule");
        assertThat(code(transport.executeOperationWithResponse(new McpCallContext(null, extended))))
                .isEqualTo("deny_rule");
        assertThat(code(send(call(3, "pay", "{'amount': 101}")))).isEqualTo("condition");
        assertThat(server.sent()).isEmpty();
    }

    @Test
    void aCallWithoutAWayBackIsRefused() {
        McpClientNotification notification = new McpClientNotification(McpClientMethod.TOOLS_CALL);
        for (McpClientMessage message : List.of(call(1, "free", "{}"), notification)) {
            assertThatThrownBy(() -> transport.executeOperationWithoutResponse(message))
                    .isInstanceOf(McpException.class);
            assertThatThrownBy(() -> transport.executeOperationWithoutResponse(new McpCallContext(null, message)))
                    .isInstanceOf(McpException.class);
        }
        assertThat(server.sent()).isEmpty();
    }

    /** Says that it is a ping and is written as a call. */
    private static final class Disguised extends McpClientRequest {

        @JsonProperty("method")
        @SuppressWarnings("unused")
        private final String written = "tools/call";

        Disguised() {
            super(1L, McpClientMethod.PING);
        }
    }

    @Test
    void aMessageOfAForeignClassIsRefused() {
        assertThat(send(new Disguised())).completesExceptionallyWithin(Duration.ZERO);
        assertThatThrownBy(() -> transport.executeOperationWithoutResponse(new Disguised()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(server.sent()).isEmpty();
    }

    @Test
    void everyRefusalIsOnRecordWhereverItWasMade() {
        assertThat(code(send(call(1, "delete", "{}")))).isEqualTo("deny_rule");
        assertThatThrownBy(() -> transport.executeOperationWithoutResponse(call(2, "free", "{}")))
                .isInstanceOf(McpException.class);
        assertThat(send(new Disguised())).isCompletedExceptionally();
        assertThatThrownBy(() -> transport.executeOperationWithoutResponse(new Disguised()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(send(new McpReadResourceRequest(3L, "file:///x"))).isCompletedExceptionally();
        server.receive("{'jsonrpc': '2.0', 'id': 7, 'method': 'roots/list'}");
        server.receive("{'jsonrpc': '2.0', 'id': 8, 'method': ' Tools/Call'}");
        EnforcingMcpTransport unsigned = started(POLICY, limiter, (call, invocation) -> {
            throw new IllegalStateException("unknown");
        });
        assertThat(code(unsigned.executeOperationWithResponse(call(4, "free", "{}"))))
                .isEqualTo("error");
        CompletableFuture<JsonNode> list = unsigned.executeOperationWithResponse(new McpListToolsRequest(5L, null));
        server.answer("{'tools': [{'name': 'free', 'inputSchema': {}}]}");
        assertThat(list).isCompletedExceptionally();

        assertThat(denials)
                .containsExactly(
                        "deny_rule of delete",
                        "method of tools/call",
                        "method of ",
                        "method of ",
                        "method of resources/read",
                        "method of roots/list",
                        "method of  Tools/Call",
                        "error of free",
                        "error of tools/list");
    }

    // ---- methods

    @Test
    void aDeniedMethodIsRefusedInBothDirections() {
        assertThat(send(new McpReadResourceRequest(1L, "file:///x")))
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(McpException.class)
                .withMessageContaining("[POLICY DENIED] ");
        assertThatThrownBy(() -> transport.executeOperationWithoutResponse(new McpReadResourceRequest(1L, "file:///x")))
                .isInstanceOf(McpException.class);
        assertThat(server.sent()).isEmpty();

        server.receive("{'jsonrpc': '2.0', 'id': 7, 'method': 'roots/list'}");
        assertThat(server.last().get("id").asLong()).isEqualTo(7);
        assertThat(server.last().get("error").get("message").asText()).startsWith("[POLICY DENIED] ");
        assertThat(server.last().has("result")).isFalse();

        server.receive("{'jsonrpc': '2.0', 'id': 8, 'method': 'ping'}");
        assertThat(server.last()).isEqualTo(object("{'jsonrpc': '2.0', 'id': 8, 'result': {}}"));
    }

    @Test
    void initializeIsAMethodToo() {
        EnforcingMcpTransport closed = started(
                "{version: '1', default: allow, methods: {initialize: deny, ping: deny}}",
                limiter,
                CallContextResolver.NONE);

        assertThat(closed.initialize(new McpInitializeRequest(0L))).completesExceptionallyWithin(Duration.ZERO);
        assertThat(closed.executeOperationWithResponse(new McpPingRequest(1L)))
                .completesExceptionallyWithin(Duration.ZERO);
        assertThat(server.sent()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[{'jsonrpc': '2.0', 'id': 1, 'result': {}}]",
                "'text'",
                "{'jsonrpc': '2.0', 'id': 1, 'method': 5}",
                "{'jsonrpc': '2.0', 'id': 9, 'method': ' Tools/Call'}"
            },
            quoteCharacter = '`')
    void aMessageOfAnUnknownShapeGoesNoFurther(String message) {
        CompletableFuture<JsonNode> ping = send(new McpPingRequest(1L));

        server.receive(message);

        assertThat(ping).isNotDone();
    }

    @Test
    void everyMethodNameIsTheOneThatIsWritten() throws Exception {
        for (McpClientMethod method : McpClientMethod.values()) {
            assertThat(ScriptedTransport.JSON.writeValueAsString(method))
                    .isEqualTo("\"" + WireMethodNames.of(method) + "\"");
        }
    }

    /** A method that a new version adds with a body of its own would pass by what it was to be guarded by. */
    @Test
    void nothingOfLangChain4jsIsInherited() {
        for (Method method : McpTransport.class.getMethods()) {
            assertThat(declared(EnforcingMcpTransport.class, method))
                    .as("%s", method)
                    .isTrue();
        }
        for (Method method : McpOperationHandler.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                assertThat(declared(GuardedHandler.class, method))
                        .as("%s", method)
                        .isTrue();
            }
        }
    }

    private static boolean declared(Class<?> type, Method method) {
        try {
            return type.getDeclaredMethod(method.getName(), method.getParameterTypes()) != null;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    // ---- lists of tools

    private static final String PAGE = """
            {'tools': [
              {'name': 'purge_all', 'inputSchema': {'type': 'object'}},
              {'name': 'checked', 'inputSchema': {'type': 'object', 'required': ['id']}, 'x': 1},
              {'inputSchema': {}}],
             '_meta': {'m': 1}, 'nextCursor': 'more'}""";

    @Test
    void hiddenToolsAreOnNoPageAndAllElseStays() {
        CompletableFuture<JsonNode> first = send(new McpListToolsRequest(1L, null));
        server.answer(PAGE);
        CompletableFuture<JsonNode> second = send(new McpListToolsRequest(2L, "more"));
        server.answer("{'tools': [{'name': 'purge_rest'}]}");

        assertThat(first.join().get("result")).isEqualTo(object("""
                        {'tools': [{'name': 'checked', 'inputSchema': {'type': 'object', 'required': ['id']}, 'x': 1}],
                         '_meta': {'m': 1}, 'nextCursor': 'more'}"""));
        assertThat(second.join().get("result")).isEqualTo(object("{'tools': []}"));
    }

    @Test
    void aListThatCannotBeReadIsWithheld() {
        CompletableFuture<JsonNode> list = send(new McpListToolsRequest(1L, null));
        server.answer("{'tools': {'name': 'purge_all'}}");

        assertThat(list).failsWithin(Duration.ZERO).withThrowableThat().withCauseInstanceOf(McpException.class);
    }

    @Test
    void aDefinitionThatACheckNeedsIsFetchedOnceAndNoOneElseHearsOfIt() throws Exception {
        EnforcingMcpTransport checking = started(CHECKING, limiter, CallContextResolver.NONE);
        CompletableFuture<JsonNode> first = checking.executeOperationWithResponse(call(1, "checked", "{}"));
        CompletableFuture<JsonNode> second = checking.executeOperationWithResponse(call(2, "checked", "{'id': 1}"));
        whenSent(1);
        server.answer(PAGE);
        whenSent(2);
        assertThat(server.last().get("params").get("cursor").asText()).isEqualTo("more");
        server.answer("{'tools': []}");

        assertThat(first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        .get("result")
                        .get("isError")
                        .asBoolean())
                .isTrue();
        whenSent(3);
        assertThat(server.sentMethods()).containsExactly("tools/list", "tools/list", "tools/call");
        assertThat(pending).containsOnlyKeys(2L);
        server.answer("{'content': []}");
        assertThat(second).isCompleted();
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aListThatChangedIsFetchedAgain() throws Exception {
        EnforcingMcpTransport checking = started(CHECKING, limiter, CallContextResolver.NONE);
        CompletableFuture<JsonNode> first = checking.executeOperationWithResponse(call(1, "checked", "{}"));
        whenSent(1);
        server.answer("{'tools': []}");
        assertThat(code(first)).isEqualTo("schema_unknown");
        assertThat(code(checking.executeOperationWithResponse(call(2, "checked", "{}"))))
                .isEqualTo("schema_unknown");
        assertThat(server.sent()).hasSize(1);

        server.receive("{'jsonrpc': '2.0', 'method': 'notifications/tools/list_changed'}");
        CompletableFuture<JsonNode> third = checking.executeOperationWithResponse(call(3, "checked", "{}"));
        whenSent(2);
        server.answer("{'tools': [{'name': 'checked', 'inputSchema': {'type': 'object', 'required': ['id']}}]}");

        assertThat(third.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).toString()).contains("id");
        assertThat(code(third)).isEqualTo("validation");
    }

    // ---- endings

    private void assertSettled(CallOutcome... settlements) {
        assertThat(limiter.settlements()).containsExactly(settlements);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    @Test
    void aResultASettledToolErrorAndAProtocolErrorSettle() {
        send(call(1, "count", "{}"));
        server.answer("{'content': []}");
        send(call(2, "count", "{}"));
        server.answer("{'content': [], 'isError': true}");
        send(call(3, "count", "{}"));
        server.receive("{'jsonrpc': '2.0', 'id': 3, 'error': {'code': -32602, 'message': 'Unknown tool'}}");

        assertSettled(CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aCallThatFailsCountsAsUnknownHoweverItFailsSinceTheTransportMayHaveSentBefore() {
        send(call(1, "count", "{}"));
        server.fail(new ConnectException());
        send(call(2, "count", "{}"));
        server.fail(new IOException("connection reset"));
        server.refuse(new IllegalStateException(new ConnectException()));
        assertThat(send(call(3, "count", "{}"))).isCompletedExceptionally();

        assertSettled(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aCallThatATransportWhichSendsOnceSaysItDidNotSendIsGivenBack() {
        EnforcingMcpTransport once =
                started(POLICY, limiter, builder -> builder.sendsOnce(RejectedExecutionException.class::isInstance));
        server.refuse(new RejectedExecutionException("the queue is full"));
        assertThat(once.executeOperationWithResponse(call(1, "count", "{}"))).isCompletedExceptionally();
        server.refuse(new IllegalStateException("broken"));
        assertThat(once.executeOperationWithResponse(call(2, "count", "{}"))).isCompletedExceptionally();

        assertSettled(CallOutcome.UNSENT, CallOutcome.UNKNOWN);
    }

    @Test
    void limitsOfASessionCountByWhatTheHostSaysElseTheIdentityElseOneSessionForAllServers() {
        List<UnaryOperator<EnforcingMcpTransport.Builder>> hosts = List.of(
                builder -> builder.server("mail").identity("ada").session("s-1"),
                builder -> builder.server("mail")
                        .callContext((call, invocation) -> call.by("ada").in("s-2")),
                builder -> builder.server("mail").identity("ada"),
                builder -> builder.server("files").callContext((call, invocation) -> call.by("ada")),
                builder -> builder.server("mail"),
                builder -> builder.server("files"));
        for (UnaryOperator<EnforcingMcpTransport.Builder> host : hosts) {
            started(POLICY, limiter, host).executeOperationWithResponse(call(1, "count", "{}"));
        }

        assertThat(limiter.subjects())
                .containsExactly("s-1", "s-2", "ada", "ada", ToolCall.COMMON_SESSION, ToolCall.COMMON_SESSION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ctx.role", "call.identity", "call.server"})
    void aPolicyThatReadsWhatNoOneGivesIsRefusedWhenTheTransportIsWrapped(String path) {
        String policy = "version: '1'\ntools: {pay: {deny_if: [{path: " + path + ", op: eq, value: guest}]}}\n";

        assertThatThrownBy(() -> started(policy, limiter, builder -> builder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(path + " at tools.pay.deny_if[0] (2:25)");
        started(policy, limiter, builder -> builder.server("shop").callContext((call, invocation) -> call.by("ada")));
    }

    @Test
    void grantsAreRefusedWhereNoCallHasAnIdentity() {
        String policy = "version: '1'\ngrants: {ada: {default: allow}}\n";

        assertThatThrownBy(() -> started(policy, limiter, builder -> builder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("grants");
        started(policy, limiter, builder -> builder.identity("ada"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 52, (1L << 52) + 1, Long.MAX_VALUE})
    void aCallerCannotTakeAnIdThatIsKeptForRequestsOfOurOwnSoThatItsEndIsNotLost(long id) {
        assertThat(code(send(call(id, "count", "{}")))).isEqualTo("malformed");
        assertThat(send(new McpReadResourceRequest(id, "file:///a"))).isCompletedExceptionally();

        assertThat(server.sent()).isEmpty();
        assertThat(transport.openCalls()).isZero();
        assertThat(denials).containsExactly("malformed of ");
    }

    @Test
    void aCallThatThereIsNoRoomForIsDeniedAndNoOtherIsDroppedForIt() {
        int room = GuardSettings.MAX_PENDING / 4;
        for (int id = 1; id <= room; id++) {
            send(call(id, "count", "{}"));
        }

        assertThat(code(send(call(room + 1, "count", "{}")))).isEqualTo("error");
        assertThat(server.sent()).hasSize(room);
        assertThat(limiter.settlements()).isEmpty();
    }

    @Test
    void aCallThatTheClientGivesUpCountsAsUnknown() {
        send(call(1, "count", "{}"));
        transport.executeOperationWithoutResponse(new McpCancellationNotification(1L, "Timeout"));

        assertSettled(CallOutcome.UNKNOWN);
        assertThat(server.sentMethods()).containsExactly("tools/call", "notifications/cancelled");
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aCallThatIsGivenUpBeforeItIsDecidedIsNotSent() {
        CompletableFuture<Reservation> reservation = new CompletableFuture<>();
        limiter.answering(() -> reservation);
        CompletableFuture<JsonNode> cancelled = send(call(1, "count", "{}"));
        CompletableFuture<JsonNode> dropped = send(call(2, "count", "{}"));
        transport.executeOperationWithoutResponse(new McpCancellationNotification(1L, "Timeout"));
        dropped.cancel(true);

        reservation.complete(limiter.grant());

        assertThat(code(cancelled)).isEqualTo("error");
        waitUntil(() -> transport.openCalls() == 0);
        assertThat(server.sentMethods()).containsExactly("notifications/cancelled");
        assertThat(limiter.settlements()).containsOnly(CallOutcome.UNSENT);
    }

    @Test
    void aCallWithoutAResponseHasItsEndOnRecordInTimeAlsoIfNothingElseHappens() {
        EnforcingMcpTransport alone = started(POLICY, limiter, builder -> builder.alarm(time));
        alone.executeOperationWithResponse(call(1, "count", "{}"));
        time.advance(Duration.ofMinutes(6));
        alone.executeOperationWithResponse(call(2, "count", "{}"));
        assertThat(time.alarms()).isEqualTo(1);

        time.advance(Duration.ofMinutes(4));
        assertSettledSoFar(CallOutcome.UNKNOWN);
        time.advance(Duration.ofMinutes(6));

        assertSettled(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(alone.openCalls()).isZero();
        assertThat(time.alarms()).isZero();
    }

    private void assertSettledSoFar(CallOutcome... settlements) {
        assertThat(limiter.settlements()).containsExactly(settlements);
    }

    // ---- what the client hears when something else is enforced

    private static final String CHANGED = "notifications/tools/list_changed";

    /** A client that notes how often it is told of other tools. */
    private EnforcingMcpTransport told(PolicyEngine engine, AtomicInteger times) {
        EnforcingMcpTransport wrapped = EnforcingMcpTransport.wrap(server, engine);
        wrapped.start(handler(pending, wrapped, times));
        return wrapped;
    }

    private static McpOperationHandler handler(
            Map<Long, CompletableFuture<JsonNode>> pending, McpTransport wrapped, AtomicInteger times) {
        return new McpOperationHandler(
                pending, List::of, wrapped, null, times::incrementAndGet, null, null, null, null, null, null, null);
    }

    private static Policy hiding(String tool) {
        return PolicyYaml.read("version: \"1\"\ndefault: allow\nhide: [" + tool + "]\n", "test")
                .orThrow();
    }

    @Test
    void theClientIsToldAsIfByItsServerWhenAnotherPolicyMayShowOtherToolsAndNotBeforeItIsInitialized() {
        PolicyEngine engine = PolicyEngine.builder(hiding("a")).build();
        AtomicInteger times = new AtomicInteger();
        EnforcingMcpTransport wrapped = told(engine, times);
        engine.update(hiding("b"));
        CompletableFuture<JsonNode> hello = wrapped.initialize(new McpInitializeRequest(0L));
        engine.update(hiding("c"));
        server.answer("{'protocolVersion': '2025-06-18', 'capabilities': {}}");
        hello.join();
        assertThat(times).hasValue(0);

        engine.update(hiding("d"));
        waitUntil(() -> times.get() == 1);

        // An equal policy is not a change; the next one comes after it.
        engine.update(hiding("d"));
        engine.update(hiding("e"));
        waitUntil(() -> times.get() == 2);
        assertThat(server.sent()).hasSize(1);
    }

    @Test
    void aClosedTransportIsForgottenByTheEngine() throws Exception {
        PolicyEngine engine = PolicyEngine.builder(hiding("a")).build();
        AtomicInteger times = new AtomicInteger();
        WeakReference<?> closed = closed(engine, times);

        waitUntil(() -> {
            System.gc();
            return closed.get() == null;
        });
        engine.update(hiding("b"));
        assertThat(times).hasValue(0);
    }

    private static WeakReference<?> closed(PolicyEngine engine, AtomicInteger times) throws IOException {
        ScriptedTransport bare = new ScriptedTransport();
        EnforcingMcpTransport wrapped = EnforcingMcpTransport.wrap(bare, engine);
        for (int i = 0; i < 2; i++) {
            wrapped.start(handler(new ConcurrentHashMap<>(), wrapped, times));
            CompletableFuture<JsonNode> hello = wrapped.initialize(new McpInitializeRequest(0L));
            bare.answer("{'protocolVersion': '2025-06-18', 'capabilities': {}}");
            hello.join();
        }
        wrapped.close();
        return new WeakReference<>(wrapped);
    }

    @Test
    void aPolicyThatLetsNoClientHearOfOtherToolsKeepsItFromTheClient() {
        PolicyEngine engine = PolicyEngine.builder(hiding("a")).build();
        AtomicInteger times = new AtomicInteger();
        EnforcingMcpTransport wrapped = told(engine, times);
        CompletableFuture<JsonNode> hello = wrapped.initialize(new McpInitializeRequest(0L));
        server.answer("{'protocolVersion': '2025-06-18', 'capabilities': {}}");
        hello.join();

        engine.update(PolicyYaml.read("version: \"1\"\ndefault: allow\nmethods: {" + CHANGED + ": deny}\n", "test")
                .orThrow());
        engine.update(hiding("b"));

        // It would have been told of the first before.
        waitUntil(() -> times.get() == 1);
        assertThat(times).hasValue(1);
    }

    @Test
    void aCallWithoutAResponseIsLostWithItsTransportOrWithTime() throws Exception {
        send(call(1, "count", "{}"));
        time.advance(Duration.ofMinutes(11));
        send(call(2, "count", "{}"));
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);

        transport.close();

        assertSettled(CallOutcome.UNKNOWN, CallOutcome.UNKNOWN);
        assertThat(send(call(3, "count", "{}"))).isCompletedExceptionally();
        assertThat(server.sent()).hasSize(2);
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void nothingStaysBehindAfterAHundredThousandCallsOfEveryEnding() {
        for (long id = 0; id < 100_000; id++) {
            send(call(id, id % 5 == 4 ? "delete" : "count", "{}"));
            switch ((int) (id % 5)) {
                case 0 -> server.answer("{'content': []}");
                case 1 -> server.receive("{'jsonrpc': '2.0', 'id': " + id + ", 'error': {'code': 1, 'message': 'x'}}");
                case 2 -> transport.executeOperationWithoutResponse(new McpCancellationNotification(id, "Timeout"));
                case 3 -> server.fail(new IOException("lost"));
                default -> {
                    // Denied, and over.
                }
            }
        }

        assertThat(transport.openCalls()).isZero();
        assertThat(limiter.reserved()).isEqualTo(80_000);
        assertThat(limiter.settledEachOnce()).isTrue();
    }

    // ---- the self-test

    @Test
    void theSelfTestPassesWhereCallsAreDecidedAndSendsNothing() {
        transport.selfTest();

        assertThat(server.sent()).isEmpty();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void theSelfTestFailsIfNoClientUsesTheTransportOrItIsClosed() throws Exception {
        EnforcingMcpTransport unused = EnforcingMcpTransport.wrap(
                server,
                PolicyEngine.builder(PolicyYaml.read(POLICY, "test").orThrow()).build());
        transport.close();

        assertThatThrownBy(unused::selfTest)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("client");
        assertThatThrownBy(transport::selfTest).isInstanceOf(IllegalStateException.class);
    }

    // ---- approvals

    private static final String ASKING = """
            version: "1"
            default: allow
            tools:
              pay:
                rules:
                  - name: person
                    action: require_approval
                  - name: small
                    conditions:
                      - {path: args.amount, op: lte, value: 100}
            """;

    private final CompletableFuture<ApprovalAnswer> person = new CompletableFuture<>();

    private EnforcingMcpTransport asking() {
        EnforcingMcpTransport wrapped = EnforcingMcpTransport.wrap(
                server,
                PolicyEngine.builder(PolicyYaml.read(ASKING, "test").orThrow())
                        .approvals(request -> person)
                        .build());
        wrapped.start(new McpOperationHandler(
                pending, List::of, wrapped, null, () -> {}, null, null, null, null, null, null, null));
        return wrapped;
    }

    @Test
    void whatAPersonApprovesInsteadIsWhatIsSent() {
        CompletableFuture<JsonNode> answer = asking().executeOperationWithResponse(call(1, "pay", "{'amount': 90}"));
        assertThat(server.sent()).isEmpty();

        person.complete(ApprovalAnswer.approved("ada", Arguments.freeze(Map.of("amount", 40), ValueLimits.DEFAULT)));
        whenSent(1);
        server.answer("{'content': []}");

        assertThat(server.last().get("params").get("arguments")).isEqualTo(object("{'amount': 40}"));
        assertThat(answer).succeedsWithin(PATIENCE);
    }

    @Test
    void aYesThatComesAfterTheClientGaveUpSendsNothing() {
        EnforcingMcpTransport asked = asking();
        CompletableFuture<JsonNode> answer = asked.executeOperationWithResponse(call(1, "pay", "{'amount': 90}"));

        asked.executeOperationWithoutResponse(new McpCancellationNotification(1L, "Timeout"));
        person.complete(ApprovalAnswer.approved("ada"));

        assertThat(answer).succeedsWithin(PATIENCE);
        assertThat(code(answer)).isEqualTo("error");
        assertThat(person).isCancelled();
        assertThat(server.sentMethods()).containsExactly("notifications/cancelled");
        assertThat(asked.openCalls()).isZero();
    }

    @Test
    void aYesThatComesWhileTheCancellationIsSentSendsNothingEither() {
        EnforcingMcpTransport asked = asking();
        CompletableFuture<JsonNode> answer = asked.executeOperationWithResponse(call(1, "pay", "{'amount': 90}"));
        server.beforeSending(() -> person.complete(ApprovalAnswer.approved("ada")));

        asked.executeOperationWithoutResponse(new McpCancellationNotification(1L, "Timeout"));

        assertThat(answer).succeedsWithin(PATIENCE);
        assertThat(server.sentMethods()).containsExactly("notifications/cancelled");
        assertThat(asked.openCalls()).isZero();
    }

    @Test
    void aCallThatWaitsForItsTicketSaysWhich() {
        person.complete(new ApprovalAnswer.Pending("t-1", Duration.ofMinutes(5)));

        JsonNode result = asking().executeOperationWithResponse(call(1, "pay", "{'amount': 90}"))
                .join()
                .get("result");

        assertThat(result.get("content").get(0).get("text").asText()).startsWith("[APPROVAL REQUIRED] ");
        assertThat(result.get("_meta").get(DenialText.META_KEY).get("ticket").asText())
                .isEqualTo("t-1");
        assertThat(server.sent()).isEmpty();
    }

    // ---- what fails is denied

    @Test
    void aLimiterThatFailsDenies() {
        limiter.answering(() -> CompletableFuture.failedFuture(new IllegalStateException("secret")));
        assertThat(code(send(call(1, "count", "{}")))).isIn("error", "limiter_unavailable");
        limiter.answering(() -> {
            throw new IllegalStateException("secret");
        });
        CompletableFuture<JsonNode> thrown = send(call(2, "count", "{}"));
        assertThat(code(thrown)).isIn("error", "limiter_unavailable");
        assertThat(thrown.join().toString()).doesNotContain("secret");
        limiter.answering(() -> CompletableFuture.completedFuture(null));
        assertThat(code(send(call(3, "count", "{}")))).isIn("error", "limiter_unavailable");
        assertThat(server.sent()).isEmpty();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void anErrorOfTheSignerOrTheLimiterDeniesAndIsAnswered() {
        for (Error error : List.of(
                new AssertionError("secret"), new NoClassDefFoundError("secret"), new StackOverflowError("secret"))) {
            limiter.answering(() -> {
                throw error;
            });
            CompletableFuture<JsonNode> counted = send(call(1, "count", "{}"));
            assertThat(code(counted)).isIn("error", "limiter_unavailable");
            EnforcingMcpTransport signing = started(POLICY, limiter, (call, invocation) -> {
                throw error;
            });
            CompletableFuture<JsonNode> signed = signing.executeOperationWithResponse(call(2, "free", "{}"));
            assertThat(code(signed)).isEqualTo("error");
            assertThat(signed.join().toString()).doesNotContain("secret");
            assertThat(signing.openCalls()).isZero();
        }
        assertThat(server.sent()).isEmpty();
        assertThat(transport.openCalls()).isZero();
    }

    @Test
    void aTicketIsGoodForTheSameMetadataOnly() {
        ApprovalTickets tickets = ApprovalTickets.create();
        EnforcingMcpTransport asked = EnforcingMcpTransport.wrap(
                server,
                PolicyEngine.builder(PolicyYaml.read(ASKING, "test").orThrow())
                        .approvals(tickets)
                        .build());
        asked.start(new McpOperationHandler(
                pending, List::of, asked, null, () -> {}, null, null, null, null, null, null, null));
        for (int i = 1; i <= 3; i++) {
            McpCallToolRequest call = call(i, "pay", "{'amount': 90}");
            call.getParams().setMeta(Map.of("progressToken", i, "x", i == 2 ? 2 : 1));
            CompletableFuture<JsonNode> answer = asked.executeOperationWithResponse(call);
            if (i < 3) {
                assertThat(answer.join().toString()).contains("[APPROVAL REQUIRED]");
                tickets.list().stream()
                        .filter(ticket -> ticket.request().parameters().json().contains("{\"x\":1}"))
                        .forEach(ticket -> tickets.approve(ticket.id(), "Ada"));
            }
        }
        assertThat(tickets.list()).hasSize(1);
        assertThat(server.sent()).hasSize(1);
    }

    @Test
    void theSignerTellsWhoCallsAndCannotChangeWhatIsCalled() {
        String grants = """
                version: "1"
                default: deny
                tools: {free: {}}
                grants:
                  alice: {tools: {free: {}}}
                """;
        transport(
                grants,
                (call, invocation) -> invocation == null ? call : call.by("" + invocation.chatMemoryId()),
                t -> {
                    InvocationContext alice =
                            InvocationContext.builder().chatMemoryId("alice").build();
                    t.executeOperationWithResponse(new McpCallContext(alice, call(1, "free", "{}")));
                    assertThat(server.sentMethods()).containsExactly("tools/call");
                    assertThat(code(t.executeOperationWithResponse(call(2, "free", "{}"))))
                            .isEqualTo("no_grant");
                });
        transport(
                POLICY,
                (call, invocation) -> ToolCall.of("other", Map.of()),
                t -> assertThat(code(t.executeOperationWithResponse(call(3, "free", "{}"))))
                        .isEqualTo("error"));
        transport(
                POLICY,
                (call, invocation) -> {
                    throw new IllegalStateException("secret");
                },
                t -> assertThat(code(t.executeOperationWithResponse(call(4, "free", "{}"))))
                        .isEqualTo("error"));
        assertThat(server.sent()).hasSize(1);
    }

    private void transport(String policy, CallContextResolver resolver, Consumer<EnforcingMcpTransport> use) {
        use.accept(started(policy, limiter, resolver));
    }
}
