package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializationNotification;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import dev.langchain4j.mcp.protocol.McpPingRequest;
import dev.langchain4j.mcp.protocol.McpReadResourceRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods, notifications and embedded requests that pass LangChain4j's transport. */
class LangChain4jMethodsTest {

    private static final String POLICY = """
            version: "1"
            methods:
              "elicitation/*": deny
              resources/read:
                require: [{path: params.uri, op: starts_with, value: "file:///app/"}]
              notifications/message:
                deny_if: [{path: params.level, op: eq, value: debug}]
              "resources/templates/*": deny
              notifications/tools/list_changed: deny
              notifications/initialized: deny
            tools:
              ask:
                rules:
                  - rate_limit: {max: 10, window: 60}
              form:
                rounds: 0
                rules:
                  - rate_limit: {max: 10, window: 60}
            """;

    private static final String ELICIT = "{'method': 'elicitation/create', 'params': {}}";

    private final ScriptedTransport server = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final List<String> denials = new CopyOnWriteArrayList<>();
    private final List<JsonNode> heard = new CopyOnWriteArrayList<>();
    private final EnforcingMcpTransport transport = started();

    private EnforcingMcpTransport started() {
        EnforcingMcpTransport wrapped = EnforcingMcpTransport.wrap(
                server,
                PolicyEngine.builder(PolicyYaml.read(POLICY, "test").orThrow())
                        .rateLimiter(limiter)
                        .audit(this::note)
                        .build());
        Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
        wrapped.start(
                new McpOperationHandler(
                        pending, List::of, wrapped, null, () -> {}, null, null, null, null, null, null, null) {
                    @Override
                    public void handle(JsonNode message) {
                        heard.add(message);
                        super.handle(message);
                    }
                });
        return wrapped;
    }

    private void note(AuditEvent event) {
        if (event instanceof AuditEvent.MethodDecided decided
                && !decided.decision().allowed()) {
            denials.add(decided.request().method());
        }
    }

    private CompletableFuture<JsonNode> answered(McpClientMessage request, String result) {
        CompletableFuture<JsonNode> answer = transport.executeOperationWithResponse(request);
        server.answer(result);
        return answer;
    }

    @Test
    void parametersAreReadInBothDirections() {
        CompletableFuture<JsonNode> refused =
                transport.executeOperationWithResponse(new McpReadResourceRequest(7L, "file:///etc/passwd"));
        assertThat(refused).isCompletedExceptionally();
        assertThat(denials).containsExactly("resources/read");

        assertThat(answered(new McpReadResourceRequest(8L, "file:///app/x"), "{'contents': []}"))
                .isCompleted();
        heard.clear();
        server.receive("{'jsonrpc': '2.0', 'method': 'notifications/message', 'params': {'level': 'debug'}}");
        server.receive("{'jsonrpc': '2.0', 'method': 'notifications/message', 'params': {'level': 'error'}}");
        assertThat(heard).hasSize(1);
        assertThat(denials).containsExactly("resources/read", "notifications/message");
    }

    private static McpCallToolRequest call() {
        return new McpCallToolRequest(1L, "ask", (ObjectNode) ScriptedTransport.json("{}"));
    }

    private static void assertDenied(JsonNode answer) {
        assertDenied(answer, "method");
    }

