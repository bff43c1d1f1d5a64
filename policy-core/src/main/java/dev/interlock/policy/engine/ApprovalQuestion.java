package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One request to the handler about a call. */
final class ApprovalQuestion {

    /**
     * A yes that was received.
     *
     * @param whom the handler that was asked
     * @param request the question
     * @param answer the answer
     * @param returned whether it was given back, which happens once
     */
    record Yes(ApprovalHandler whom, ApprovalRequest request, ApprovalAnswer.Approved answer, AtomicBoolean returned) {}

    /** Whether a call that may have to wait for an answer occupies a place among those waiting. */
    private enum Place {
        NONE,
        TAKEN,
        LEFT
    }

    private final Approvals approvals;
    private final ApprovalWait wait;
    private final PendingApproval asked;
    private final ToolCall call;
    private final List<Yes> yeses;

    private Decision question;
    private @Nullable CallRecord trail;
    private @Nullable ApprovalHandler whom;
    private @Nullable ApprovalRequest request;
    private long deadline;

    private volatile Runnable silence = () -> {};
    /** Whether another question has replaced this one. */
    private volatile boolean over;

    ApprovalQuestion(
            Approvals approvals,
            ApprovalWait wait,
            PendingApproval asked,
            List<Yes> yeses,
            @Nullable CallRecord trail) {
        this.approvals = approvals;
        this.wait = wait;
        this.asked = asked;
        this.call = asked.call();
        this.yeses = yeses;
        this.trail = trail;
        this.question = asked.held().decision();
    }

    /** Denies the call if {@code step} throws, so that no caller waits forever. */
    void guarded(Runnable step) {
        try {
            step.run();
        } catch (Throwable e) {
            failed(e);
        }
    }

    // ---- asking

    void begin(ApprovalAnswer.@Nullable Approved answer) {
        ApprovalHandler handler = approvals.handlerFor(wait.options);
        whom = handler;
        List<AskingRule> open = open(question, yeses);
        question = Approvals.question(handler.asksForAllRules() ? open : open.subList(0, 1));
        if (approvals.recorder != null && !isRecorded(approvals.recorder, answer)) {
            if (wait.claim()) {
                putBack();
                wait.result.complete(Admission.unreserved(AuditRecorder.unavailable()));
            }
            return;
        }
        put(handler);
    }

    private boolean isRecorded(AuditRecorder by, ApprovalAnswer.@Nullable Approved answer) {
        CallRecord known = trail;
        if (known == null) {
            trail = by.asked(call, asked.policy(), question, asked.startNanos());
            return trail != null;
        }
        if (known.decided(question, Outcome.ASKED, answer)) {
            return true;
        }
        known.unavailable();
        return false;
    }

    private void put(ApprovalHandler handler) {
        Decision suspension = approvals.opened(this);
        wait.atEnd((admission, failure) -> guarded(() -> closed(failure != null)));
        if (suspension != null) {
            suspended(suspension);
            return;
        }
        long now = approvals.time.monotonicNanos();
        long nanos = Math.min(Approvals.nanos(shortest(question.asking())), wait.callerDeadline - now);
        deadline = now + nanos;
        if (nanos <= 0 || wait.isOver()) {
            deny(Messages.unasked(question), Outcome.DENIED, null);
            return;
        }
        asked.held().hold(Duration.ofNanos(nanos));
        ApprovalRequest put = request(Duration.ofNanos(nanos));
        request = put;
        // A handler in plain Java may return null all the same.
        await(Objects.requireNonNull(handler.ask(put), "the approval handler returned null"));
    }

    private ApprovalRequest request(Duration patience) {
        return new ApprovalRequest(
                call.tool(),
                call.server(),
                call.identity(),
                call.session(),
                call.arguments(),
                call.parameters(),
                call.context(),
                asked.policy().read(call.context()),
                question.asking(),
                question.message(),
                approvals.engine.rating(call),
                asked.policy().ref(),
                patience,
                Unwrapping.calls(asked.policy(), call),
                call.request() != null);
    }

    private void await(CompletionStage<ApprovalAnswer> stage) {
        // The place is given up before the answer is processed: the answer may lead to another question, which
        // needs a place too.
        AtomicReference<Place> place = new AtomicReference<>(Place.NONE);
        stage.whenComplete((answer, failure) -> {
            leave(place);
            guarded(() -> answered(answer, failure));
        });
        if (over || wait.result.isDone()) {
            return;
        }
        boolean crowded = approvals.waiting.incrementAndGet() > approvals.maxWaiting;
        if (!place.compareAndSet(Place.NONE, Place.TAKEN)) {
            approvals.waiting.decrementAndGet();
            crowded = false;
        }
        wait.atEnd((admission, failure) -> {
            leave(place);
            if (stage instanceof CompletableFuture<?> future) {
                future.cancel(true);
            }
        });
        if (crowded) {
            deny(Messages.unasked(question, "too many calls wait for an answer already"), Outcome.DENIED, null);
            return;
        }
        silence = approvals.alarm.in(
                Duration.ofNanos(Math.max(0, deadline - approvals.time.monotonicNanos())), this::expired);
        if (over || wait.result.isDone()) {
            silence.run();
        }
    }

