package dev.interlock.policy.engine;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Decides and records requests other than {@code tools/call}. Most are decided by the method's name alone. One whose
 * method has an entry is decided by the engine as a call that {@linkplain ToolCall#standingFor stands for} it. No
 * method throws.
 */
final class MethodPolicy {

    private final PolicyEngine engine;
    private final @Nullable AuditRecorder recorder;

    MethodPolicy(PolicyEngine engine, @Nullable AuditRecorder recorder) {
        this.engine = engine;
        this.recorder = recorder;
    }

    /** The decision on a method; nothing is recorded. */
    Decision decide(CompiledPolicy policy, String method) {
        Decision decision = policy.methods().decide(method);
        return decision == null ? Decision.ALLOWED : decision;
    }

    /**
     * Decides a request whose sender can't wait, so that no person can be asked about it. The decision is recorded if
     * the policy says something about the method.
     *
     * @param obstacle why no person is asked, as in "no one was asked: a notification can't wait"
     */
    Admission admit(CompiledPolicy policy, MethodCall request, String obstacle) {
        Admission named = byName(policy, request);
        if (named != null) {
            return named;
        }
        Admission admission = engine.admitUnasked(policy, ToolCall.standingFor(request), obstacle);
        Decision decision = admission.decision();
        return request.embedded() && !decision.allowed()
                ? Admission.unreserved(decision.saying(Messages.embedded(request.method(), decision)))
                : admission;
    }

    /** Decides a request whose caller waits for the decision, and for a person if one is to be asked. */
    CompletionStage<Admission> admitAsync(CompiledPolicy policy, MethodCall request, AdmitOptions options) {
        Admission named = byName(policy, request);
        if (named != null) {
            return CompletableFuture.completedFuture(named);
        }
        ToolCall call = ToolCall.standingFor(request);
        return request.parameters().isKnown()
                ? engine.admitAsync(call, options)
                // What a person can't see, that person can't agree to.
                : CompletableFuture.completedFuture(engine.admitUnasked(policy, call, Messages.UNREADABLE));
    }

    /** The decision by the method's name, recorded; null if the method has an entry that decides further. */
    private @Nullable Admission byName(CompiledPolicy policy, MethodCall request) {
        Decision decision = policy.methods().decide(request);
        if (decision == null) {
            return Admission.unreserved(Decision.ALLOWED);
        }
        return decision.verdict() == Decision.Verdict.ALLOWED
                        && policy.methods().entry(request.method()) != null
                ? null
                : Admission.unreserved(recorded(policy, request, decision));
    }

    /**
     * The first denial among the requests in an answer. Each of them is recorded. If one is denied, none reaches the
     * client, and limits get back what they took for the others.
     */
    Decision admitEmbedded(CompiledPolicy policy, List<EmbeddedRequest> requests, MethodCall answered) {
        List<Admission> admissions = new ArrayList<>(requests.size());
        Decision denial = null;
        for (EmbeddedRequest asked : requests) {
            MethodCall request = answered.embedding(asked.method());
            Admission admission = admit(
                    policy,
                    policy.methods().entry(asked.method()) == null ? request : request.with(asked.parameters()),
                    Messages.WITHIN_ANSWER);
            admissions.add(admission);
            if (denial == null && !admission.decision().allowed()) {
                denial = admission.decision();
            }
        }
        boolean passed = denial == null;
        admissions.forEach(passed ? Admission::unknown : Admission::unsent);
        return denial == null ? Decision.ALLOWED : denial;
    }

    /** The denial of a request that could not be decided. */
    Decision deny(CompiledPolicy policy, MethodCall request, Throwable failure) {
        return recorded(policy, request, engine.failure(ToolCall.standingFor(request), failure));
    }

    private Decision recorded(CompiledPolicy policy, MethodCall request, Decision decision) {
        return recorder == null ? decision : recorder.decided(request, policy, decision);
    }
}
