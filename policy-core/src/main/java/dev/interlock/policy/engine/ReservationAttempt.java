package dev.interlock.policy.engine;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The reservation for one call that is being decided. It is open while something is left to reserve. The same steps
 * work for a limiter that answers at once and one that answers later.
 *
 * <p>A limit whose rule is only audited must not stop the call. If it has no room, that is recorded, and it counts the
 * call all the same, past its maximum. So does each limit of a call that is denied by what is only recorded.
 */
final class ReservationAttempt {

    private static final Reservation.NotGranted BEYOND_COUNTING =
            new Reservation.NotGranted(-1, Reservation.Reason.TOO_LARGE, null);

    private final ToolPlan plan;
    private final ToolCall call;
    private final CounterSnapshot counters;
    private final Supplier<String> ids;
    /** The limits that are left to reserve. */
    private final List<CompiledLimit> slots = new ArrayList<>();

    private final List<Charge> charges = new ArrayList<>();
    private Decision decision;
    private Reservation.@Nullable Granted granted;
    private boolean open;

    /** The room in the session that is left to reserve; null if none is. */
    private @Nullable MarkClaim claim;

    private MarkRoom.@Nullable Kept room;

    /**
     * @param checked what the plan's {@linkplain ToolPlan#check checks} say about the call
     * @param counters the counters that the checks have read
     */
    ReservationAttempt(ToolPlan plan, ToolCall call, Decision checked, CounterSnapshot counters, Supplier<String> ids) {
        this(plan, call, counters, checked, ids);
        claim = isDenied() ? null : plan.marks().claim(call);
        if (isDenied()) {
            return;
        }
        for (CompiledLimit slot : plan.slots()) {
            if (!slot.applies(call, counters)) {
                continue;
            }
            Charge charge = slot.charge(call);
            if (charge != null) {
                slots.add(slot);
                charges.add(charge);
            } else {
                refuse(slot, refusal(slot, BEYOND_COUNTING));
                if (stops(slot)) {
                    return;
                }
            }
        }
        open = !slots.isEmpty();
    }

    /** Whether the call is not made, whatever comes. */
    private boolean isDenied() {
        return decision.verdict() == Verdict.DENIED && !decision.audited() && !plan.audits();
    }

    /** An attempt for inspection only: it is charged to all limits that apply, whatever the checks say. */
    static ReservationAttempt ofEveryLimit(
            ToolPlan plan, ToolCall call, CounterSnapshot counters, Supplier<String> ids) {
        ReservationAttempt attempt = new ReservationAttempt(plan, call, counters, Decision.ALLOWED, ids);
        for (CompiledLimit slot : plan.slots()) {
            Charge charge = slot.applies(call, counters) ? slot.charge(call) : null;
            if (charge != null) {
                attempt.slots.add(slot);
                attempt.charges.add(charge);
            }
        }
        attempt.open = !attempt.slots.isEmpty();
        return attempt;
    }

    /** An attempt for another round of a call that has been settled: it takes the places of calls at the same time. */
    static ReservationAttempt ofPlaces(
            ToolPlan plan, ToolCall call, Decision checked, CounterSnapshot counters, Supplier<String> ids) {
        ReservationAttempt attempt = new ReservationAttempt(plan, call, checked, counters, ids);
        for (int i = attempt.slots.size() - 1; i >= 0; i--) {
            if (!attempt.slots.get(i).isConcurrency()) {
                attempt.slots.remove(i);
                attempt.charges.remove(i);
            }
        }
        attempt.open &= !attempt.slots.isEmpty();
        return attempt;
    }

    private ReservationAttempt(
            ToolPlan plan, ToolCall call, CounterSnapshot counters, Decision checked, Supplier<String> ids) {
        this.plan = plan;
        this.call = call;
        this.counters = counters;
        this.ids = ids;
        this.decision = checked;
    }

    boolean isOpen() {
        return open;
    }

    Decision decision() {
        return plan.told(decision);
    }

    /** The decision if an audited limit has no room. It must not replace a question. */
    private static Decision recorded(Decision decision, Decision refusal) {
        boolean open = decision.verdict() == Verdict.ALLOWED
                || (decision.audited() && decision.verdict() == Verdict.NEEDS_APPROVAL);
        return open ? refusal : decision;
    }

    List<Charge> charges() {
        return charges;
    }

    Batch batch() {
        return new Batch(ids.get(), charges);
    }

