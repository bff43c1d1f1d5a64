package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Passes a response on only when the request has been handed over in full, which is when subscribing returns.
 *
 * <p>A synchronous tool runs on a thread of its own. If it throws before the thread that started it is done with that,
 * Reactor cancels the tool's task from there, and so interrupts its thread. That thread would be sending the response by
 * then, and a socket that is written to by an interrupted thread is closed, for all calls of the session. Where the two
 * meet, the thread that started the tool goes on with the response.
 *
 * @param server what answers
 */
record DeferredExchange(Exchange server) implements Exchange {

    @Override
    public Mono<JSONRPCResponse> send(JSONRPCRequest request) {
        return Mono.create(sink -> {
            AtomicReference<@Nullable Runnable> first = new AtomicReference<>();
            sink.onCancel(server.send(request)
                    .singleOptional() // so that there is one signal, and not a value and then an end
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

    /** Only stands where a response that came too soon would. */
    private static void handedOver() {}
}
