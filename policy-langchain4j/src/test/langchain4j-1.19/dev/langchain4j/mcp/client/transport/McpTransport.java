package dev.langchain4j.mcp.client.transport;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import java.io.Closeable;
import java.util.concurrent.CompletableFuture;

/** Stands in for the interface of LangChain4j 1.19, with the same methods. */
public interface McpTransport extends Closeable {

    void start(McpOperationHandler messageHandler);

    CompletableFuture<JsonNode> initialize(McpInitializeRequest request);

    CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request);

    CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context);

    void executeOperationWithoutResponse(McpClientMessage request);

    void executeOperationWithoutResponse(McpCallContext context);

    void checkHealth();

    void onFailure(Runnable actionOnFailure);

    default void setModernProtocol(boolean modernProtocol) {}

    default void setProtocolVersion(String protocolVersion) {}

    default boolean requiresCancellationNotification() {
        return true;
    }
}
