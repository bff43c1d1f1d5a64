package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.OpenBucket;
import dev.interlock.policy.limit.Settlement;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decision, and what was reserved for the call if it is allowed. Whoever takes an admission settles it once, when the
 * call has ended; settling twice does nothing, and closing it unsettled counts as {@link #unknown()}. Thread-safe.
 */
public final class Admission implements AutoCloseable {

    /** Of every allowed call that there is nothing to settle of. */
    private static final Admission FREE = new Admission(Decision.ALLOWED, null, null, 0, null);

    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Admission.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Decision decision;

    /**
     * What was taken of the one bucket that the call is charged to, if nothing else is to be settled. These are plain fields,
     * so that an admission that is settled where it was asked for need never be an object.
     */
    private final @Nullable OpenBucket bucket;

    private final OpenBucket.@Nullable Count count;
    private final long taken;

    /** What is to be settled in any other case. */
    private final @Nullable Ending ending;

    /** Whether the bucket was; an ending knows itself. */
    @SuppressWarnings("unused") // through SETTLED
    private volatile boolean settled;

    private Admission(
            Decision decision,
            @Nullable OpenBucket bucket,
            OpenBucket.@Nullable Count count,
            long taken,
            @Nullable Ending ending) {
        this.decision = decision;
        this.bucket = bucket;
        this.count = count;
        this.taken = taken;
        this.ending = ending;
    }

    static Admission unreserved(Decision decision) {
        return decision.verdict() == Decision.Verdict.ALLOWED ? FREE : new Admission(decision, null, null, 0, null);
    }

    /** An admission with a reservation. */
    static Admission of(Decision decision, Reserved reserved) {
        return new Admission(decision, null, null, 0, new Ending(reserved, null, null, 0, null, null));
    }

    /**
     * An admission of a call with limits.
     *
     * @param otherwise the admission, where it is not of a bucket; null where it is
     * @param bucket what was taken from, without a reservation
     * @param count the bucket's count
     * @param taken what was taken of that
     */
    static Admission of(
            @Nullable Admission otherwise, @Nullable OpenBucket bucket, OpenBucket.@Nullable Count count, long taken) {
        Decision decision = otherwise == null ? Decision.ALLOWED : otherwise.decision;
        Ending ending = otherwise == null ? null : otherwise.ending;
        // Made in one place: where two objects meet, the compiler keeps them.
        return new Admission(decision, bucket, count, taken, ending);
    }

    /** The same, with its end recorded. */
    Admission recordedBy(CallRecord recorder) {
        return new Admission(decision, null, null, 0, ending().with(recorder));
    }

    /** A decision that an answer has led to, with nothing reserved. */
    static Admission answered(Decision decision, ApprovalAnswer answer) {
        return new Admission(decision, null, null, 0, Ending.NONE.with(null, Answered.without(answer)));
    }

    /** Takes over what is reserved here: settling this admission then settles nothing any longer. */
    Admission handOver(Decision approved, @Nullable CallRecord recorder, Answered part) {
        boolean first = ending == null ? SETTLED.compareAndSet(this, false, true) : ending.settle();
        return new Admission(approved, null, null, 0, (first ? ending() : Ending.NONE).with(recorder, part));
    }

    /**
     * What is reserved here, under a decision that was made anew; settling either settles both.
     *
     * @param anew the decision
     * @param charges what the call is charged to by it
     * @return null if something else is reserved here
     */
    @Nullable
    Admission under(Decision anew, List<Charge> charges) {
        if (ending == null) {
            return bucket == null && charges.isEmpty() ? unreserved(anew) : null;
        }
        return ending.holds(charges) ? new Admission(anew, null, null, 0, ending) : null;
    }

    /** Whether something other than a bucket is to be settled. */
    boolean hasEnding() {
        return ending != null;
    }

    private Ending ending() {
        return ending == null ? new Ending(null, bucket, count, taken, null, null) : ending;
    }

    /** What was decided. */
    public Decision decision() {
        return decision;
    }

    /** What a person, or who asks them, answered about the call; null if nobody was asked or nobody answered. */
    public @Nullable ApprovalAnswer answer() {
        return ending == null ? null : ending.answer();
    }

    /**
     * The call that is to be sent: what a person has approved in the place of the call that was asked about, if the {@link
     * Terms} allow that; else that call itself.
     *
     * @param asked the call that was asked about
     */
    public ToolCall toSend(ToolCall asked) {
        return ending == null ? asked : ending.toSend(asked);
    }

    /**
     * The call is handed to the transport now. To be told before that, since a transport may send a call and fail all the
     * same: from then on a person's yes is used up, also if the call ends as {@link #unsent()}. Where no person was asked,
     * this does nothing.
     */
    public void handedOver() {
        if (ending != null) {
            ending.handedOver();
        }
    }

    /** The server answered with a result. */
    public void succeeded() {
        settle(Settlement.SUCCEEDED);
    }

    /** The server answered with a result that says that the tool failed. It has run, so what limits took is kept. */
    public void toolError() {
        settle(Settlement.TOOL_ERROR);
    }

    /** The server answered with a protocol error. */
    public void failed() {
        settle(Settlement.FAILED);
    }

    /**
     * The call surely never left this process: it was never handed to the transport, or that sends a call once at most and
     * says that it did not. What limits have reserved is given back; a person's yes too, but only if the call was not
     * {@linkplain #handedOver() handed over}.
     */
    public void unsent() {
        settle(Settlement.UNSENT);
    }

    /** Nobody can tell whether the call ran: timeout, cancelled, connection lost after sending. */
    public void unknown() {
        settle(Settlement.UNKNOWN);
    }

    /** {@link #unknown()}, unless it was settled before. */
    @Override
    public void close() {
        unknown();
    }

    /** Tells how the call ended. */
    public void settle(Settlement outcome) {
        if (ending != null) {
            ending.settle(outcome);
        } else if (bucket != null && count != null) {
            settle(bucket, count, outcome);
        }
    }

    /** Whoever gives back must be the first. Whoever doesn't only has to keep others from doing so, which takes no race. */
    private void settle(OpenBucket from, OpenBucket.Count of, Settlement outcome) {
        if (!from.givesBack(outcome)) {
            SETTLED.setRelease(this, true);
        } else if (SETTLED.compareAndSet(this, false, true)) {
            from.settle(of, taken, outcome);
        }
    }
}