    /** Processes the limiter's answer to {@link #batch}. */
    void take(Reservation answer) {
        if (answer instanceof Reservation.Granted reservation) {
            granted = reservation;
            open = false;
            return;
        }
        Reservation.NotGranted refused = (Reservation.NotGranted) answer;
        CompiledLimit slot = slots.get(Math.max(0, refused.charge()));
        refuse(slot, refusal(slot, refused));
        if (stops(slot)) {
            open = false;
            return;
        }
        boolean full =
                refused.reason() == Reservation.Reason.NO_ROOM || refused.reason() == Reservation.Reason.TOO_LARGE;
        for (int i = slots.size() - 1; i >= 0; i--) {
            // Under a policy that only records, what it would enforce is told before what it would not.
            if (!slot.denials().audited() || slots.get(i).denials().audited()) {
                if (full && !charges.get(i).unchecked()) {
                    charges.set(i, charges.get(i).withoutCheck());
                } else if (!full && (refused.charge() < 0 || refused.charge() == i)) {
                    // There is no place for its key, or nothing can be counted at all.
                    slots.remove(i);
                    charges.remove(i);
                }
            }
        }
        open = !slots.isEmpty();
    }

    /** The room in the session that is left to reserve, before any limit is; null if none is. */
    @Nullable
    MarkClaim claim() {
        return isDenied() ? null : claim;
    }

    /** Processes the memory's answer to {@link #claim}. */
    void take(MarkRoom answer) {
        if (answer instanceof MarkRoom.Kept kept) {
            claim = null;
            room = kept;
        } else {
            refuse(((MarkRoom.None) answer).reason());
        }
    }

    /**
     * Takes no room in the session, only to see what would be decided.
     *
     * @param reason why there would be none; null if there would be some
     */
    void foresee(MarkRoom.@Nullable Shortage reason) {
        if (reason == null) {
            claim = null;
        } else {
            refuse(reason);
        }
    }

    private void refuse(MarkRoom.Shortage reason) {
        MarkClaim asked = Objects.requireNonNull(claim, "claim");
        claim = null;
        Decision refusal = refusal(plan, reason);
        if (!plan.audits()) {
            decision = refusal;
            open = false;
            return;
        }
        decision = recorded(decision, refusal);
        if (reason == MarkRoom.Shortage.TOO_MANY_VALUES && !asked.values().isEmpty()) {
            claim = new MarkClaim(asked.session(), asked.caller(), Map.of());
        }
    }

    /** The denial of a call for which there is no room in its session. */
    static Decision refusal(ToolPlan plan, MarkRoom.Shortage reason) {
        DenialFactory denials = Objects.requireNonNull(plan.markDenials(), "a plan that sets marks");
        return denials.because(
                Code.MARK,
                switch (reason) {
                    case TOO_MANY_SESSIONS -> Messages.TOO_MANY_SESSIONS;
                    case TOO_MANY_VALUES -> Messages.tooManyValues(denials.rule());
                    case UNAVAILABLE -> Messages.MEMORY_UNAVAILABLE;
                });
    }

    /** Whether a call is not made if this limit has no room. */
    private boolean stops(CompiledLimit slot) {
        return !plan.audits() && !slot.denials().audited();
    }

    private void refuse(CompiledLimit slot, Decision refusal) {
        decision = refused(decision, slot, refusal);
    }

    /** The decision if a limit has no room. The first denial that would stop the call is the one that is told. */
    private static Decision refused(Decision before, CompiledLimit slot, Decision refusal) {
        if (slot.denials().audited()) {
            return recorded(before, refusal);
        }
        return before.verdict() == Verdict.DENIED && !before.audited() ? before : refusal;
    }

    /** The decision if the limits stand as {@code usages} says. Reserves nothing. */
    Decision foresee(List<Usage> usages) {
        Decision foreseen = decision;
        for (int i = 0; i < slots.size(); i++) {
            CompiledLimit slot = slots.get(i);
            if (hasRoom(usages.get(i))) {
                continue;
            }
            Decision refusal = refusal(slot, refused(i, usages.get(i)));
            foreseen = refused(foreseen, slot, refusal);
            if (stops(slot)) {
                return plan.told(foreseen);
            }
        }
        return plan.told(foreseen);
    }

