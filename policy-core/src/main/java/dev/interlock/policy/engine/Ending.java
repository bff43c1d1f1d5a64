package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.value.ObjectValue;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What to do when a call has ended: settle the reservation, give a person's answer back, record the end. Thread-safe.
 */
final class Ending {

    /** Empty base for {@link #with}. Never settled itself. */
    static final Ending NONE = new Ending(null, null, null, 0, null, null);

    private final @Nullable Reserved reserved;

    private final @Nullable LimitHandle bucket;
    private final LimitHandle.@Nullable Count count;
    private final long taken;

    /** Null if the end of the call is not recorded. */
    private final @Nullable CallRecord trail;
    /** Null if no person took part. */
    private final @Nullable Answered answered;

    private final AtomicBoolean settled = new AtomicBoolean();

    /**
     * Creates an ending.
     *
     * @param reserved what was reserved; null if nothing was, or if {@code bucket} was charged
     * @param bucket the bucket that was charged, without a reservation; null if none was
     * @param count the bucket's count
     * @param taken what was taken from that count
     */
    Ending(
            @Nullable Reserved reserved,
            @Nullable LimitHandle bucket,
            LimitHandle.@Nullable Count count,
            long taken,
            @Nullable CallRecord trail,
            @Nullable Answered answered) {
        this.reserved = reserved;
        this.bucket = bucket;
        this.count = count;
        this.taken = taken;
        this.trail = trail;
        this.answered = answered;
    }

    /** The same ending, recorded. */
    Ending with(CallRecord recorder) {
        return with(recorder, answered);
    }

    /** The same ending, with a person's part in it. */
    Ending with(@Nullable CallRecord recorder, @Nullable Answered part) {
        return new Ending(reserved, bucket, count, taken, recorder, part);
    }

    @Nullable
    ApprovalAnswer answer() {
        return answered == null ? null : answered.answer();
    }

    ToolCall toSend(ToolCall asked) {
        return answered == null ? asked : answered.toSend(asked);
    }

    /** Whether exactly these charges are reserved. */
    boolean holds(List<Charge> charges) {
        return bucket == null && charges().equals(charges);
    }

    List<Charge> charges() {
        return reserved == null ? List.of() : reserved.charges();
    }

    boolean covers(List<AskingRule> asking, CompiledPolicy policy, ObjectValue context) {
        return answered != null && answered.covers(asking, policy, context);
    }

    @Nullable
    CallRecord record() {
        return trail;
    }

    void handedOver() {
        if (answered != null) {
            answered.handedOver();
        }
    }

    /** Claims the right to settle what was reserved; true for the first caller only. */
    boolean settle() {
        return settled.compareAndSet(false, true);
    }

    void settle(CallOutcome outcome) {
        if (trail != null && !trail.end()) {
            return;
        }
        if (settle()) {
            giveBack(outcome);
        }
        if (answered != null) {
            answered.settled(outcome);
        }
        if (trail != null) {
            trail.settled(outcome);
        }
    }

    private void giveBack(CallOutcome outcome) {
        if (bucket != null && count != null) {
            bucket.settle(count, taken, outcome);
        } else if (reserved != null) {
            reserved.settle(outcome);
        }
    }
}
