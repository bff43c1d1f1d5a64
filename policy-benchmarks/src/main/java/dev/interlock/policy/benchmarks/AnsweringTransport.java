package dev.interlock.policy.benchmarks;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** Answers every request at once, on the thread that sends it, so that only the client and its wrapper are measured. */
final class AnsweringTransport implements McpClientTransport {

    private static final Map<String, Object> INITIALIZED = Map.of(
            "protocolVersion",
            "2025-06-18",
            "capabilities",
            Map.of("tools", Map.of()),
            "serverInfo",
            Map.of("name", "refunds", "version", "1"));

    private static final Map<String, Object> TOOLS =
            Map.of("tools", List.of(Map.of("name", Refunds.TOOL, "inputSchema", Map.of("type", "object"))));

    private static final Map<String, Object> DONE =
            Map.of("content", List.of(Map.of("type", "text", "text", "done")), "isError", false);

    private final McpJsonMapper json = McpJsonDefaults.getMapper();
    private volatile Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> client = message -> message;

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(() -> client = handler);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        if (!(message instanceof JSONRPCRequest request)) {
            return Mono.empty();
        }
        return Mono.defer(() -> client.apply(Mono.just(JSONRPCResponse.result(request.id(), answer(request.method()))))
                .then());
    }

    private static Map<String, Object> answer(String method) {
        return switch (method) {
            case McpSchema.METHOD_INITIALIZE -> INITIALIZED;
            case McpSchema.METHOD_TOOLS_LIST -> TOOLS;
            case McpSchema.METHOD_TOOLS_CALL -> DONE;
            default -> Map.of();
        };
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return json.convertValue(data, type);
    }
}
