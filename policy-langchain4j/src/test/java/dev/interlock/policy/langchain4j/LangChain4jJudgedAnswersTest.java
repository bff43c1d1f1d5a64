package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.client.McpRoot;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpCancellationNotification;
import dev.langchain4j.mcp.protocol.McpListToolsRequest;
import dev.langchain4j.mcp.protocol.McpReadResourceRequest;
import dev.langchain4j.mcp.protocol.McpRootsListResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Answers that are judged on LangChain4j's transport, also those of the client to what the server asks. */
class LangChain4jJudgedAnswersTest {

    private static final String RESULTS = """
            tools:
              read:
                limits: [{counter: n, window: hour, max: 10, charge: success}]
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
              fetch:
                limits: [{counter: n, window: hour, max: 10, charge: success}]
                results:
                  - deny_if: [{path: result.text, op: contains, value: SECRET}]
                    on_deny: It holds a key.
              browse: {marks: [untrusted]}
              send:
                deny_if: [{path: session.untrusted, op: exists, value: true}]
            methods:
              resources/read:
                results:
                  - deny_if: [{path: result.is_error, op: eq, value: true}]
                  - redact: [{pattern: "SECRET-[0-9]+"}]
              roots/list:
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
            """;

    private final ScriptedTransport server = new ScriptedTransport();
    private final RecordingLimiter limiter = new RecordingLimiter();
    private final EnforcingMcpTransport transport = EnforcingMcpTransport.builder(
                    server,
                    PolicyEngine.builder(PolicyYaml.read("version: \"1\"\n" + RESULTS, "test")
                                    .orThrow())
                            .rateLimiter(limiter)
                            .build())
            .identity("ada")
            .build();
    private final List<JsonNode> asked = new ArrayList<>();
    private long ids;

    LangChain4jJudgedAnswersTest() {
        transport.start(
                new McpOperationHandler(
                        new ConcurrentHashMap<>(),
                        List::of,
                        transport,
                        null,
                        () -> {},
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null) {
                    @Override
                    public void handle(JsonNode message) {
                        if (message.has("method")) {
                            asked.add(message);
                        } else {
                            super.handle(message);
                        }
                    }
                });
        // What is redacted is compared with a tool's output schema, so tools are listed before they are called.
        CompletableFuture<JsonNode> list = transport.executeOperationWithResponse(new McpListToolsRequest(++ids, null));
        server.answer("{'tools': ["
                + Stream.of("read", "fetch", "browse", "send", "other")
                        .map(name -> "{'name': '" + name + "', 'inputSchema': {'type': 'object'}}")
                        .collect(Collectors.joining(", "))
                + "]}");
        assertThat(list).isCompleted();
    }

    private CompletableFuture<JsonNode> call(String tool) {
        return transport.executeOperationWithResponse(
                new McpCallToolRequest(++ids, tool, JsonNodeFactory.instance.objectNode()));
    }

    /** The server answers the last request with this response, but for its id. */
    private void respond(String members) {
        server.receive("{'jsonrpc': '2.0', 'id': " + server.last().get("id") + ", " + members + "}");
    }

    private static JsonNode seen(CompletableFuture<JsonNode> answer) {
        assertThat(answer).isCompleted();
        return answer.join();
    }

