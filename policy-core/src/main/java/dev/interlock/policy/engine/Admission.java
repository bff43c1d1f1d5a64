package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.value.ObjectValue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decision and, if the call is allowed, what was reserved for it. The caller that receives an admission settles it
 * once, when the call has ended. Settling twice does nothing. Closing an unsettled admission counts as
 * {@link #unknown()}. Thread-safe.
 */
public final class Admission implements AutoCloseable {

    /** Shared by all allowed calls that have nothing to settle. */
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

    /** The one bucket that the call is charged to, if there is nothing else to settle. */
    private final @Nullable LimitHandle bucket;

    private final LimitHandle.@Nullable Count count;
    private final long taken;

    /** What to settle in any other case. */
    private final @Nullable Ending ending;

    /** Whether the bucket was settled. An ending keeps track of this itself. */
    @SuppressWarnings("unused") // through SETTLED
    private volatile boolean settled;

    /** Whether the server has answered a round of the call, so that it can't count as unsent any more. */
    private volatile boolean begun;

    private Admission(
            Decision decision,
            @Nullable LimitHandle bucket,
            LimitHandle.@Nullable Count count,
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
     * @param otherwise the admission if it is not charged to a bucket alone; otherwise null
     * @param bucket the bucket that was charged, without a reservation
     * @param count the bucket's count
     * @param taken what was taken from that count
     */
    static Admission of(
            @Nullable Admission otherwise,
            @Nullable LimitHandle bucket,
            LimitHandle.@Nullable Count count,
            long taken) {
        Decision decision = otherwise == null ? Decision.ALLOWED : otherwise.decision;
        Ending ending = otherwise == null ? null : otherwise.ending;
        // Created in one place: where two allocations merge, the compiler can't remove them.
        return new Admission(decision, bucket, count, taken, ending);
    }

    /** The same admission, with its end recorded. */
    Admission recordedBy(CallRecord recorder) {
        return new Admission(decision, null, null, 0, ending().with(recorder));
    }

    /** A decision that an answer led to, with nothing reserved. */
    static Admission answered(Decision decision, ApprovalAnswer answer) {
        return new Admission(decision, null, null, 0, Ending.NONE.with(null, Answered.without(answer)));
    }

    /** Takes over what is reserved here. Settling this admission then settles nothing. */
    Admission handOver(Decision approved, @Nullable CallRecord recorder, Answered part) {
        boolean first = ending == null ? SETTLED.compareAndSet(this, false, true) : ending.settle();
        return new Admission(approved, null, null, 0, (first ? ending() : Ending.NONE).with(recorder, part));
    }

    /**
     * The reservation made here, under a new decision. Settling either admission settles both.
     *
     * @param anew the new decision
     * @param charges what the new decision charges the call to
     * @return null if something else is reserved here
     */
    @Nullable
    Admission under(Decision anew, List<Charge> charges) {
        if (ending == null) {
            return bucket == null && charges.isEmpty() ? unreserved(anew) : null;
        }
        return ending.holds(charges) ? new Admission(anew, null, null, 0, ending) : null;
    }

    /** What is reserved for the call, as far as it is known by keys; empty if it is charged to a bucket alone. */
    List<Charge> charges() {
        return ending == null ? List.of() : ending.charges();
    }

    /** Whether persons have said yes to all these rules, for a call whose context reads as this one's. */
    boolean covers(List<AskingRule> asking, CompiledPolicy policy, ObjectValue context) {
        return ending != null && ending.covers(asking, policy, context);
    }

    /** The record of the call; null if its decisions are not recorded. */
    @Nullable
    CallRecord record() {
        return ending == null ? null : ending.record();
    }

    /** Whether there is something other than a bucket to settle. */
    boolean hasEnding() {
        return ending != null;
    }

    private Ending ending() {
        return ending == null ? new Ending(null, bucket, count, taken, null, null) : ending;
    }

    /** Returns the decision. */
    public Decision decision() {
        return decision;
    }

    /**
     * Returns what a person, or the handler that asks persons, answered about the call; null if no one was asked or no
     * one answered.
     */
    public @Nullable ApprovalAnswer answer() {
        return ending == null ? null : ending.answer();
    }

    /**
     * Returns the call to send. If a person approved another call in place of {@code asked}, and the
     * {@link AdmitOptions} allow that, it is the approved call; otherwise it is {@code asked}.
     *
     * @param asked the call that was asked about
     */
    public ToolCall toSend(ToolCall asked) {
        return ending == null ? asked : ending.toSend(asked);
    }

    /**
     * Reports that the call is being handed to the transport now. Call it before handing the call over, because a
     * transport may send a call and still fail. From then on a person's yes is used up, even if the call ends as
     * {@link #unsent()}. If no person was asked, this does nothing.
     */
    public void handedOver() {
        if (ending != null) {
            ending.handedOver();
        }
    }

    /**
     * Reports that the server answered with {@code input_required}: the call has begun, and may go on in another round,
     * which {@link PolicyEngine#continueAsync} decides. From then on the call counts as unknown where it would count as
     * {@link #unsent()}.
     */
    public void inputRequired() {
        if (ending != null || bucket != null) {
            begun = true;
        }
    }

    /** Reports that the server answered with a result. */
    public void succeeded() {
        settle(CallOutcome.SUCCEEDED);
    }

    /**
     * Reports that the server answered with a result that says that the tool failed. The tool has run, so limits keep
     * what they took.
     */
    public void toolError() {
        settle(CallOutcome.TOOL_ERROR);
    }

    /** Reports that the server answered with a protocol error. */
    public void failed() {
        settle(CallOutcome.FAILED);
    }

    /**
     * Reports that the call certainly never left this process: it was never handed to the transport, or the transport
     * sends a call at most once and says that it did not. What limits have reserved is given back. A person's yes is
     * given back too, but only if the call was not {@linkplain #handedOver() handed over}.
     */
    public void unsent() {
        settle(CallOutcome.UNSENT);
    }

    /** Reports that it is unknown whether the call ran: timeout, cancelled, connection lost after sending. */
    public void unknown() {
        settle(CallOutcome.UNKNOWN);
    }

    /** Does the same as {@link #unknown()}, unless the admission was settled before. */
    @Override
    public void close() {
        unknown();
    }

    /** Reports how the call ended. */
    public void settle(CallOutcome outcome) {
        CallOutcome end = begun && outcome == CallOutcome.UNSENT ? CallOutcome.UNKNOWN : outcome;
        if (ending != null) {
            ending.settle(end);
        } else if (bucket != null && count != null) {
            settle(bucket, count, end);
        }
    }

    /**
     * Giving back must happen once: CAS. If this outcome gives nothing back, a plain release is enough to block a later
     * one.
     */
    private void settle(LimitHandle from, LimitHandle.Count of, CallOutcome outcome) {
        if (!from.givesBack(outcome)) {
            SETTLED.setRelease(this, true);
        } else if (SETTLED.compareAndSet(this, false, true)) {
            from.settle(of, taken, outcome);
        }
    }
}
