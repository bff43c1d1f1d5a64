package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpCallToolParams;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpClientMethod;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import dev.langchain4j.mcp.protocol.McpSubscriptionsListenParams;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** What holds with LangChain4j 1.19. Each public method is run by {@code LaterLangChain4jTest}. */
@SuppressWarnings("FutureReturnValueIgnored") // answers are handed in through the transport
public final class ModernScenarios {

    private static final String FREE = "version: \"1\"\ndefault: allow\n";

    private static final String ONCE = """
            version: "1"
            default: allow
            tools:
              book:
                rules:
                  - rate_limit: {max: 1, window: 3600}
            """;

    private static final String ASKING = """
            version: "1"
            default: allow
            tools:
              book:
                rules:
                  - action: require_approval
            """;

    private final RecordedTransport server = new RecordedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final CountDownLatch listChanged = new CountDownLatch(1);
    private PolicyEngine engine;

    /** A transport that does nothing but keep what is asked of it. */
    private static final class RecordedTransport {
        private final List<Object> calls = new ArrayList<>();
        private final List<McpCallContext> sent = new ArrayList<>();
        private final List<CompletableFuture<JsonNode>> answers = new ArrayList<>();

        private final McpTransport transport = (McpTransport) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {McpTransport.class}, (proxy, method, arguments) -> {
                    calls.add(method.getName() + Arrays.toString(arguments == null ? new Object[0] : arguments));
                    if (method.getName().equals("executeOperationWithResponse")) {
                        sent.add((McpCallContext) arguments[0]);
                        answers.add(new CompletableFuture<>());
                        return answers.get(answers.size() - 1);
                    }
                    return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                });

        McpCallContext last() {
            return sent.get(sent.size() - 1);
        }

        McpCallToolParams lastParams() {
            return (McpCallToolParams) ((McpClientRequest) last().message()).getParams();
        }