    List<ExplainedStep> explain(List<Usage> usages) {
        List<ExplainedStep> steps = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            CompiledLimit slot = slots.get(i);
            Usage usage = usages.get(i);
            Decision refusal = hasRoom(usage) ? null : refusal(slot, refused(i, usage));
            String text = counts(slot, charges.get(i))
                    + (slot.mode() == ChargeMode.FAILURES ? " if it fails" : "")
                    + "; used " + usage.used()
                    + (slot.rule().max() == null ? " " : " of ") + slot.text()
                    + (usage.room() == null ? "" : ", room for " + usage.room());
            steps.add(plan.told(new ExplainedStep(
                    CallCheck.result(refusal),
                    slot.denials().rule().name() + ": " + text,
                    slot.denials().rule().place(),
                    List.of())));
        }
        return steps;
    }

    private static String counts(CompiledLimit slot, Charge charge) {
        LaterAmount later = slot.later();
        if (later != null) {
            return "counts " + later.text() + " when the call has ended, holds " + later.held() + " until then";
        }
        return slot.isConcurrency() ? "takes a place" : "counts " + charge.amount();
    }

    /** What was reserved; null if nothing was. */
    @Nullable
    Reserved reserved(RateLimiter limiter, EngineListener listener, @Nullable UsageMeter meter) {
        return granted == null
                ? null
                : new Reserved(call, charges, limiter, granted, listener, later(), later() == null ? null : meter);
    }

    /** The amounts that are known only when the call has ended, by charge; null if there are none. */
    private @Nullable List<@Nullable LaterAmount> later() {
        List<@Nullable LaterAmount> later = null;
        for (int i = 0; i < slots.size(); i++) {
            LaterAmount amount = slots.get(i).later();
            if (amount != null && later == null) {
                later = new ArrayList<>(slots.size());
                for (int before = 0; before < i; before++) {
                    later.add(null);
                }
            }
            if (later != null) {
                later.add(amount);
            }
        }
        return later;
    }

    Admission admission(RateLimiter limiter, EngineListener listener, @Nullable UsageMeter meter, CallEnds ends) {
        Decision made = decision();
        Aftermath after = aftermath(ends);
        if (after == null) {
            giveBack(ends);
        }
        return Admission.of(made, reserved(limiter, listener, meter), after);
    }

    /** Gives back the room that was reserved in the session. */
    void giveBack(CallEnds ends) {
        MarkRoom.Kept kept = room;
        room = null;
        if (kept != null) {
            ends.giveBack(call, kept);
        }
    }

    /** What follows the end of the call; null if nothing does, or the call is denied. */
    @Nullable
    Aftermath aftermath(CallEnds ends) {
        Decision made = decision();
        return made.allowed() || made.asks() ? ends.of(plan, call, counters, room) : null;
    }

    private static boolean hasRoom(Usage usage) {
        Duration wait = usage.retryAfter();
        return wait != null && wait.isZero();
    }

    private static Reservation.NotGranted refused(int index, Usage usage) {
        return new Reservation.NotGranted(
                index,
                usage.retryAfter() == null ? Reservation.Reason.TOO_LARGE : Reservation.Reason.NO_ROOM,
                usage.retryAfter());
    }

    private static Decision refusal(CompiledLimit slot, Reservation.NotGranted refused) {
        LimitRule rule = slot.rule();
        RuleRef ref = slot.denials().rule();
        boolean full =
                refused.reason() == Reservation.Reason.NO_ROOM || refused.reason() == Reservation.Reason.TOO_LARGE;
        if (full && slot.isConcurrency()) {
            // No clock tells when one of the calls will end.
            return slot.denials().because(Code.CONCURRENCY, Messages.concurrency(slot.text(), ref));
        }
        Decision denied = switch (refused.reason()) {
            case NO_ROOM -> slot.denials().because(Code.LIMIT, Messages.limit(slot.text(), ref, refused.retryAfter()));
            case TOO_LARGE -> slot.denials().because(Code.LIMIT, Messages.tooLarge(rule, ref));
            case TOO_MANY_KEYS ->
                slot.denials()
                        .withMessage(Messages.TOO_MANY_KEYS)
                        .because(Code.LIMITER_UNAVAILABLE, Messages.TOO_MANY_KEYS);
            case UNAVAILABLE ->
                slot.denials()
                        .withMessage(Messages.LIMITER_UNAVAILABLE)
                        .because(Code.LIMITER_UNAVAILABLE, Messages.LIMITER_UNAVAILABLE);
        };
        return denied.retryAfter(refused.retryAfter());
    }
}
