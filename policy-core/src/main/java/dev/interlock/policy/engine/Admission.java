package dev.interlock.policy.engine;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.CarriedAdmission.Charged;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.value.ObjectValue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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

    /** The one bucket that the call is charged to; null if it is charged to nothing, or by a reservation. */
    private final @Nullable LimitHandle bucket;

    private final LimitHandle.@Nullable Count count;
    private final long taken;

    /**
     * What the end of the call means besides the bucket: a {@link Sequel}, an {@link Aftermath}, or {@link Both}; null
     * for most admissions, so one field makes each of them smaller than two would. What the policy says of the end may
     * change with each round.
     */
    private volatile @Nullable Object rest;

    @SuppressWarnings("unused") // through SETTLED
    private volatile boolean settled;

    /** Whether the server has answered a round of the call, so that it can't count as unsent any more. */
    private volatile boolean begun;

    private Admission(
            Decision decision,
            @Nullable LimitHandle bucket,
            LimitHandle.@Nullable Count count,
            long taken,
            @Nullable Sequel sequel) {
        this(decision, bucket, count, taken, sequel, null);
    }

    private Admission(
            Decision decision,
            @Nullable LimitHandle bucket,
            LimitHandle.@Nullable Count count,
            long taken,
            @Nullable Sequel sequel,
            @Nullable Aftermath aftermath) {
        this.decision = decision;
        this.bucket = bucket;
        this.count = count;
        this.taken = taken;
        this.rest = rest(sequel, aftermath);
    }

    /** What an admission has that has both. */
    private record Both(Sequel sequel, Aftermath aftermath) {}

    /**
     * What happens at the end of a call besides settling a bucket.
     *
     * @param reserved what was reserved; null if nothing was
     * @param trail where the end is recorded; null if it is not
     * @param answer what a person answered; null if no person took part
     * @param instead what is sent in place of the call that was asked about; null if that call itself is sent
     * @param yes a person's yes, to be given back if the call was never handed over; null if there is none
     * @param elsewhere what was reserved for the call, and settled, before this admission
     * @param round what is reserved for the current round of a call that was settled before; null for other calls
     */
    private record Sequel(
            @Nullable Reserved reserved,
            @Nullable CallRecord trail,
            @Nullable ApprovalAnswer answer,
            @Nullable ToolCall instead,
            @Nullable Consent yes,
            List<Charged> elsewhere,
            @Nullable AtomicReference<@Nullable Reserved> round) {

        static final Sequel NONE = new Sequel(null, null, null, null, null);

        Sequel(
                @Nullable Reserved reserved,
                @Nullable CallRecord trail,
                @Nullable ApprovalAnswer answer,
                @Nullable ToolCall instead,
                @Nullable Consent yes) {
            this(reserved, trail, answer, instead, yes, List.of(), null);
        }
    }

    /** The yes of persons. It is used up when the call is handed over or the yes is given back. */
    static final class Consent {
        private final AtomicBoolean spent = new AtomicBoolean();
        private final Runnable giveBack;
        private final List<AskingRule> rules;
        private final ObjectValue context;

        /**
         * @param giveBack gives the yes back
         * @param rules the rules that were answered
         * @param context the context of the call that persons agreed to
         */
        Consent(Runnable giveBack, List<AskingRule> rules, ObjectValue context) {
            this.giveBack = giveBack;
            this.rules = rules;
            this.context = context;
        }
    }

    /** A decision with nothing reserved. */
    static Admission unreserved(Decision decision) {
        return decision.verdict() == Decision.Verdict.ALLOWED ? FREE : new Admission(decision, null, null, 0, null);
    }

    /**
     * A decision with what follows from it.
     *
     * @param reserved what is reserved for the call; null if nothing is
     * @param aftermath what follows the end of the call; null if nothing does
     */
    static Admission of(Decision decision, @Nullable Reserved reserved, @Nullable Aftermath aftermath) {
        if (reserved == null && aftermath == null) {
            return unreserved(decision);
        }
        Sequel sequel = reserved == null ? null : new Sequel(reserved, null, null, null, null);
        return new Admission(decision, null, null, 0, sequel, aftermath);
    }

    /**
     * An allowed call that is charged to one bucket.
     *
     * @param count the bucket's count
     * @param taken what was taken from that count
     */
    static Admission charged(LimitHandle bucket, LimitHandle.Count count, long taken) {
        return new Admission(Decision.ALLOWED, bucket, count, taken, null);
    }

    /** A decision that an answer led to, with nothing reserved. */
    static Admission answered(Decision decision, ApprovalAnswer answer) {
        return new Admission(decision, null, null, 0, new Sequel(null, null, answer, null, null));
    }

    /**
     * The admission of a call that goes on and was settled before. Settling it does nothing.
     *
     * @param carried what is known of the call's admission
     * @param call the call as it came again
     * @param trail where its decisions are recorded; null if they are not
     */
    static Admission resumed(CarriedAdmission carried, ToolCall call, @Nullable CallRecord trail) {
        ToolCall instead = carried.instead() == null ? null : call.withArguments(carried.instead());
        Consent yes = carried.agreed().isEmpty() ? null : new Consent(() -> {}, carried.agreed(), carried.context());
        Admission resumed = new Admission(
                Decision.ALLOWED,
                null,
                null,
                0,
                new Sequel(null, trail, null, instead, yes, carried.charged(), new AtomicReference<>()));
        SETTLED.setVolatile(resumed, true);
        return resumed;
    }

    /** What has to be known of this admission so that the call can go on elsewhere. */
    CarriedAdmission carried(CompiledPolicy policy) {
        Consent yes = sequel().yes;
        ToolCall instead = sequel().instead;
        return new CarriedAdmission(
                recordId(),
                settledUnknown(),
                yes == null ? List.of() : yes.rules,
                yes == null ? ObjectValue.EMPTY : policy.read(yes.context),
                instead == null ? null : instead.arguments());
    }

    /** The same admission, with its end recorded. Settle only the returned one. */
    Admission recordedBy(CallRecord trail) {
        Sequel old = sequel();
        Sequel recorded = new Sequel(old.reserved, trail, old.answer, old.instead, old.yes);
        return new Admission(decision, bucket, count, taken, recorded, aftermath());
    }

    /**
     * Takes over what is reserved here. Settling this admission then settles nothing.
     *
     * @param approved the decision
     * @param trail where the end is recorded; null if it is not
     * @param answer the last answer
     * @param instead what is sent in place of the call that was asked about; null if that call itself is sent
     * @param yes what persons have agreed to; given back if the call was never handed over
     */
    Admission handOver(
            Decision approved,
            @Nullable CallRecord trail,
            ApprovalAnswer answer,
            @Nullable ToolCall instead,
            Consent yes) {
        boolean first = SETTLED.compareAndSet(this, false, true);
        Reserved held = sequel().reserved;
        if (held != null) {
            held.hold(Duration.ZERO);
        }
        Sequel taking = new Sequel(held == null ? null : held.handOver(), trail, answer, instead, yes);
        Aftermath after = aftermath();
        endsWith(null);
        return new Admission(approved, first ? bucket : null, count, taken, taking, after);
    }

    /**
     * The reservation made here, under a new decision. Settling either admission settles both.
     *
     * @param anew the new decision
     * @param charges what the new decision charges the call to
     * @param end what follows the end of the call by the new decision; null if nothing does
     * @return null if something else is reserved here
     */
    @Nullable
    Admission under(Decision anew, List<Charge> charges, @Nullable Aftermath end) {
        Reserved held = sequel().reserved;
        if (bucket != null || !charges().equals(charges)) {
            return null;
        }
        Aftermath before = aftermath();
        if (!Objects.equals(before == null ? null : before.wanted(), end == null ? null : end.wanted())) {
            return null;
        }
        if (before != null && end != null) {
            end.takeOver(before);
        }
        return of(anew, held, end);
    }

    /**
     * Takes what the policy says about the end of the call from now on. Each round of a call is decided anew.
     *
     * @param end null if it says nothing
     */
    void endsBy(@Nullable Aftermath end) {
        if (this != FREE) {
            Aftermath before = aftermath();
            endsWith(end);
            if (before != null) {
                before.replaced();
            }
        }
    }

    /**
     * Holds the places that the call has among those that are made at the same time.
     *
     * @param wait how long it may still take until the call is sent
     */
    void hold(Duration wait) {
        Reserved held = sequel().reserved;
        if (held != null) {
            held.hold(wait);
        }
    }

    /**
     * Takes places for one round of a {@linkplain #isResumed resumed} call. The end of the round gives them back.
     *
     * @param places what was reserved for the round
     */
    void takeForRound(Reserved places) {
        AtomicReference<@Nullable Reserved> round = sequel().round;
        if (round == null) {
            throw new IllegalStateException("a call that was not resumed keeps the places that it has");
        }
        round.set(places);
    }

    /** Whether the call was settled before, so that what a round of it takes is settled separately. */
    boolean isResumed() {
        return sequel().round != null;
    }

    /** What is reserved for the call, as far as it is known by keys; empty if it is charged to a bucket alone. */
    List<Charge> charges() {
        Reserved held = sequel().reserved;
        return held == null ? List.of() : held.charges();
    }

    /** What was reserved for the call at any time, as far as it is known by keys. */
    List<Charged> charged() {
        List<Charged> elsewhere = sequel().elsewhere;
        return elsewhere.isEmpty()
                ? charges().stream()
                        // A call that has not failed is not counted by what counts failures.
                        .filter(charge -> charge.mode() != ChargeMode.FAILURES)
                        .map(charge -> new Charged(charge.key(), charge.amount()))
                        .toList()
                : elsewhere;
    }

    /** What is counted of the call once it was settled as unknown. */
    private List<Charged> settledUnknown() {
        return sequel().elsewhere.isEmpty()
                ? charges().stream()
                        .filter(charge -> charge.mode() != ChargeMode.FAILURES)
                        .map(charge -> new Charged(charge.key(), charge.counted(CallOutcome.UNKNOWN, null)))
                        .toList()
                : sequel().elsewhere;
    }

    /** Whether persons have said yes to all these rules, for a call whose context reads as this one's. */
    boolean covers(List<AskingRule> asking, CompiledPolicy policy, ObjectValue context) {
        Consent yes = sequel().yes;
        return yes != null
                && yes.rules.containsAll(asking)
                && policy.read(yes.context).equals(policy.read(context));
    }

    /** The record of the call; null if its decisions are not recorded. */
    @Nullable
    CallRecord record() {
        return sequel().trail;
    }

    /** Returns the id under which the call is on record; empty if it isn't. */
    public String recordId() {
        CallRecord record = record();
        return record == null ? "" : record.id();
    }

    /** Returns the same admission, or an equal one of its own if several calls share this one. */
    @SuppressWarnings("ReferenceEquality") // this very object
    public Admission unshared() {
        return this == FREE ? new Admission(decision, null, null, 0, null) : this;
    }

    /** Returns whether the policy says or counts something of the answer to the call. If not, no one need read it. */
    public boolean judgesAnswer() {
        if (aftermath() != null) {
            return true;
        }
        Reserved held = sequel().reserved;
        return held != null && held.readsAnswer();
    }

    /**
     * Takes the answer to the call, before its caller sees it: judges it by the rules on results, settles the call, and
     * does what follows.
     *
     * @param came the answer
     * @param end how the call has ended by it; null if the call may go on, and is not settled by this answer
     * @return what the caller may see. Never completes exceptionally. Complete already, unless the policy has to ask
     *     the host or another machine
     */
    public CompletionStage<JudgedResult> answered(CallResult came, @Nullable CallOutcome end) {
        Aftermath after = aftermath();
        if (after == null) {
            if (end != null) {
                settleLimits(end, came);
            }
            return CompletableFuture.completedFuture(JudgedResult.passed(came));
        }
        if (end == null) {
            return after.judge(came).thenCompose(judged -> {
                recordResult(after, judged);
                return after.goOn(came, judged, record());
            });
        }
        if (!after.claim()) {
            return CompletableFuture.completedFuture(after.late(came));
        }
        return after.judge(came).thenCompose(judged -> {
            recordResult(after, judged);
            // An error that is withheld reaches the caller as a result, and what the call took stays taken.
            boolean withheld = end == CallOutcome.FAILED && !judged.decision().allowed();
            CallOutcome settled = withheld ? CallOutcome.TOOL_ERROR : end;
            settleLimits(settled, came);
            return after.finish(settled, came, judged, record());
        });
    }

    private void recordResult(Aftermath after, JudgedResult judged) {
        CallRecord record = after.judgesResult() ? record() : null;
        if (record != null) {
            record.judged(judged);
        }
    }

    private Sequel sequel() {
        Sequel sequel = sequelIn(rest);
        return sequel == null ? Sequel.NONE : sequel;
    }

    private static @Nullable Sequel sequelIn(@Nullable Object rest) {
        return rest instanceof Sequel alone ? alone : rest instanceof Both both ? both.sequel : null;
    }

    /** What the policy says about the end of the call; null if it says nothing. */
    private @Nullable Aftermath aftermath() {
        Object all = rest;
        return all instanceof Aftermath alone ? alone : all instanceof Both both ? both.aftermath : null;
    }

    private void endsWith(@Nullable Aftermath end) {
        Object before = rest;
        if (before != null || end != null) {
            rest = rest(sequelIn(before), end);
        }
    }

    private static @Nullable Object rest(@Nullable Sequel sequel, @Nullable Aftermath aftermath) {
        if (aftermath == null) {
            return sequel;
        }
        return sequel == null ? aftermath : new Both(sequel, aftermath);
    }

    /**
     * Returns whether settling this admission means anything. If not, its holder need not find out how the call ends.
     */
    public boolean isOpen() {
        return bucket != null || rest != null;
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
        return sequel().answer;
    }

    /**
     * Returns the call to send. If a person approved another call in place of {@code asked}, and the
     * {@link AdmitOptions} allow that, it is the approved call; otherwise it is {@code asked}.
     *
     * @param asked the call that was asked about
     */
    public ToolCall toSend(ToolCall asked) {
        ToolCall instead = sequel().instead;
        return instead == null ? asked : instead;
    }

    /**
     * Reports that the call is being handed to the transport now. Call it before handing the call over, because a
     * transport may send a call and still fail. From then on a person's yes is used up, even if the call ends as
     * {@link #unsent()}. If no person was asked, this does nothing.
     */
    public void handedOver() {
        Consent yes = sequel().yes;
        if (yes != null) {
            yes.spent.set(true);
        }
    }

    /**
     * Reports that the server answered with {@code input_required}: the call has begun, and may go on in another round,
     * which {@link PolicyEngine#continueAsync} decides. From then on the call counts as unknown where it would count as
     * {@link #unsent()}.
     */
    public void inputRequired() {
        if (isOpen()) {
            begun = true;
        }
    }

    /** Reports that the server answered with a result. */
    public void succeeded() {
        settle(CallOutcome.SUCCEEDED);
    }

    /**
     * Reports that the server answered with a result, and what the call has used up. A host that has the result itself
     * gives it to {@link #answered} after {@link #used}.
     */
    public void succeeded(CallUsage usage) {
        used(usage);
        settle(CallOutcome.SUCCEEDED);
    }

    /**
     * Tells what the call has used up, before its end is reported; the last report counts. Limits whose amounts come
     * afterwards count it, unless the call fails or was never sent.
     */
    public void used(CallUsage usage) {
        Reserved reserved = sequel().reserved;
        if (reserved != null) {
            reserved.used(usage);
        }
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
        Aftermath after = aftermath();
        if (after != null) {
            after.ended(begun && outcome == CallOutcome.UNSENT ? CallOutcome.UNKNOWN : outcome, record());
        }
        settleLimits(outcome, null);
    }

    private void settleLimits(CallOutcome outcome, @Nullable CallResult came) {
        Sequel sequel = sequelIn(rest);
        if (bucket == null && sequel == null) {
            return;
        }
        if (sequel != null && sequel.round != null) {
            Reserved places = sequel.round.getAndSet(null);
            if (places != null) {
                places.settle(outcome, came);
            }
        }
        CallOutcome end = begun && outcome == CallOutcome.UNSENT ? CallOutcome.UNKNOWN : outcome;
        boolean gives = bucket != null && bucket.givesBack(end);
        if (!gives && sequel == null) {
            // Nothing is given back. A plain release is enough to block a later outcome that would.
            SETTLED.setRelease(this, true);
        } else if (SETTLED.compareAndSet(this, false, true)) {
            if (gives && bucket != null && count != null) {
                bucket.settle(count, taken, end);
            }
            if (sequel != null) {
                settle(sequel, end, came);
            }
        }
    }

    private static void settle(Sequel sequel, CallOutcome outcome, @Nullable CallResult came) {
        if (sequel.reserved != null) {
            sequel.reserved.settle(outcome, came);
        }
        Consent yes = sequel.yes;
        if (yes != null && outcome == CallOutcome.UNSENT && yes.spent.compareAndSet(false, true)) {
            yes.giveBack.run();
        }
        if (sequel.trail != null) {
            sequel.trail.settled(outcome);
        }
    }
}
