package dev.interlock.policy.mcp;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Holds the server's response to one request until the guard has looked at it. */
final class CapturedResponse {

    private final AtomicReference<@Nullable JSONRPCResponse> response = new AtomicReference<>();

    /** Keeps a message if it is the first response. Returns false if it isn't; the message should then be sent. */
    boolean keep(JSONRPCMessage message) {
        return message instanceof JSONRPCResponse first && response.compareAndSet(null, first);
    }

    @Nullable
    JSONRPCResponse get() {
        return response.get();
    }
}
