package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.OpenBucket;
import dev.interlock.policy.limit.Settlement;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * All that is to be done when a call has ended: settling what was reserved, giving a person's answer back, recording the end.
 * Thread-safe.
 */
final class Ending {

    /** Nothing. Never settled, but to be added to. */
    static final Ending NONE = new Ending(null, null, null, 0, null, null);

    private final @Nullable Reserved reserved;

    private final @Nullable OpenBucket bucket;
    private final OpenBucket.@Nullable Count count;
    private final long taken;

    /** Null if nobody records how the call ends. */
    private final @Nullable CallRecord trail;
    /** Null if no person had a part in it. */
    private final @Nullable Answered answered;

    private final AtomicBoolean settled = new AtomicBoolean();

    /**
     * What is to be done.
     *
     * @param reserved what was reserved; null if nothing was, or of {@code bucket}
     * @param bucket what was taken from, without a reservation; null if nothing was
     * @param count the bucket's count
     * @param taken what was taken of that
     */
    Ending(
            @Nullable Reserved reserved,
            @Nullable OpenBucket bucket,
            OpenBucket.@Nullable Count count,
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

    /** The same, recorded. */
    Ending with(CallRecord recorder) {
        return with(recorder, answered);
    }

    /** The same with a person's part in it. */
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

    /** Whether exactly this is reserved. */
    boolean holds(List<Charge> charges) {
        return bucket == null
                && (reserved == null ? charges.isEmpty() : reserved.charges().equals(charges));
    }

    void handedOver() {
        if (answered != null) {
            answered.handedOver();
        }
    }

    /** Keeps what was reserved from being settled here; true for the first caller only. */
    boolean settle() {
        return settled.compareAndSet(false, true);
    }

    void settle(Settlement outcome) {
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

    private void giveBack(Settlement outcome) {
        if (bucket != null && count != null) {
            bucket.settle(count, taken, outcome);
        } else if (reserved != null) {
            reserved.settle(outcome);
        }
    }
}
