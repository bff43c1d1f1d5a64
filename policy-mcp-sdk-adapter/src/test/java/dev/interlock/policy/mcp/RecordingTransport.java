package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Remembers what goes out through another transport from senders who say who they are: in which order, in whose
 * context, and how much of it at once.
 */
final class RecordingTransport extends ForwardingTransport<McpClientTransport> implements McpClientTransport {

    /** The key in the Reactor context under which they do. */
    static final String SENDER = "sender";

    private final AtomicInteger sending = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    private final List<String> requests = new CopyOnWriteArrayList<>();

    RecordingTransport(McpClientTransport transport) {
        super(transport);
    }

    /** The requests that were sent: {@code id by sender}. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** How many messages were being sent at once at most. */
    int mostAtOnce() {
        return mostAtOnce.get();
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.deferContextual(context -> {
            Mono<Void> sent = transport.sendMessage(message);
            if (!context.hasKey(SENDER)) {
                return sent;
            }
            if (message instanceof JSONRPCRequest request) {
                requests.add(request.id() + " by " + context.get(SENDER));
            }
            mostAtOnce.accumulateAndGet(sending.incrementAndGet(), Math::max);
            return sent.doOnTerminate(sending::decrementAndGet);
        });
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return transport.connect(handler);
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        transport.setExceptionHandler(handler);
    }
}
