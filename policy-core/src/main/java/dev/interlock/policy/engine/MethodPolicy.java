package dev.interlock.policy.engine;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides and records requests other than {@code tools/call}. No method throws. */
final class MethodPolicy {

    private final @Nullable AuditRecorder recorder;
    private final EngineListener listener;

    MethodPolicy(@Nullable AuditRecorder recorder, EngineListener listener) {
        this.recorder = recorder;
        this.listener = listener;
    }

    /** The decision on a method; nothing is recorded. */
    Decision decide(CompiledPolicy policy, String method) {
        Decision decision = policy.methods().decide(method);
        return decision == null ? Decision.ALLOWED : decision;
    }

    /** The decision on a request. It is recorded if the policy says something about the method. */
    Decision admit(CompiledPolicy policy, MethodCall request) {
        Decision decision = policy.methods().decide(request);
        return decision == null ? Decision.ALLOWED : recorded(policy, request, decision);
    }

    /** The first denial among the requests in an answer. Each of them is recorded. */
    Decision admitEmbedded(CompiledPolicy policy, List<String> methods, MethodCall answered) {
        Decision denial = null;
        for (String method : methods) {
            Decision decision = admit(
                    policy,
                    MethodCall.of(method)
                            .by(answered.identity())
                            .in(answered.session())
                            .on(answered.server())
                            .embeddedByServer());
            if (denial == null && !decision.allowed()) {
                denial = decision;
            }
        }
        return denial == null ? Decision.ALLOWED : denial;
    }

    /** The denial of a request that could not be decided. */
    Decision deny(CompiledPolicy policy, MethodCall request, Throwable failure) {
        listener.failed(request, failure);
        Decision denied = Decision.denied(Code.ERROR, CompiledPolicy.ref("(error)", ""), Messages.FAILURE);
        return recorded(policy, request, denied);
    }

    private Decision recorded(CompiledPolicy policy, MethodCall request, Decision decision) {
        return recorder == null ? decision : recorder.decided(request, policy, decision);
    }
}
