package dev.interlock.policy.recorded;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A host that asks the engine itself. */
public final class EnginePath implements CallPath {

    private final PolicyEngine engine;

    /** Has the engine know the case's tools. */
    public EnginePath(RecordedCase recorded, PolicyEngine engine) {
        this.engine = engine;
        engine.tools().learn(null, recorded.tools());
    }

    @Override
    public Made make(ToolCall call) {
        Decision foreseen = engine.decide(call);
        Admission admission = engine.admit(call);
        Decision decision = admission.decision();
        if (!foresees(foreseen, decision)) {
            throw new AssertionError("decided: " + decision + ", but foreseen was: " + foreseen);
        }
        return decision.allowed()
                ? new Made(call.tool(), call.arguments().root(), null, end -> end(admission, end))
                : Made.denied(null);
    }

    private static @Nullable Received end(Admission admission, End end) {
        admission.used(end.usage());
        CallResult answer = end.answer();
        if (answer == null) {
            admission.settle(end.outcome());
            return null;
        }
        JudgedResult judged =
                admission.answered(answer, end.outcome()).toCompletableFuture().join();
        if (!judged.decision().allowed()) {
            return new Received(true, null);
        }
        return judged.shown().error() == null
                ? new Received(false, (ObjectValue) Value.freeze(judged.shown().members()))
                : null;
    }

    /** Deciding tells that a person must be asked; admitting, that there is no one to ask. */
    private static boolean foresees(Decision foreseen, Decision decision) {
        if (foreseen.verdict() != Decision.Verdict.NEEDS_APPROVAL || foreseen.audited()) {
            return foreseen.equals(decision);
        }
        return decision.verdict() == Decision.Verdict.DENIED
                && decision.code() == foreseen.code()
                && Objects.equals(decision.rule(), foreseen.rule());
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
