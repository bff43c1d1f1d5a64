package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializationNotification;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Hands JSON texts to a server of the SDK in this process, and back, each way on a thread of its own. */
final class InMemoryTransport implements McpTransport {

    private final McpJsonMapper json = McpJsonDefaults.getMapper();
    private final ExecutorService toServer = Executors.newSingleThreadExecutor();
    private final ExecutorService toClient = Executors.newSingleThreadExecutor();

    private volatile McpServerSession.@Nullable Factory factory;
    private volatile @Nullable McpServerSession session;
    private volatile @Nullable McpOperationHandler handler;

    /** What the server is built on. */
    McpServerTransportProvider server() {
        return new ServerEnd();
    }

    @Override
    public void start(McpOperationHandler messageHandler) {
        handler = messageHandler;
        session = factory.create(new ServerSide());
    }

    @Override
    public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
        return executeOperationWithResponse(request).thenApply(response -> {
            executeOperationWithoutResponse(new McpInitializationNotification());
            return response;
        });
    }

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request) {
        return executeOperationWithResponse(new McpCallContext(null, request));
    }

    @Override
    public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
        CompletableFuture<JsonNode> response = new CompletableFuture<>();
        handler.startOperation(context.message().getId(), response);
        send(context.message());
        return response;
    }

    @Override
    public void executeOperationWithoutResponse(McpClientMessage request) {
        send(request);
    }

    @Override
    public void executeOperationWithoutResponse(McpCallContext context) {
        send(context.message());
    }

    private void send(McpClientMessage message) {
        try {
            String text = ScriptedTransport.JSON.writeValueAsString(message);
            toServer.execute(() -> session.handle(read(text)).subscribe());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private JSONRPCMessage read(String text) {
        try {
            return McpSchema.deserializeJsonRpcMessage(json, text);
        } catch (IOException e) {
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
        toServer.shutdownNow();
        toClient.shutdownNow();
    }

    private final class ServerSide implements McpServerTransport {

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.fromCallable(() -> json.writeValueAsString(message))
                    .doOnNext(text -> toClient.execute(() -> handler.handle(tree(text))))
                    .then();
        }

        private static JsonNode tree(String text) {
            try {
                return ScriptedTransport.JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return json.convertValue(data, type);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private final class ServerEnd implements McpServerTransportProvider {

        @Override
        public void setSessionFactory(McpServerSession.Factory sessionFactory) {
            factory = sessionFactory;
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            McpServerSession open = session;
            return open == null ? Mono.empty() : open.sendNotification(method, params);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }
}