    private void leave(AtomicReference<Place> place) {
        if (place.getAndSet(Place.LEFT) == Place.TAKEN) {
            approvals.waiting.decrementAndGet();
        }
    }

    // ---- ways to end

    private void closed(boolean cancelled) {
        approvals.closed(this);
        silence.run();
        if (cancelled) {
            // Also if an answer is being processed right now: its result can't be handed out any more.
            asked.held().unsent();
            if (!over && wait.claim()) {
                giveBackYeses();
                record(Approvals.denied(question, Messages.abandoned(question)), Outcome.REFUSED, null);
            }
        }
    }

    /** Ends the wait because every call is denied from now on. */
    void suspended(Decision suspension) {
        guarded(() -> {
            if (!over) {
                end(suspension, Outcome.REFUSED, null);
            }
        });
    }

    private void expired() {
        guarded(() -> {
            if (!over) {
                deny(unanswered(), Outcome.REFUSED, null);
            }
        });
    }

    private void failed(Throwable failure) {
        report(failure);
        Decision denied = Approvals.denied(question, Messages.unasked(question));
        try {
            end(denied, Outcome.DENIED, null);
        } catch (Throwable e) {
            report(e);
        } finally {
            // Does nothing if the result is already complete. Any step that comes later gives back what it holds.
            wait.result.complete(Admission.unreserved(denied));
        }
    }

    private String unanswered() {
        return Messages.unanswered(question, request == null ? Duration.ZERO : request.patience());
    }

    private void answered(@Nullable ApprovalAnswer answer, @Nullable Throwable failure) {
        if (answer instanceof ApprovalAnswer.Approved yes) {
            heed(yes);
        } else if (wait.isOver()) {
            // Too late, or we withdrew the question.
            return;
        } else if (failure != null) {
            failed(failure);
        } else if (answer instanceof ApprovalAnswer.Refused no) {
            deny(Messages.refused(question, no.reason()), Outcome.REFUSED, no);
        } else if (answer instanceof ApprovalAnswer.Unasked unasked) {
            deny(Messages.unasked(question, unasked.reason()), Outcome.DENIED, unasked);
        } else if (answer instanceof ApprovalAnswer.Pending ticket) {
            String text = Messages.pending(question, ticket.ticket(), ticket.validFor());
            end(question.answered(Verdict.NEEDS_APPROVAL, Code.APPROVAL_PENDING, text), Outcome.ASKED, ticket);
        } else {
            failed(new NullPointerException("the approval handler answered null"));
        }
    }

    private void deny(String message, Outcome outcome, @Nullable ApprovalAnswer answer) {
        end(Approvals.denied(question, message), outcome, answer);
    }

    /** Ends without making the call. Nothing stays reserved for it. */
    private void end(Decision decision, Outcome outcome, @Nullable ApprovalAnswer answer) {
        if (wait.claim()) {
            putBack();
            record(decision, outcome, answer);
            wait.result.complete(
                    answer == null ? Admission.unreserved(decision) : Admission.answered(decision, answer));
        }
    }

    /** Gives back all that this question holds. */
    private void putBack() {
        asked.held().unsent();
        giveBackYeses();
    }

    private void giveBackYeses() {
        yeses.forEach(this::giveBack);
    }

    // ---- yes

    private void heed(ApprovalAnswer.Approved answer) {
        Yes yes = new Yes(
                Objects.requireNonNull(whom, "an answer has somebody who was asked"),
                Objects.requireNonNull(request, "an answer has a question"),
                answer,
                new AtomicBoolean());
        if (over || wait.isOver() || isLate()) {
            giveBack(yes);
            if (!over) {
                deny(unanswered(), Outcome.REFUSED, null);
            }
            return;
        }
        if (answer.arguments() != null && !wait.options.narrower()) {
            giveBack(yes);
            deny(Messages.otherwiseApproved(question), Outcome.REFUSED, answer);
            return;
        }
        CompiledPolicy now = approvals.engine.current();
        boolean overtaken = !now.policy().equals(asked.policy().policy());
        ToolCall next =
                overtaken ? wait.original : answer.arguments() == null ? call : call.withArguments(answer.arguments());
        long start = approvals.time.monotonicNanos();
        Admission kept = approvals.engine.decideAnew(now, next, asked.held());
        if (kept != null) {
            goOn(new PendingApproval(now, next, kept, start), overtaken, yes);
        } else {
            asked.held().unsent();
            approvals
                    .engine
                    .reserveAsync(now, next)
                    .thenAccept(anew -> goOn(new PendingApproval(now, next, anew, start), overtaken, yes));
        }
    }

