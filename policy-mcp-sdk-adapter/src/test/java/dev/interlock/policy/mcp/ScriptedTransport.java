package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** A transport without a wire: keeps what is sent, and delivers what a test says the server sent. */
final class ScriptedTransport implements McpClientTransport {

    final List<JSONRPCMessage> sent = new ArrayList<>();
    final List<ContextView> contexts = new ArrayList<>();

    /** What the client was shown. */
    final List<JSONRPCMessage> shown = new ArrayList<>();

    boolean closed;
    boolean closedGracefully;

    @Nullable
    Consumer<Throwable> exceptionHandler;

    private Function<JSONRPCMessage, Mono<Void>> sending = message -> Mono.empty();

    @SuppressWarnings("NullAway.Init")
    private Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler;

    /** The handler that a client would connect with. */
    Mono<JSONRPCMessage> show(Mono<JSONRPCMessage> message) {
        return message.doOnNext(shown::add);
    }

    /** From now on, sending goes like this. */
    void onSend(Function<JSONRPCMessage, Mono<Void>> reaction) {
        sending = reaction;
    }

    /** The server sends. */
    void receive(JSONRPCMessage message) {
        receiving(message).block();
    }

    /** The server sends, once this is subscribed to. */
    Mono<Void> receiving(JSONRPCMessage message) {
        return Mono.defer(() -> handler.apply(Mono.just(message))).then();
    }

    void respond(Object id, Object result) {
        receive(JSONRPCResponse.result(id, result));
    }

    void respondError(Object id) {
        receive(JSONRPCResponse.error(id, new JSONRPCResponse.JSONRPCError(-32603, "broken")));
    }

    JSONRPCRequest sentRequest(int index) {
        return (JSONRPCRequest) sent.get(index);
    }

    JSONRPCResponse shownResponse(int index) {
        return (JSONRPCResponse) shown.get(index);
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> connected) {
        return Mono.fromRunnable(() -> handler = connected);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.deferContextual(context -> {
            sent.add(message);
            contexts.add(context);
            return sending.apply(message);
        });
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> consumer) {
        exceptionHandler = consumer;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(() -> closedGracefully = true);
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return McpJsonDefaults.getMapper().convertValue(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return List.of("1999-12-31");
    }
}
