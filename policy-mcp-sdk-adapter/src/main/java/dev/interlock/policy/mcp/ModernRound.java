package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.engine.JudgedResult;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * One round of an admitted call, or another admitted request, on its way to the server and back. The first of response,
 * error, cancellation and end of the stream ends it; clients cancel the stream when they have their response.
 * Thread-safe.
 */
final class ModernRound implements JudgedAnswers.Awaited {

    private final GuardedCall call;
    private final Predicate<? super Throwable> saysUnsent;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile boolean handedOver;
    private volatile boolean heard;

    /**
     * @param saysUnsent which failures of the transport mean that the call has not left
     */
    ModernRound(GuardedCall call, Predicate<? super Throwable> saysUnsent) {
        this.call = call;
        this.saysUnsent = saysUnsent;
    }

    @Override
    public GuardedCall guarded() {
        return call;
    }

    /**
     * Called just before the transport gets the call.
     *
     * @return false if the round is over, because no one awaits a response any more: then the call must not be sent
     */
    boolean handOver() {
        // In this order: whoever ends the round at the same moment either sees this, or is seen below.
        handedOver = true;
        if (over.get()) {
            return false;
        }
        call.admission().handedOver();
        return true;
    }

    /** Something has come from the server, so that the call has surely left. */
    void heard() {
        heard = true;
    }

    @Override
    public CompletionStage<JudgedResult> answered(CallResult came) {
        return over.compareAndSet(false, true) ? call.answered(came) : call.answeredLate(came);
    }

    /** The transport failed. */
    void fail(Throwable failure) {
        if (over.compareAndSet(false, true)) {
            call.sendingFailed(failure, known -> !handedOver || (!heard && saysUnsent.test(known)));
        }
    }

    /** No one awaits a response any more, or it is not certain that there was one. */
    @Override
    public void abandon() {
        if (over.compareAndSet(false, true)) {
            call.settle(handedOver ? CallOutcome.UNKNOWN : CallOutcome.UNSENT);
        }
    }
}