    @Test
    void whatIsRedactedNeverReachesTheClient() {
        CompletableFuture<JsonNode> answer = call("read");
        respond("'extra': 'SECRET-4', 'result': {'content': [{'type': 'text', 'text': 'key SECRET-1'}],"
                + " 'structuredContent': {'keys': ['SECRET-2', 3.50]}, '_meta': {'k': 'SECRET-3'}}");

        JsonNode seen = seen(answer);

        assertThat(seen.toString()).doesNotContain("SECRET");
        assertThat(seen.get("id").asLong()).isEqualTo(ids);
        assertThat(seen.at("/result/content/0/text").asText()).isEqualTo("key [redacted]");
        assertThat(seen.at("/result/structuredContent/keys").toString()).isEqualTo("[\"[redacted]\",3.5]");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void theSameObjectPassesIfNothingJudgesIt() {
        CompletableFuture<JsonNode> answer = call("other");
        respond("'extra': 1, 'result': {'content': [{'type': 'text', 'text': 'SECRET-1'}]}");

        assertThat(seen(answer).toString()).contains("SECRET-1", "extra");
    }

    @Test
    void aWithheldResultIsAToolResultThatSaysSo() {
        CompletableFuture<JsonNode> answer = call("fetch");
        respond("'result': {'content': [{'type': 'text', 'text': 'SECRET-1'}]}");

        assertThat(seen(answer).at("/result/isError").asBoolean()).isTrue();
        assertThat(seen(answer).at("/result/content/0/text").asText()).startsWith("[RESULT WITHHELD] It holds a key.");
        assertThat(seen(answer).toString()).doesNotContain("SECRET");
        assertThat(limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
    }

    @Test
    void errorsAreJudgedLikeResults() {
        CompletableFuture<JsonNode> redacted = call("read");
        respond("'error': {'code': -7, 'message': 'no SECRET-1', 'data': ['SECRET-2'], 'more': 'SECRET-3'}");
        CompletableFuture<JsonNode> withheld = call("fetch");
        respond("'error': {'code': -7, 'message': 'no SECRET-1'}");
        CompletableFuture<JsonNode> strange = call("read");
        respond("'error': 'SECRET-1'");

        assertThat(seen(redacted).get("error").toString())
                .isEqualTo("{\"code\":-7,\"message\":\"no [redacted]\",\"data\":[\"[redacted]\"]}");
        assertThat(seen(withheld).at("/result/content/0/text").asText()).startsWith("[RESULT WITHHELD] ");
        assertThat(seen(strange).toString()).doesNotContain("SECRET");
        assertThat(limiter.settlements())
                .containsExactly(CallOutcome.FAILED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);
    }

    @Test
    void aResultIsJudgedThoughThereIsAnErrorBesideIt() {
        CompletableFuture<JsonNode> answer = call("fetch");
        respond("'error': {'code': 1, 'message': 'x'}, 'result': {'content': [{'type': 'text', 'text': 'SECRET'}]}");

        assertThat(seen(answer).toString()).contains("[RESULT WITHHELD]").doesNotContain("\"SECRET");
    }

    @Test
    void theAnswersToOtherRequestsAreJudgedAlike() {
        CompletableFuture<JsonNode> read =
                transport.executeOperationWithResponse(new McpReadResourceRequest(++ids, "file:///x"));
        respond("'result': {'contents': [{'uri': 'file:///x', 'text': 'SECRET-1'}]}");
        CompletableFuture<JsonNode> failed =
                transport.executeOperationWithResponse(new McpReadResourceRequest(++ids, "file:///y"));
        respond("'error': {'code': 1, 'message': 'SECRET-1'}");

        assertThat(seen(read).at("/result/contents/0/text").asText()).isEqualTo("[redacted]");
        assertThatThrownBy(failed::join)
                .rootCause()
                .isInstanceOf(McpException.class)
                .hasMessageContaining("[RESULT WITHHELD] ");
    }

    @Test
    void marksAreThereWhenTheClientSeesTheAnswer() {
        CompletableFuture<JsonNode> page = call("browse");
        CompletableFuture<JsonNode> denied = page.thenCompose(seen -> call("send"));
        respond("'result': {'content': []}");

        assertThat(seen(denied).toString()).contains("[POLICY DENIED] ");
    }

    @Test
    void aCallThatTheClientGivesUpSetsItsMarksAndShowsNothing() {
        CompletableFuture<JsonNode> page = call("browse");
        transport.executeOperationWithoutResponse(new McpCancellationNotification(ids, "too slow"));
        page.cancel(false);
        respond("'result': {'content': [{'type': 'text', 'text': 'SECRET-1'}]}");

        assertThat(page).isCancelled();
        assertThat(seen(call("send")).toString()).contains("[POLICY DENIED] ");
    }

    @Test
    void whatTheClientAnswersToTheServerIsJudged() {
        server.receive("{'jsonrpc': '2.0', 'id': 7, 'method': 'roots/list'}");
        assertThat(asked).hasSize(1);
        transport.executeOperationWithoutResponse(roots(7));
        transport.executeOperationWithoutResponse(roots(7));

        assertThat(server.sent().get(1).toString()).contains("[redacted]").doesNotContain("SECRET");
        assertThat(server.last().get("error").toString()).contains("[RESULT WITHHELD] ");
    }

    private static McpRootsListResponse roots(long id) {
        return new McpRootsListResponse(id, List.of(new McpRoot("SECRET-1", "file:///x")));
    }
}
