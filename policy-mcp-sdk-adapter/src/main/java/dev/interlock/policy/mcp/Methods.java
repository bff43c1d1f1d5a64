package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
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
    private final Duration approvalWait;

    /**
     * @param converter converts results of an unknown Java type to plain JSON values
     */
    Methods(EnforcementBuilder<?> settings, Callers callers, UnaryOperator<Object> converter) {
        this.engine = settings.engine;
        this.approvalWait = settings.approvalWait;
        this.callers = callers;
        this.converter = converter;
    }

    /**
     * Decides on a request from the client. The request must be settled when it has ended. Empty if the client cancels
     * it before it is decided, which takes long only if a person is asked.
     *
     * @param params its parameters, of any Java type
     * @param deciding where the client's cancellation is heard
     * @param person is asked for approvals before the engine's handler is, if there is one
     */
    Mono<GuardedCall> askedByClient(
            Object id,
            @Nullable String method,
            @Nullable Object params,
            ContextView context,
            UndecidedCalls deciding,
            Supplier<? extends @Nullable ApprovalHandler> person) {
        MethodCall request = saying(params, byAnyCaller(method, context));
        return engine.readsParameters(request.method())
                ? deciding.until(id, waiting(request, person.get()), GuardedCall::unsent)
                : Mono.just(atOnce(request));
    }

    /** Whether the policy in force says or counts something of any answer. */
    boolean judgesAnswers() {
        return engine.judgesAnswers();
    }

    /** Decides on a notification from the client, about which no person is asked. */
    GuardedCall toldByClient(@Nullable String method, @Nullable Object params, ContextView context) {
        return atOnce(saying(params, byAnyCaller(method, context)));
    }

    /**
     * Decides on a request from the server. It must be settled when it has ended.
     *
     * @param params its parameters, of any Java type
     */
    Mono<GuardedCall> askedByServer(@Nullable String method, @Nullable Object params) {
        MethodCall request = saying(params, unsigned(method).askedByServer());
        return engine.readsParameters(request.method()) ? waiting(request, null) : Mono.just(atOnce(request));
    }

    /** Whether the server may elicit with these parameters, as far as no person has to be asked about that. */
    boolean mayElicit(Object params) {
        return engine.admit(saying(
                        params, unsigned(McpSchema.METHOD_ELICITATION_CREATE).askedByServer()))
                .allowed();
    }

    private GuardedCall atOnce(MethodCall request) {
        return GuardedCall.of(ToolCall.standingFor(request), engine.admitNotification(request));
    }

    private Mono<GuardedCall> waiting(MethodCall request, @Nullable ApprovalHandler person) {
        AdmitOptions options = new AdmitOptions(approvalWait, false, person);
        return CallGate.decided(() -> engine.admitAsync(request, options).toCompletableFuture(), Admission::unsent)
                .map(admission -> GuardedCall.of(ToolCall.standingFor(request), admission))
                .onErrorResume(
                        failure -> Mono.just(GuardedCall.of(ToolCall.standingFor(request), failed(request, failure))))
                .doOnDiscard(Admission.class, Admission::unsent)
                .doOnDiscard(GuardedCall.class, GuardedCall::unsent);
    }

    private Admission failed(MethodCall request, Throwable failure) {
        return engine.deny(ToolCall.standingFor(request), failure);
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
        MethodCall told = unsigned(notification.method()).askedByServer();
        GuardedCall guarded = atOnce(saying(notification.params(), told));
        Decision decision =
                guarded.decision().allowed() ? embedded(found(notification.params(), null), told) : guarded.decision();
        guarded.settle(decision.allowed() ? CallOutcome.UNKNOWN : CallOutcome.UNSENT);
        return decision;
    }

    /**
     * Decides on the requests in a response from the server.
     *
     * @param answered the call or the request that it answers; null if that is not known
     */
    Decision askedWithin(JSONRPCResponse response, @Nullable GuardedCall answered) {
        return embedded(found(response.result(), response.error()), answered == null ? unsigned("") : asker(answered));
    }

    private static MethodCall asker(GuardedCall answered) {
        ToolCall call = answered.call();
        return call.request() != null
                ? call.request()
                : MethodCall.of("")
                        .by(call.identity())
                        .inSessionOf(call)
                        .on(call.server())
                        .with(call.context());
    }

    private Decision embedded(List<EmbeddedRequest> requests, MethodCall answered) {
        return requests.isEmpty() ? Decision.ALLOWED : engine.admitEmbedded(requests, answered);
    }

    /** Whether a decision on what a server asks within an answer may depend on who it asks. */
    boolean readsAsker() {
        return engine.readsParameters(McpSchema.METHOD_ELICITATION_CREATE)
                || engine.readsParameters(McpSchema.METHOD_SAMPLING_CREATE_MESSAGE)
                || engine.readsParameters(McpSchema.METHOD_ROOTS_LIST);
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
