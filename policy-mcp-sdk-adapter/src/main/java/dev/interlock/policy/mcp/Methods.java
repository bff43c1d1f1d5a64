package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.engine.EmbeddedRequest;
import dev.interlock.policy.engine.EmbeddedRequests;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.context.ContextView;

/**
 * Decides on requests other than {@code tools/call}, on notifications, and on the requests that a server puts into its
 * answers, and has the decisions recorded.
 */
final class Methods {

    private static final Logger log = LoggerFactory.getLogger(Methods.class);

    /** The SDK nests its own result types in this class. None of them can hold requests. */
    private static final Class<?> SDK = McpSchema.class;

    private final PolicyEngine engine;
    private final Callers callers;
    private final UnaryOperator<Object> converter;

    /**
     * @param converter converts results of an unknown Java type to plain JSON values
     */
    Methods(PolicyEngine engine, Callers callers, UnaryOperator<Object> converter) {
        this.engine = engine;
        this.callers = callers;
        this.converter = converter;
    }

    /**
     * Decides on a request or notification from the client.
     *
     * @param params its parameters, of any Java type
     */
    Decision askedByClient(@Nullable String method, @Nullable Object params, ContextView context) {
        return engine.admit(saying(params, byAnyCaller(method, context)));
    }

    /**
     * Decides on a request or notification from the server.
     *
     * @param params its parameters, of any Java type
     */
    Decision askedByServer(@Nullable String method, @Nullable Object params) {
        return engine.admit(saying(params, unsigned(method).askedByServer()));
    }

    /** The request with its parameters, if the policy reads any. */
    private MethodCall saying(@Nullable Object params, MethodCall request) {
        return engine.readsParameters(request.method()) ? request.with(frozen(params)) : request;
    }

    /** The parameters, frozen. What can't be read is not known, and then conditions on it are invalid. */
    private Arguments frozen(@Nullable Object params) {
        try {
            Object plain = params == null || params instanceof Map<?, ?> ? params : converter.apply(params);
            if (plain == null || plain instanceof Map<?, ?>) {
                @SuppressWarnings("unchecked") // Freezing checks the keys.
                Map<String, ?> members = (Map<String, ?>) plain;
                return Arguments.freeze(members, ValueLimits.DEFAULT);
            }
        } catch (RuntimeException e) {
            log.debug("Parameters can't be read", RedactedException.of(e));
        }
        return Arguments.UNKNOWN;
    }

    /** Decides on a notification from the server, and on the requests in it. */
    Decision toldByServer(JSONRPCNotification notification) {
        Decision decision = askedByServer(notification.method(), notification.params());
        return decision.allowed() ? embedded(found(notification.params(), null)) : decision;
    }

    /** Decides on the requests in a response from the server. */
    Decision askedWithin(JSONRPCResponse response) {
        return embedded(found(response.result(), response.error()));
    }

    private Decision embedded(List<EmbeddedRequest> requests) {
        return requests.isEmpty() ? Decision.ALLOWED : engine.admitEmbedded(requests, unsigned(""));
    }

    private List<EmbeddedRequest> found(@Nullable Object result, @Nullable JSONRPCError error) {
        Object plain = result;
        if (result != null
                && !(result instanceof Map<?, ?>)
                && result.getClass().getNestHost() != SDK) {
            try {
                plain = converter.apply(result);
            } catch (RuntimeException e) {
                log.debug("A result of {} can't be read", result.getClass(), RedactedException.of(e));
                return List.of(new EmbeddedRequest("", null));
            }
        }
        return error == null
                ? EmbeddedRequests.inResult(plain)
                : EmbeddedRequests.inResponse(plain, error.code(), error.data());
    }

    /** Denies a message whose method can't be read at all, or is not certain. */
    Decision unreadable() {
        return engine.admit(unsigned(""));
    }

    /** Whether lists of tools may be requested. */
    boolean mayList() {
        return engine.decideMethod(McpSchema.METHOD_TOOLS_LIST).allowed();
    }

    /** Whether no policy could have allowed the request: it calls a tool, or its method only looks like another one. */
    static boolean isNoMethod(Decision denial) {
        return denial.rule() != null && denial.rule().place().path().isEmpty();
    }

    /** A list of tools is withheld, because which of them may be shown can't be decided. */
    Decision listWithheld(Throwable failure) {
        log.debug("A list of tools was withheld because of a failure", RedactedException.of(failure));
        return engine.deny(unsigned(McpSchema.METHOD_TOOLS_LIST), failure);
    }

    /** Denies a request because too many await their response. */
    Decision busy(String method) {
        engine.deny(unsigned(method), PendingCalls.full());
        return DenialText.busy();
    }

    /** Without a caller, what the policy counts or reads by caller is that of all callers who are not told apart. */
    private MethodCall byAnyCaller(@Nullable String method, ContextView context) {
        try {
            return callers.of(context).signs(MethodCall.of(method == null ? "" : method));
        } catch (Throwable e) {
            log.debug("Who asks for {} can't be told", VisibleText.name(method), RedactedException.of(e));
            return unsigned(method);
        }
    }

    /** If callers are distinguished, this records no caller rather than the wrong one. */
    private MethodCall unsigned(@Nullable String method) {
        return callers.unidentified().signs(MethodCall.of(method == null ? "" : method));
    }
}