        void answer(String result) {
            answers.get(answers.size() - 1)
                    .complete(ScriptedTransport.json(
                            "{'jsonrpc': '2.0', 'id': " + last().message().getId() + ", 'result': " + result + "}"));
        }
    }

    private EnforcingMcpTransport guard(String policy) {
        return guard(policy, engineBuilder -> engineBuilder.rateLimiter(limiter), settings -> settings);
    }

    private EnforcingMcpTransport guard(
            String policy,
            UnaryOperator<PolicyEngine.Builder> engineSettings,
            UnaryOperator<EnforcingMcpTransport.Builder> settings) {
        engine = engineSettings
                .apply(PolicyEngine.builder(PolicyYaml.read(policy, "test").orThrow()))
                .build();
        EnforcingMcpTransport guard = settings.apply(
                        EnforcingMcpTransport.builder(server.transport, engine).timeSource(new ManualTime()))
                .build();
        guard.start(new McpOperationHandler(
                new HashMap<>(),
                List::of,
                guard,
                null,
                listChanged::countDown,
                null,
                null,
                null,
                null,
                null,
                null,
                null));
        return guard;
    }

    private static ObjectNode object(String text) {
        return (ObjectNode) ScriptedTransport.json(text);
    }

    private static McpCallContext call(long id, String arguments, String state, Map<String, String> headers) {
        McpCallToolRequest request = new McpCallToolRequest(id, "book", object(arguments));
        McpCallToolParams params = (McpCallToolParams) request.getParams();
        if (state != null) {
            params.setRequestState(new TextNode(state));
        }
        params.setMeta(Map.of("io.modelcontextprotocol/protocolVersion", "2026-07-28", "progressToken", "p" + id));
        return new McpCallContext(null, request, headers);
    }

    private static McpCallContext call(long id, String state) {
        return call(id, "{'seat': 7}", state, null);
    }

    private static String code(CompletableFuture<JsonNode> answer) {
        return answer.join()
                .path("result")
                .path("_meta")
                .path(DenialText.META_KEY)
                .path("code")
                .asText();
    }

    /** Also those that a later version adds: then this finds them, or the guard must pass them on. */
    public void everyDefaultMethodIsPassedOn() throws ReflectiveOperationException {
        EnforcingMcpTransport guard = guard(FREE);
        List<String> defaults = new ArrayList<>();
        for (Method method : McpTransport.class.getMethods()) {
            if (!method.isDefault()) {
                continue;
            }
            defaults.add(method.getName());
            Object[] arguments = Arrays.stream(method.getParameterTypes())
                    .map(type -> type == boolean.class ? (Object) Boolean.TRUE : "2026-07-28")
                    .toArray();

            Object result = method.invoke(guard, arguments);

            assertThat(server.calls).as("%s", method).last().isEqualTo(method.getName() + Arrays.toString(arguments));
            assertThat(result).isEqualTo(method.getReturnType() == boolean.class ? Boolean.FALSE : null);
        }
        assertThat(defaults)
                .containsExactlyInAnyOrder(
                        "setModernProtocol", "setProtocolVersion", "requiresCancellationNotification");
    }

    public void whatATransportThrowsArrivesAsItIs() {
        McpTransport failing = (McpTransport) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {McpTransport.class}, (proxy, method, arguments) -> {
                    throw new IllegalStateException("no");
                });
        EnforcingMcpTransport guard = EnforcingMcpTransport.wrap(
                failing,
                PolicyEngine.builder(PolicyYaml.read(FREE, "test").orThrow()).build());

        assertThatThrownBy(() -> guard.setModernProtocol(true))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("no");
        assertThatThrownBy(() -> guard.setProtocolVersion("2026-07-28")).hasMessage("no");
        assertThatThrownBy(guard::requiresCancellationNotification).hasMessage("no");
    }

    public void theMessageItselfIsSentIfTheDecisionChangedNothing() {
        McpCallContext context = call(1, "{'seat': 7, 'note': null}", "s", Map.of("Seat", "7"));
        ((McpCallToolParams) ((McpClientRequest) context.message()).getParams()).setInputResponses(Map.of("a", 1));

        guard(FREE).executeOperationWithResponse(context);

        assertThat(server.last()).isSameAs(context);
    }

    public void aMessageThatIsChangedMeanwhileIsSentAsItWasDecided() {
        McpCallContext context = call(1, "{'seat': 7}", "s", Map.of("Seat", "7"));
        McpCallToolParams params = (McpCallToolParams) ((McpClientRequest) context.message()).getParams();
        params.setInputResponses(Map.of("a", Map.of("action", "accept")));
        // It is asked once the message has been read.
        CallContextResolver changing = (call, invocation) -> {
            params.getArguments().put("seat", 8);
            params.setRequestState(new TextNode("t"));
            params.setInputResponses(Map.of());
            params.setMeta(Map.of());
            return call;
        };

        guard(FREE, UnaryOperator.identity(), settings -> settings.callContext(changing))
                .executeOperationWithResponse(context);

        assertThat(ScriptedTransport.JSON.<JsonNode>valueToTree(server.lastParams()))
                .isEqualTo(object("{'name': 'book', 'arguments': {'seat': 7}, 'requestState': 's',"
                        + " 'inputResponses': {'a': {'action': 'accept'}},"
                        + " '_meta': {'io.modelcontextprotocol/protocolVersion': '2026-07-28',"
                        + " 'progressToken': 'p1'}}"));
        assertThat(server.last().mcpParamHeaders()).containsOnly(Map.entry("Seat", "7"));
    }

    public void aCallThatGoesOnIsChargedAndSettledOnce() {
        EnforcingMcpTransport guard = guard(ONCE, UnaryOperator.identity(), settings -> settings);

        CompletableFuture<JsonNode> first = guard.executeOperationWithResponse(call(1, null));
        server.answer("{'resultType': 'input_required', 'requestState': 's1'}");
        assertThat(first.join().path("result").path("requestState").asText()).isEqualTo("s1");
        CompletableFuture<JsonNode> second = guard.executeOperationWithResponse(call(2, "s1"));
        assertThat(server.lastParams().getRequestState().asText()).isEqualTo("s1");
        server.answer("{'resultType': 'input_required', 'requestState': 's2'}");
        CompletableFuture<JsonNode> third = guard.executeOperationWithResponse(call(3, "s2"));
        server.answer("{'resultType': 'complete', 'content': []}");

        assertThat(code(second)).isEmpty();
        assertThat(code(third)).isEmpty();
        assertThat(code(guard.executeOperationWithResponse(call(4, "s2"))))
                .as("a state is good once")
                .isEqualTo("limit");
        assertThat(code(guard.executeOperationWithResponse(call(5, null)))).isEqualTo("limit");
        assertThat(server.sent).hasSize(3);
    }

    public void aCallGoesOnOnlyWithTheStateAndTheArgumentsOfTheOneBefore() {
        EnforcingMcpTransport guard = guard(ONCE, UnaryOperator.identity(), settings -> settings);
        guard.executeOperationWithResponse(call(1, null));
        server.answer("{'resultType': 'input_required', 'requestState': 's1'}");

        assertThat(code(guard.executeOperationWithResponse(call(2, "other")))).isEqualTo("limit");
        assertThat(code(guard.executeOperationWithResponse(call(3, "{'seat': 8}", "s1", null))))
                .isEqualTo("limit");
        assertThat(guard.executeOperationWithResponse(call(4, "s1"))).isNotDone();
        assertThat(server.sent).hasSize(2);
    }

    public void aCallThatDoesNotGoOnEndsAsUnknownWhenTheTransportIsClosed() throws java.io.IOException {
        EnforcingMcpTransport guard = guard(ONCE);
        guard.executeOperationWithResponse(call(1, null));
        server.answer("{'resultType': 'input_required', 'requestState': 's1'}");
        assertThat(limiter.settlements()).isEmpty();

        guard.close();

        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    private static UnaryOperator<PolicyEngine.Builder> approving(Map<String, ?> arguments) {
        return settings -> settings.approvals(request -> CompletableFuture.completedFuture(
                ApprovalAnswer.approved("ada", Arguments.freeze(arguments, ValueLimits.DEFAULT))));
    }

    public void headersRepeatTheArgumentsThatAPersonHasApproved() {
        EnforcingMcpTransport guard =
                guard(ASKING, approving(Map.of("seat", 8, "place", Map.of("city", "Köln"))), settings -> settings);
        guard.executeOperationWithResponse(new McpListToolsRequest(1L, null));
        server.answer("{'tools': [{'name': 'book', 'inputSchema': {'type': 'object', 'properties': {"
                + "'seat': {'type': 'integer', 'x-mcp-header': 'Seat'}, 'gone': {'x-mcp-header': 'Gone'},"
                + "'place': {'properties': {'city': {'type': 'string', 'x-mcp-header': 'City'}}}}}}]}");

        guard.executeOperationWithResponse(call(2, "{'seat': 7, 'gone': 'x'}", null, Map.of("Seat", "7", "Gone", "x")));

        assertThat(server.lastParams().getArguments()).isEqualTo(object("{'seat': 8, 'place': {'city': 'Köln'}}"));
        assertThat(server.last().mcpParamHeaders()).isEqualTo(Map.of("Seat", "8", "City", "=?base64?S8O2bG4=?="));
    }

    public void withoutTheSchemaACallWhoseArgumentsAPersonHasChangedIsNotSent() {
        EnforcingMcpTransport guard = guard(ASKING, approving(Map.of("seat", 8)), settings -> settings);

        CompletableFuture<JsonNode> answer =
                guard.executeOperationWithResponse(call(1, "{'seat': 7}", null, Map.of("Seat", "7")));

        assertThat(answer).isCompletedExceptionally();
        assertThat(server.sent).isEmpty();
    }

    public void aCallThatIsCancelledIsCancelledBelow() {
        EnforcingMcpTransport guard = guard(ONCE);
        CompletableFuture<JsonNode> answer = guard.executeOperationWithResponse(call(1, null));

        answer.cancel(true);

        assertThat(server.answers.get(0)).isCancelled();
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    private static McpClientRequest listen(long id, String name, Object value) {
        McpClientRequest request = new McpClientRequest(id, McpClientMethod.SUBSCRIPTIONS_LISTEN);
        McpSubscriptionsListenParams params = new McpSubscriptionsListenParams();
        params.setNotifications(Map.of(name, value));
        request.setParams(params);
        return request;
    }

    public void aSubscriptionThatIsCancelledIsCancelledBelow() {
        CompletableFuture<JsonNode> answer =
                guard(FREE).executeOperationWithResponse(new McpCallContext(null, listen(1, "toolsListChanged", true)));

        answer.cancel(true);

        assertThat(server.answers.get(0)).isCancelled();
    }

    public void whoMayNotSubscribeToResourcesMayNotListenToThemEither() {
        EnforcingMcpTransport guard = guard(FREE + "methods: {resources/subscribe: deny}\n");

        CompletableFuture<JsonNode> refused = guard.executeOperationWithResponse(
                new McpCallContext(null, listen(1, "resourceSubscriptions", List.of("file:///x"))));
        guard.executeOperationWithResponse(new McpCallContext(null, listen(2, "toolsListChanged", true)));

        assertThatThrownBy(refused::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(McpException.class);
        assertThat(server.sent).hasSize(1);
    }

    public void aClientThatHasDiscoveredItsServerIsToldOfANewPolicy() throws InterruptedException {
        EnforcingMcpTransport guard = guard(FREE);
        McpClientRequest discover = new McpClientRequest(1L, McpClientMethod.SERVER_DISCOVER);
        guard.executeOperationWithResponse(new McpCallContext(null, discover));
        server.answer("{'supportedVersions': ['2026-07-28']}");

        engine.update(PolicyYaml.read(ONCE, "test").orThrow());

        assertThat(listChanged.await(5, TimeUnit.MINUTES)).isTrue();
    }

    /** Otherwise nothing here would show anything. */
    public void theStandInsAreInTheWay() {
        assertThat(ModernProtocol.isKnown()).isTrue();
        assertThat(McpCallContext.class.getRecordComponents()).hasSize(3);
        assertThat(guard(FREE).requiresCancellationNotification()).isFalse();
    }
}
