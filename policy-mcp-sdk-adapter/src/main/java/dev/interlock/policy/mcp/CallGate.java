package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.CallGuard;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.adapter.PendingCalls;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import reactor.core.publisher.Mono;

/** Has the engine decide on {@code tools/call} requests of any shape. Every request gets an answer. */
final class CallGate {

    private static final Logger log = LoggerFactory.getLogger(CallGate.class);

    private final PolicyEngine engine;
    private final CallGuard guard;
    private final Callers callers;
    private final ValueLimits argumentLimits;
    private final Function<Object, Object> converter;
    private final TimeSource time;
    private final Duration approvalWait;

    /**
     * @param guard has the calls decided
     * @param converter converts parameters of an unknown Java type to plain JSON values
     */
    CallGate(EnforcementBuilder<?> settings, Callers callers, CallGuard guard, Function<Object, Object> converter) {
        this.engine = settings.engine;
        this.guard = guard;
        this.callers = callers;
        this.argumentLimits = settings.argumentLimits;
        this.converter = converter;
        this.time = settings.time;
        this.approvalWait = settings.approvalWait;
    }

    /**
     * Decides on a request, anew for each subscription. Completes with a ruling, never with an error: a failure becomes
     * a denial. Everything that the host's own code throws is caught where that code is called. Reactor throws some
     * errors, such as a missing class, at the subscribing thread, and then the request would get no answer.
     *
     * @param toolLists fetches the server's tools if the policy needs definitions that have not been listed yet
     * @param server the way to the server, for fetching them
     * @param person is asked for approvals before the engine's handler is; null to ask only the handler
     */
    Mono<CallDecision> decide(
            JSONRPCRequest request, ToolListFetch toolLists, Exchange server, @Nullable ApprovalHandler person) {
        return decideBy(
                request,
                toolLists,
                server,
                (call, options) -> guard.admit(call, person == null ? options : options.askingFirst(person)));
    }

    /** Does the same for a caller that has its own way to put the call to the engine. */
    Mono<CallDecision> decideBy(JSONRPCRequest request, ToolListFetch toolLists, Exchange server, Admitting admitting) {
        return decide(() -> CallRequest.read(request, argumentLimits, converter), toolLists, server, admitting);
    }

    /** A way to have a call decided; see {@link CallGuard#admit}. */
    interface Admitting {
        CompletableFuture<GuardedCall> admit(ToolCall call, AdmitOptions options);
    }

    /**
     * Denies a request for a reason that is not in its parameters.
     *
     * @param problem what is wrong with it, as in "the call is malformed: its header differs"
     */
    Mono<CallDecision> refuse(JSONRPCRequest request, String problem, ToolListFetch toolLists, Exchange server) {
        return decide(() -> CallRequest.malformed(request, "", problem), toolLists, server, guard::admit);
    }

    private Mono<CallDecision> decide(
            Supplier<CallRequest> request, ToolListFetch toolLists, Exchange server, Admitting admitting) {
        return Mono.deferContextual(context -> {
                    CallRequest call = request.get();
                    ToolCall known = call.call().on(callers.server());
                    try {
                        ToolCall signed = callers.of(context).signs(call.call()).among(toolLists.tools());
                        known = signed;
                        return decide(signed, call.meta(), toolLists, server, admitting)
                                .map(guarded -> new CallDecision(guarded, call))
                                .onErrorResume(e -> Mono.just(deny(call, signed, e)));
                    } catch (Throwable e) {
                        return Mono.just(deny(call, known, e));
                    }
                })
                .onErrorResume(failure -> Mono.just(CallDecision.failed(failure)))
                .switchIfEmpty(Mono.fromSupplier(CallDecision::missing))
                .doOnNext(CallGate::report)
                .doOnDiscard(GuardedCall.class, GuardedCall::unsent)
                .doOnDiscard(CallDecision.class, CallDecision::unsent);
    }

    private Mono<GuardedCall> decide(
            ToolCall call, Map<String, Object> meta, ToolListFetch toolLists, Exchange server, Admitting admitting) {
        long deadline = time.monotonicNanos() + approvalWait.toNanos();
        Mono<GuardedCall> admission = admit(call, deadline, admitting);
        // A failed fetch needs no check here: the engine denies the call if it still lacks a definition that it needs.
        return toolLists.isNeeded(engine, call) ? toolLists.learn(server, meta).then(admission) : admission;
    }

    /** Denies a call that was admitted but can't be sent, because too many await their response. */
    Decision busy(GuardedCall admitted) {
        admitted.unsent();
        engine.deny(admitted.call(), PendingCalls.full());
        return DenialText.busy();
    }

    /** A denial because something failed, recorded like every other denial. */
    private CallDecision deny(CallRequest call, ToolCall known, Throwable failure) {
        Admission denial = engine.deny(known, failure);
        return new CallDecision(denial.decision(), GuardedCall.of(known, denial), call, failure);
    }

    private Mono<GuardedCall> admit(ToolCall call, long deadline, Admitting admitting) {
        return decided(
                () -> {
                    Duration left = Duration.ofNanos(Math.max(1, deadline - time.monotonicNanos()));
                    return admitting.admit(call, new AdmitOptions(left, true, null));
                },
                GuardedCall::unsent);
    }

    /**
     * What the engine decides. A caller that stops waiting, while the engine decides or a person thinks, leaves nothing
     * reserved.
     *
     * @param begin has the engine begin to decide
     * @param unsent gives back what a decision that no one receives has reserved
     */
    static <T> Mono<T> decided(Supplier<CompletableFuture<T>> begin, Consumer<? super T> unsent) {
        return Mono.create(sink -> {
            CompletableFuture<T> deciding;
            try {
                deciding = begin.get();
            } catch (Throwable e) {
                sink.error(e);
                return;
            }
            sink.onCancel(() -> stop(deciding, unsent));
            CompletionStage<T> decided = deciding;
            decided.whenComplete((decision, failure) -> {
                if (deciding.isCancelled()) {
                    return;
                }
                if (failure != null) {
                    sink.error(failure);
                } else {
                    sink.success(decision);
                }
            });
        });
    }

    /** No one waits for the decision any more, and no one has received it. */
    private static <T> void stop(CompletableFuture<T> deciding, Consumer<? super T> unsent) {
        if (!deciding.cancel(false) && !deciding.isCompletedExceptionally()) {
            // It was made at this very moment. The sink drops it, which is not the same as discarding it.
            unsent.accept(deciding.join());
        }
    }

    /**
     * Logs the tool's name but never an argument. The engine reports every denial to its sinks and observers, and the
     * host chooses there what to log. So only a denial that the engine doesn't know of is a warning here.
     */
    private static void report(CallDecision ruling) {
        Decision decision = ruling.decision();
        if (ruling.failure() != null) {
            Level level = ruling.guarded() == null ? Level.WARN : Level.DEBUG;
            log.atLevel(level)
                    .setCause(RedactedException.of(ruling.failure()))
                    .log("A call was denied because it could not be decided");
        } else if (!decision.allowed() && log.isDebugEnabled()) {
            log.debug(
                    "{} a call to {}: {}, rule {}",
                    decision.code() == Decision.Code.APPROVAL_PENDING ? "Put to a person" : "Denied",
                    VisibleText.name(
                            ruling.call() == null ? null : ruling.call().call().tool()),
                    decision.code().text(),
                    VisibleText.name(
                            decision.rule() == null ? "-" : decision.rule().name()));
        }
    }
}
