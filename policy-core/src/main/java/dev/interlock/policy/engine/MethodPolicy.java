package dev.interlock.policy.engine;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.UnavailableException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Decides and records requests other than {@code tools/call}. No method throws. */
final class MethodPolicy {

    private final @Nullable AuditRecorder recorder;
    private final EngineListener listener;
    private final RateLimiter limiter;
    private final Supplier<String> ids;

    MethodPolicy(@Nullable AuditRecorder recorder, EngineListener listener, RateLimiter limiter, Supplier<String> ids) {
        this.recorder = recorder;
        this.listener = listener;
        this.limiter = limiter;
        this.ids = ids;
    }

    /** The decision on a method; nothing is recorded. */
    Decision decide(CompiledPolicy policy, String method) {
        Decision decision = policy.methods().decide(method);
        return decision == null ? Decision.ALLOWED : decision;
    }

    /** The decision on a request. It is recorded if the policy says something about the method. */
    Decision admit(CompiledPolicy policy, MethodCall request) {
        Decision decision = policy.methods().decide(request);
        if (decision == null) {
            return Decision.ALLOWED;
        }
        ToolPlan plan = decision.verdict() == Decision.Verdict.ALLOWED ? policy.methodPlan(request.method()) : null;
        return recorded(policy, request, plan == null ? decision : charged(policy, plan, request));
    }

    /**
     * The decision on a request that its name allows. What it is charged to stays charged whatever becomes of the
     * request, so it is settled at once.
     */
    private Decision charged(CompiledPolicy policy, ToolPlan plan, MethodCall request) {
        try {
            ToolCall call = policy.timed(ToolCall.of(request.method(), request.parameters())
                    .by(request.identity())
                    .in(request.session())
                    .on(request.server())
                    .with(request.context()));
            Decision checked = plan.check(call, CounterSnapshot.NONE);
            ReservationAttempt attempt = new ReservationAttempt(plan, call, checked, CounterSnapshot.NONE, ids);
            while (attempt.isOpen()) {
                attempt.take(limiter.reserve(attempt.batch()));
            }
            Admission admission = attempt.admission(limiter, listener);
            admission.succeeded();
            Decision decision = admission.decision();
            return request.embedded() && !decision.allowed()
                    ? decision.saying(Messages.embedded(request.method(), decision))
                    : decision;
        } catch (Throwable e) {
            return failure(request, e);
        }
    }

    /** The first denial among the requests in an answer. Each of them is recorded. */
    Decision admitEmbedded(CompiledPolicy policy, List<EmbeddedRequest> requests, MethodCall answered) {
        Decision denial = null;
        for (EmbeddedRequest asked : requests) {
            MethodCall request = MethodCall.of(asked.method())
                    .by(answered.identity())
                    .in(answered.session())
                    .on(answered.server())
                    .with(answered.context())
                    .embeddedByServer();
            Decision decision = admit(
                    policy,
                    policy.methods().entry(asked.method()) == null ? request : request.with(asked.parameters()));
            if (denial == null && !decision.allowed()) {
                denial = decision;
            }
        }
        return denial == null ? Decision.ALLOWED : denial;
    }

    /** The denial of a request that could not be decided. */
    Decision deny(CompiledPolicy policy, MethodCall request, Throwable failure) {
        return recorded(policy, request, failure(request, failure));
    }

    private Decision failure(MethodCall request, Throwable failure) {
        if (failure instanceof UnavailableException) {
            return Decision.denied(
                    Code.LIMITER_UNAVAILABLE, CompiledPolicy.ref("(limits)", ""), Messages.LIMITER_UNAVAILABLE);
        }
        listener.failed(request, failure);
        return Decision.denied(Code.ERROR, CompiledPolicy.ref("(error)", ""), Messages.FAILURE);
    }

    private Decision recorded(CompiledPolicy policy, MethodCall request, Decision decision) {
        return recorder == null ? decision : recorder.decided(request, policy, decision);
    }
}