    /** Continues with a new decision on the call, or on the call that replaces it. Never throws. */
    private void goOn(PendingApproval anew, boolean overtaken, Yes yes) {
        try {
            if (overtaken) {
                startOver(anew, yes);
            } else {
                decided(anew, yes);
            }
        } catch (Throwable e) {
            anew.held().unsent();
            giveBack(yes);
            giveBackYeses();
            failed(e);
        }
    }

    private void decided(PendingApproval anew, Yes yes) {
        Decision decision = anew.held().decision();
        List<Yes> given = new ArrayList<>();
        if (yes.answer().arguments() == null) {
            given.addAll(yeses);
        }
        given.add(yes);
        if (isLate() || wait.isOver()) {
            anew.held().unsent();
            giveBack(yes);
            deny(unanswered(), Outcome.REFUSED, null);
        } else if (!decision.asks() && !decision.allowed()) {
            giveBack(yes);
            end(decision, Outcome.of(decision), yes.answer());
        } else if (!open(decision, given).isEmpty()) {
            if (yes.answer().arguments() != null && wait.changedTooOften()) {
                anew.held().unsent();
                giveBack(yes);
                deny(Messages.changedTooOften(question), Outcome.REFUSED, yes.answer());
                return;
            }
            askFurther(anew, given, yes);
        } else {
            pass(anew, given, yes.answer());
        }
    }

    private void askFurther(PendingApproval anew, List<Yes> given, Yes yes) {
        over = true;
        silence.run();
        if (!given.containsAll(yeses)) {
            giveBackYeses();
        }
        wait.ask(anew, given, trail == null ? null : trail.goingOnWith(anew.call()), yes.answer());
    }

    /** Starts over under a policy that no answer covers. */
    private void startOver(PendingApproval anew, Yes yes) {
        Admission admission = anew.held();
        giveBack(yes);
        giveBackYeses();
        if (wait.isOver()) {
            admission.unsent();
        } else if (admission.decision().asks()) {
            record(Approvals.denied(question, Messages.overtaken(question)), Outcome.REFUSED, null);
            over = true;
            silence.run();
            wait.ask(anew, List.of(), null, null);
        } else if (wait.claim()) {
            if (!admission.decision().allowed()) {
                asked.held().unsent();
            }
            record(Approvals.denied(question, Messages.overtaken(question)), Outcome.REFUSED, null);
            complete(
                    approvals.recorder == null
                            ? admission
                            : approvals.recorder.decided(anew.call(), anew.policy(), admission, anew.startNanos()));
        } else {
            admission.unsent();
        }
    }

    /**
     * Lets the call be made.
     *
     * @param anew what will be sent, and what is reserved for it
     * @param given every yes that was needed
     */
    private void pass(PendingApproval anew, List<Yes> given, ApprovalAnswer.Approved last) {
        if (!wait.claim()) {
            anew.held().unsent();
            given.forEach(this::giveBack);
            return;
        }
        if (!given.containsAll(yeses)) {
            giveBackYeses();
        }
        ToolCall sent = anew.call();
        Decision approved = question.answered(Verdict.ALLOWED, Code.APPROVED, "");
        CallRecord follow = trail == null || sent == call ? trail : trail.goingOnWith(sent);
        if (follow != null && !follow.decided(approved, Outcome.APPROVED, last)) {
            anew.held().unsent();
            given.forEach(this::giveBack);
            wait.result.complete(Admission.answered(follow.unavailable(), last));
            return;
        }
        ToolCall instead = sent == wait.original ? null : sent;
        List<AskingRule> agreed =
                given.stream().flatMap(yes -> yes.request().rules().stream()).toList();
        Admission.Consent yes = new Admission.Consent(() -> given.forEach(this::giveBack), agreed, sent.context());
        complete(anew.held().handOver(approved, follow, last, instead, yes));
    }

    private void complete(Admission admission) {
        if (!wait.result.complete(admission)) {
            admission.unsent();
        }
    }

    private boolean isLate() {
        return approvals.time.monotonicNanos() - deadline >= 0;
    }

    private void giveBack(Yes yes) {
        if (!yes.returned().compareAndSet(false, true)) {
            return;
        }
        try {
            yes.whom().unsent(yes.request(), yes.answer());
        } catch (Throwable e) {
            report(e);
        }
    }

    // ---- records and reports

    private void record(Decision decision, Outcome outcome, @Nullable ApprovalAnswer answer) {
        if (trail != null) {
            trail.decided(decision, outcome, answer);
        }
    }

    private void report(Throwable failure) {
        if (approvals.recorder != null) {
            approvals.recorder.failed(call, failure);
        }
        approvals.listener.failed(call, failure);
    }

    /** The rules that ask and have no yes yet. */
    private static List<AskingRule> open(Decision decision, List<Yes> yeses) {
        List<AskingRule> open = new ArrayList<>(decision.asking());
        yeses.forEach(yes -> open.removeAll(yes.request().rules()));
        return open;
    }

    private static Duration shortest(List<AskingRule> rules) {
        return rules.stream().map(AskingRule::timeout).min(Duration::compareTo).orElseThrow();
    }
}
