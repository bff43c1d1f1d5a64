package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Passes a response on only when the request has been handed over in full, which is when subscribing returns.
 *
 * <p>A synchronous tool runs on another thread. If it throws while the thread that started it is still subscribing,
 * that thread lets Reactor cancel the tool's task, which interrupts the tool's thread. By then the tool's thread would
 * be sending the response, and a socket closes when an interrupted thread writes to it, for all calls of the session.
 * So when the response comes too early, the thread that started the tool passes it on.
 *
 * @param server answers the request
 */
record DeferredExchange(Exchange server) implements Exchange {

    @Override
    public Mono<JSONRPCResponse> send(JSONRPCRequest request) {
        return Mono.create(sink -> {
            AtomicReference<@Nullable Runnable> first = new AtomicReference<>();
            sink.onCancel(server.send(request)
                    .singleOptional() // one signal, not a value followed by an end
                    .contextWrite(sink.contextView())
                    .subscribe(
                            response -> pass(first, () -> sink.success(response.orElse(null))),
                            failure -> pass(first, () -> sink.error(failure))));
            Runnable early = first.getAndSet(DeferredExchange::handedOver);
            if (early != null) {
                early.run();
            }
        });
    }

    private static void pass(AtomicReference<@Nullable Runnable> first, Runnable response) {
        if (!first.compareAndSet(null, response)) {
            response.run();
        }
    }

    /** Marks that the request is handed over. It takes the place that an early response would have. */
    private static void handedOver() {}
}
