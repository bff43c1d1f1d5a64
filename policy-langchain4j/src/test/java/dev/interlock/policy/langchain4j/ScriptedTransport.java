package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Keeps what is sent, as it would be written, and answers when it is told to. */
final class ScriptedTransport implements McpTransport {

    static final ObjectMapper JSON = new ObjectMapper();

    private final List<JsonNode> sent = Collections.synchronizedList(new ArrayList<>());
    private final List<CompletableFuture<JsonNode>> awaited = new ArrayList<>();
    private @Nullable McpOperationHandler handler;
    private @Nullable RuntimeException refusal;
    private Runnable beforeSending = () -> {};

    /** From now on sending throws this. */
    void refuse(RuntimeException failure) {
        refusal = failure;
    }

    /** From now on this happens before anything is sent. */
    void beforeSending(Runnable event) {
        beforeSending = event;
    }

    List<JsonNode> sent() {
        return List.of(sent.toArray(JsonNode[]::new));
    }

    List<String> sentMethods() {
        return sent().stream().map(message -> message.path("method").asText()).toList();
    }

    JsonNode last() {
        return sent.get(sent.size() - 1);
    }

    /** The server sends this, in which single quotes stand for double ones. */
    void receive(String message) {
        handler.handle(json(message));
    }

    /** The server answers the last request with this result. */
    void answer(String result) {
        receive("{'jsonrpc': '2.0', 'id': " + last().get("id") + ", 'result': " + result + "}");
    }

    /** The last request ends without a response. */
    void fail(Throwable failure) {
        awaited.get(awaited.size() - 1).completeExceptionally(failure);
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public void start(McpOperationHandler messageHandler) {
        handler = messageHandler;
    }

    @Override
    public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
        return executeOperationWithResponse(request);
    }

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request) {
        return executeOperationWithResponse(new McpCallContext(null, request));
    }

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
        CompletableFuture<JsonNode> response = new CompletableFuture<>();
        send(context);
        awaited.add(response);
        handler.startOperation(context.message().getId(), response);
        return response;
    }

    @Override
    public void executeOperationWithoutResponse(McpClientMessage request) {
        executeOperationWithoutResponse(new McpCallContext(null, request));
    }

    @Override
    public void executeOperationWithoutResponse(McpCallContext context) {
        send(context);
    }

    private void send(McpCallContext context) {
        beforeSending.run();
        if (refusal != null) {
            throw refusal;
        }
        try {
            sent.add(JSON.readTree(JSON.writeValueAsString(context.message())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void checkHealth() {
        // It is always well.
    }

    @Override
    public void onFailure(Runnable actionOnFailure) {
        // It never fails.
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
