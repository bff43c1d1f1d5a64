package dev.interlock.examples.springai;

import dev.interlock.policy.mcp.CallContext;
import io.modelcontextprotocol.common.McpTransportContext;
import java.util.Map;

/** The user for whom the current thread works. A real host would ask its own authentication instead. */
final class CurrentUser {

    static final ThreadLocal<McpTransportContext> CONTEXT = new ThreadLocal<>();

    private static final String USER = "user";

    private CurrentUser() {}

    static void run(String user, Runnable work) {
        CONTEXT.set(McpTransportContext.create(Map.of(USER, user)));
        try {
            work.run();
        } finally {
            CONTEXT.remove();
        }
    }

    /** The context that accompanies each call of this thread. */
    static McpTransportContext context() {
        McpTransportContext context = CONTEXT.get();
        return context == null ? McpTransportContext.EMPTY : context;
    }

    /** The caller of a call with this context. */
    static CallContext of(McpTransportContext call) {
        return call.get(USER) instanceof String user ? CallContext.by(user) : CallContext.EMPTY;
    }
}
