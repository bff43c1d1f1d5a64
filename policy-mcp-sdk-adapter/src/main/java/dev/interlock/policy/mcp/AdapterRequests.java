package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.PendingCalls;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Sends the adapter's own requests to a server over a transport that the agent uses as well. Their ids tell them apart.
 *
 * @param sending sends a message
 * @param pending where the requests await their responses
 */
record AdapterRequests(Function<JSONRPCMessage, Mono<Void>> sending, PendingCalls<PendingRequest> pending)
        implements Exchange {

    static final String ID_PREFIX = "dev.interlock/";

    /**
     * A unique request id. Not from a secure source: that may block, and no attacker gains anything by guessing the id.
     */
    static String newId() {
        return ID_PREFIX + Long.toHexString(ThreadLocalRandom.current().nextLong());
    }

    /**
     * Whether this is the id of one of our own requests. Its response is never for the agent, however late it arrives.
     */
    static boolean isOurs(Object id) {
        return id instanceof String text && text.startsWith(ID_PREFIX);
    }

    @Override
    public Mono<JSONRPCResponse> send(JSONRPCRequest request) {
        return Mono.create(sink -> {
            PendingRequest awaited = new PendingRequest.Own(sink);
            PendingCalls.Addition addition = pending.add(request.id(), awaited);
            if (addition != PendingCalls.Addition.AWAITED) {
                sink.error(new McpTransportException(
                        addition == PendingCalls.Addition.FULL
                                ? "too many requests await their response"
                                : "the connection is closed"));
                return;
            }
            Disposable sent = sending.apply(request)
                    .contextWrite(sink.contextView())
                    .subscribe(nothing -> {}, failure -> {
                        pending.forget(request.id(), awaited);
                        sink.error(failure);
                    });
            sink.onCancel(sent);
        });
    }
}
