package dev.interlock.policy.cli;

import dev.interlock.policy.mcp.Definitions;
import dev.interlock.policy.tool.ToolDefinition;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Notes the tools that go by as the server sent them. The client's own types leave out what they don't know, and an
 * enforcing transport, which reads what the server sent, would then find other definitions than were pinned.
 */
final class ListeningTransport implements McpClientTransport {

    private final McpClientTransport delegate;
    private final List<ToolDefinition> definitions = new ArrayList<>();

    ListeningTransport(McpClientTransport delegate) {
        this.delegate = delegate;
    }

    /** What has gone by until now. */
    synchronized List<ToolDefinition> definitions() {
        return List.copyOf(definitions);
    }

    private synchronized void note(JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response
                && response.result() instanceof Map<?, ?> result
                && result.get("tools") instanceof List<?> tools) {
            for (Object tool : tools) {
                ToolDefinition definition = Definitions.read(tool);
                if (definition != null) {
                    definitions.add(definition);
                }
            }
        }
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return delegate.connect(messages -> handler.apply(messages.doOnNext(this::note)));
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        delegate.setExceptionHandler(handler);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return delegate.sendMessage(message);
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return delegate.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return delegate.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return delegate.closeGracefully();
    }
}