    private static void assertDenied(JsonNode answer, String code) {
        JsonNode result = answer.get("result");
        assertThat(result.get("isError").asBoolean()).isTrue();
        assertThat(result.get("resultType").asText()).isEqualTo("complete");
        assertThat(result.get("content").get(0).get("text").asText()).startsWith("[POLICY DENIED] ");
        assertThat(result.get("_meta").get("dev.interlock/decision").get("code").asText())
                .isEqualTo(code);
        assertThat(answer.has("error")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'jsonrpc': '2.0', 'method': 'notifications/tools/list_changed'}",
                "{'jsonrpc': '2.0', 'method': 'Notifications/Progress'}",
                "{'jsonrpc': '2.0', 'method': 'notifications/message\\u00a0', 'params': {}}",
                "{'jsonrpc': '2.0', 'method': 'tools/call'}",
                "{'jsonrpc': '2.0', 'method': ''}",
                "{'jsonrpc': '2.0', 'method': 'notifications/tasks', 'params': {'inputRequests': {'e': "
                        + ELICIT
                        + "}}}",
                "{'jsonrpc': '2.0', 'method': 'notifications/tasks', 'params': {'task': {'inputRequests': {'e': "
                        + ELICIT
                        + "}}}}"
            })
    void aNotificationOfTheServersThatIsDeniedOrInDisguiseIsDroppedAndOnRecord(String message) {
        server.receive(message);

        assertThat(heard).isEmpty();
        assertThat(denials).hasSize(1);
    }

    @Test
    void otherNotificationsOfTheServersPass() {
        server.receive("{'jsonrpc': '2.0', 'method': 'notifications/message', 'params': {'level': 'info'}}");

        assertThat(heard).hasSize(1);
        assertThat(denials).isEmpty();
    }

    @Test
    void aDeniedNotificationOfTheClientsIsDroppedAndOnRecord() {
        transport.executeOperationWithoutResponse(new McpInitializationNotification());

        assertThat(server.sent()).isEmpty();
        assertThat(denials).containsExactly("notifications/initialized");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Elicitation.Create",
                "tools%2Fcall",
                "Elicitation/Create",
                "ping ",
                "ro\\u043Ets/list",
                "\\ufeffroots/list",
                "tools\\u2215call"
            })
    void aRequestOfTheServersInDisguiseIsRefused(String method) {
        server.receive("{'jsonrpc': '2.0', 'id': 7, 'method': '" + method + "'}");

        assertThat(heard).isEmpty();
        assertThat(server.last().get("error").get("message").asText()).startsWith("[POLICY DENIED] ");
        assertThat(denials).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'resultType': 'input_required', 'inputRequests': {'e': " + ELICIT + "}, 'requestState': 's'}",
                "{'inputRequests': {'s': {'method': 'sampling/createMessage'}, 'e': " + ELICIT + "}, 'content': []}",
                "{'inputrequests': {'e': " + ELICIT + "}}",
                "{'input_requests': {'e': " + ELICIT + "}}",
                "{'task': {'inputRequests': {'e': " + ELICIT + "}}}",
                "{'tasks': [{'inputRequests': {'e': " + ELICIT + "}}]}",
                "{'result': {'task': {'inputRequests': {'e': " + ELICIT + "}}}}",
                "{'inputRequests': [" + ELICIT + "]}",
                "{'inputRequests': {'e': {'method': 'elicitation/create', 'Method': 'roots/list'}}}",
                "{'inputRequests': {'e': {'method': 'tools/call'}}}",
                "{'inputRequests': {'e': 1}}",
                "{'inputRequests': {'e': null}}",
                "{'inputRequests': 1}"
            })
    void aCallWhoseAnswerAsksForWhatIsDeniedEndsAsDeniedWithAnUnknownOutcome(String result) {
        assertDenied(answered(call(), result).join());
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
        assertThat(denials).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'code': -32042, 'message': 'm', 'data': {'elicitations': []}}",
                "{'code': -32042.0}",
                "{'code': -32603, 'data': {'elicitation': {'mode': 'url'}}}",
                "{'code': -32603, 'data': [{'inputRequests': {'e': {'method': 'elicitation/create'}}}]}"
            })
    void anAnswerThatWantsAUrlOpenedIsAnElicitation(String error) {
        CompletableFuture<JsonNode> answer = transport.executeOperationWithResponse(call());
        server.receive("{'jsonrpc': '2.0', 'id': 1, 'error': " + error + "}");

        assertDenied(answer.join());
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'resultType': 'input_required', 'inputRequests': {'r': {'method': 'roots/list'}}}",
                "{'resultType': 'input_required', 'requestState': 's'}",
                "{'content': [], 'inputrequests': {}}"
            })
    void aServerThatMayNotAskEndsTheCallAsDenied(String result) {
        McpCallToolRequest form = new McpCallToolRequest(1L, "form", (ObjectNode) ScriptedTransport.json("{}"));

        assertDenied(answered(form, result).join(), "rounds");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
    }

    @Test
    void anAnswerThatAsksForWhatIsAllowedPassesAsItIs() {
        String result = "{'resultType': 'input_required', 'inputRequests': {'r': {'method': 'roots/list'}}}";

        assertThat(answered(call(), result).join().get("result")).isEqualTo(ScriptedTransport.json(result));
        assertThat(denials).isEmpty();
    }

    @Test
    void theAnswerToAnotherRequestFails() {
        String result = "{'tools': [], 'inputRequests': {'e': " + ELICIT + "}}";
        List<McpClientMessage> requests = List.of(
                new McpReadResourceRequest(2L, "file:///app/x"),
                new McpListToolsRequest(3L, null),
                new McpPingRequest(4L));
        for (McpClientMessage request : requests) {
            assertThatThrownBy(() -> answered(request, result).join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(McpException.class)
                    .hasMessageContaining("[POLICY DENIED] ");
        }
        CompletableFuture<JsonNode> initialized = transport.initialize(new McpInitializeRequest(0L));
        server.answer(result);
        assertThatThrownBy(initialized::join).hasCauseInstanceOf(McpException.class);
        assertThat(denials).hasSize(4);
    }
}
