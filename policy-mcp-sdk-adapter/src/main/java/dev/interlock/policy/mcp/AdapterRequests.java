package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpTransportException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Puts requests of our own to a server over a transport that the agent uses as well. Their ids tell them apart.
 *
 * @param sending what sends them
 * @param pending where they await their response
 */
record AdapterRequests(Function<JSONRPCMessage, Mono<Void>> sending, PendingRequests pending) implements Exchange {

    static final String ID_PREFIX = "dev.interlock/";

    /** An id that no other request has. Not from a secure source: that one may block, and there is nothing to guess. */
    static String newId() {
        return ID_PREFIX + Long.toHexString(ThreadLocalRandom.current().nextLong());
    }

    /** Whether this is the id of a request of ours; its response is not for the agent, however late it comes. */
    static boolean isOurs(Object id) {
        return id instanceof String text && text.startsWith(ID_PREFIX);
    }

    @Override
    public Mono<JSONRPCResponse> send(JSONRPCRequest request) {
        return Mono.create(sink -> {
            Pending awaited = new Pending.Own(sink);
            if (!pending.add(request.id(), awaited)) {
                sink.error(new McpTransportException("the connection is closed"));
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
