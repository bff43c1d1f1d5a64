package dev.interlock.policy.langchain4j;

import dev.langchain4j.invocation.InvocationContext;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What LangChain4j has for MCP 2026-07-28, from its version 1.19 on. This module is compiled against an older version
 * and runs with both, so it looks these methods up once.
 */
final class ModernProtocol {

    private static final MethodHandles.Lookup LOOKUP = MethodHandles.publicLookup();

    private static final @Nullable MethodHandle SET_MODERN =
            method(McpTransport.class, "setModernProtocol", void.class, boolean.class);

    private static final @Nullable MethodHandle SET_VERSION =
            method(McpTransport.class, "setProtocolVersion", void.class, String.class);

    private static final @Nullable MethodHandle REQUIRES_CANCELLATION =
            method(McpTransport.class, "requiresCancellationNotification", boolean.class);

    private static final @Nullable MethodHandle PARAM_HEADERS =
            method(McpCallContext.class, "mcpParamHeaders", Map.class);

    private static final @Nullable MethodHandle CONTEXT = contextWithHeaders();

    private ModernProtocol() {}

    /** Whether LangChain4j's client can make a call again with the state that the server has sent. */
    static boolean isKnown() {
        return SET_MODERN != null;
    }

    /** Tells a transport whether the client uses the modern protocol. */
    static void setModernProtocol(McpTransport transport, boolean modern) {
        if (SET_MODERN != null) {
            try {
                SET_MODERN.invokeExact(transport, modern);
            } catch (Throwable e) {
                throw unchecked(e);
            }
        }
    }

    /** Tells a transport the version that its requests name. */
    static void setProtocolVersion(McpTransport transport, String version) {
        if (SET_VERSION != null) {
            try {
                SET_VERSION.invokeExact(transport, version);
            } catch (Throwable e) {
                throw unchecked(e);
            }
        }
    }

    /** Whether a transport needs a notification to cancel a request. Without the method every transport does. */
    static boolean requiresCancellationNotification(McpTransport transport) {
        if (REQUIRES_CANCELLATION == null) {
            return true;
        }
        try {
            return (boolean) REQUIRES_CANCELLATION.invokeExact(transport);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** The headers that repeat arguments of a call; null if there are none. */
    @SuppressWarnings("unchecked") // the type that LangChain4j declares
    static @Nullable Map<String, String> paramHeaders(McpCallContext context) {
        if (PARAM_HEADERS == null) {
            return null;
        }
        try {
            return (Map<String, String>) (Map<?, ?>) PARAM_HEADERS.invokeExact(context);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** A context with these headers, if LangChain4j knows them. */
    static McpCallContext context(
            @Nullable InvocationContext invocation,
            McpClientMessage message,
            @Nullable Map<String, String> paramHeaders) {
        if (CONTEXT == null) {
            return new McpCallContext(invocation, message);
        }
        try {
            return (McpCallContext) CONTEXT.invoke(invocation, message, paramHeaders);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    private static @Nullable MethodHandle method(Class<?> type, String name, Class<?> result, Class<?>... parameters) {
        try {
            return LOOKUP.findVirtual(type, name, MethodType.methodType(result, parameters));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    private static @Nullable MethodHandle contextWithHeaders() {
        try {
            return LOOKUP.findConstructor(
                    McpCallContext.class,
                    MethodType.methodType(void.class, InvocationContext.class, McpClientMessage.class, Map.class));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    /** What the transport threw. Its methods declare no checked exceptions. */
    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException exception ? exception : new IllegalStateException(thrown);
    }
}
