package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a person about calls, and makes sure that a yes admits exactly what was asked about.
 *
 * <p>While a call waits, its reservation is kept. Several things may happen at the same time: an answer, the deadline,
 * a caller that gives up. The first of them claims the end of the inquiry. The others find it claimed and give back
 * what they hold. So a yes that comes a moment too late reserves nothing and sends nothing.
 *
 * <p>A yes covers the call, its context, the rules that were named, and the policy. Because a person takes time to
 * answer, the call is decided again when the yes arrives:
 *
 * <ul>
 *   <li>A denial denies.
 *   <li>If a rule asks now that has not been answered for this call, it is asked for.
 *   <li>Under another policy, no earlier yes is valid, and the call starts over.
 *   <li>A yes to other arguments covers a call with those arguments; earlier yeses do not.
 * </ul>
 *
 * <p>The new decision keeps the reservation if the call would reserve the same again and the policy reads no counts
 * that include it. Otherwise the reservation is given back first: then the call is never counted twice, but another
 * call may take the place.
 */
final class Approvals {

    /** How often answers to one call may change its arguments in such a way that another question follows. */
    private static final int MOST_CHANGES = 16;

    /** Practically forever, but still a number of nanoseconds that can be added to a clock reading. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final PolicyEngine engine;
    private final @Nullable ApprovalHandler handler;
    private final TimeSource time;
    private final Alarm alarm;
    private final EngineListener listener;
    private final @Nullable AuditRecorder recorder;
    private final int maxWaiting;
    private final AtomicInteger waiting = new AtomicInteger();

    Approvals(
            PolicyEngine engine,
            PolicyEngine.Builder builder,
            @Nullable ApprovalHandler handler,
            @Nullable AuditRecorder recorder) {
        this.engine = engine;
        this.handler = handler;
        this.time = builder.time();
        this.alarm = builder.alarm();
        this.maxWaiting = builder.maxWaitingForApproval();
        this.listener = builder.listener();
        this.recorder = recorder;
    }

    /** Whether there is a handler to ask for a caller with these options. */
    boolean canAsk(AdmitOptions options) {
        return handler != null || options.first() != null;
    }

    /** The question that these rules ask. */
    static Decision question(List<AskingRule> asking) {
        AskingRule first = asking.get(0);
        return new Decision(
                Verdict.NEEDS_APPROVAL,
                Code.APPROVAL,
                new RuleRef(first.name(), first.place()),
                asking.size() == 1 ? first.message() : Messages.questions(asking),
                null,
                false,
                asking);
    }

    /** The denial of a call that needs a person's answer when there is no handler to ask. */
    static Decision unasked(Decision question) {
        return denied(question, Messages.unasked(question));
    }

    /**
     * The handler to ask for a caller with these options. Use it for one question only, because it remembers who has
     * answered.
     */
    private ApprovalHandler handlerFor(AdmitOptions options) {
        ApprovalHandler first = options.first();
        if (first == null) {
            return Objects.requireNonNull(handler, "no handler is set");
        }
        return handler == null ? first : new FallbackApprovalHandler(first, handler);
    }

    /** Until when a caller with these options waits, by the monotonic clock. Throws whatever the clock throws. */
    long deadline(AdmitOptions options) {
        Duration patience = options.patience();
        return time.monotonicNanos() + nanos(patience == null ? LONGEST : patience);
    }

    /** Asks about a call and waits for the answer on this thread. */
    Admission await(PendingApproval asked) {
        CompletableFuture<Admission> result = ask(asked, AdmitOptions.DEFAULT);
        try {
            return result.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (!result.cancel(false)) {
                return result.join();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("an admission never fails", e);
        }
        Decision question = asked.held().decision();
        return Admission.unreserved(denied(question, Messages.abandoned(question)));
    }

    /** Asks about a call. Never throws. */
    CompletableFuture<Admission> ask(PendingApproval asked, AdmitOptions options) {
        CompletableFuture<Admission> result = new CompletableFuture<>();
        try {
            ask(asked, options, deadline(options), result);
        } catch (Throwable e) {
            // For example, the host's own clock threw. If the question got further than that, the result is already
            // complete.
            asked.held().unsent();
            result.complete(engine.deny(asked.call(), e));
        }
        return result;
    }

    /**
     * Asks about a call.
     *
     * @param deadline until when the caller waits
     * @param result completed with the final admission, never exceptionally; a caller that cancels it stops waiting
     */
    void ask(PendingApproval asked, AdmitOptions options, long deadline, CompletableFuture<Admission> result) {
        new Inquiry(asked.call(), options, deadline, result).ask(asked, List.of(), null, null);
    }

    private static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    private static Decision denied(Decision question, String message) {
        return question.answered(Verdict.DENIED, Code.APPROVAL, message);
    }

    /**
     * A yes that was received.
     *
     * @param whom the handler that was asked
     * @param request the question
     * @param answer the answer
     * @param returned whether it was given back, which happens once
     */
    private record Yes(
            ApprovalHandler whom, ApprovalRequest request, ApprovalAnswer.Approved answer, AtomicBoolean returned) {}

    /** Whether a call that may have to wait for an answer occupies a place among those waiting. */
    private enum Place {
        NONE,
        TAKEN,
        LEFT
    }

    /** The rules that ask and have no yes yet. */
    private static List<AskingRule> open(Decision decision, List<Yes> yeses) {
        List<AskingRule> open = new ArrayList<>(decision.asking());
        yeses.forEach(yes -> open.removeAll(yes.request().rules()));
        return open;
    }

    /** What one caller waits for: one question, or several if several rules ask or something changes meanwhile. */
    private final class Inquiry {
        /** What the caller asked about. The person may be asked about a call that replaces it. */
        private final ToolCall original;

        private final AdmitOptions options;
        private final long callerDeadline;
        private final CompletableFuture<Admission> result;
        private final AtomicBoolean ended = new AtomicBoolean();

        /** How often an answer changed the arguments. */
        private final AtomicInteger changes = new AtomicInteger();

        Inquiry(ToolCall original, AdmitOptions options, long callerDeadline, CompletableFuture<Admission> result) {
            this.original = original;
            this.options = options;
            this.callerDeadline = callerDeadline;
            this.result = result;
        }

        /** Claims the right to complete the result; true for the first caller only. */
        private boolean claim() {
            return ended.compareAndSet(false, true);
        }

        private void atEnd(BiConsumer<? super @Nullable Admission, ? super @Nullable Throwable> action) {
            CompletionStage<Admission> end = result;
            end.whenComplete(action);
        }

        /**
         * Counts an answer that changes the arguments, and tells whether there were too many. Without a bound, answers
         * that lead from one set of arguments to another and back would never end.
         */
        private boolean changedTooOften() {
            return changes.incrementAndGet() > MOST_CHANGES;
        }

        /** Whether it is too late for an answer because something else has ended the wait. */
        private boolean isOver() {
            return ended.get() || result.isDone();
        }

        /**
         * Asks for the rules that have no yes yet.
         *
         * @param yeses the answers so far, to exactly this call
         * @param before the call's record; null if it is not recorded yet
         * @param answer the answer that led to this question; null for the first question
         */
        void ask(
                PendingApproval asked,
                List<Yes> yeses,
                @Nullable CallRecord before,
                ApprovalAnswer.@Nullable Approved answer) {
            Question question = new Question(this, asked, yeses, before);
            question.guarded(() -> question.begin(answer));
        }
    }

    /** One request to the handler about a call. */
    private final class Question {
        private final Inquiry inquiry;
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

        Question(Inquiry inquiry, PendingApproval asked, List<Yes> yeses, @Nullable CallRecord trail) {
            this.inquiry = inquiry;
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
            ApprovalHandler handler = handlerFor(inquiry.options);
            whom = handler;
            List<AskingRule> open = open(question, yeses);
            question = question(handler.asksForAllRules() ? open : open.subList(0, 1));
            if (recorder != null && !isRecorded(recorder, answer)) {
                if (inquiry.claim()) {
                    putBack();
                    inquiry.result.complete(Admission.unreserved(AuditRecorder.unavailable()));
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
            inquiry.atEnd((admission, failure) -> guarded(() -> closed(failure != null)));
            long now = time.monotonicNanos();
            long nanos = Math.min(nanos(shortest(question.asking())), inquiry.callerDeadline - now);
            deadline = now + nanos;
            if (nanos <= 0 || inquiry.isOver()) {
                deny(Messages.unasked(question), Outcome.DENIED, null);
                return;
            }
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
                    engine.rating(call),
                    asked.policy().policy(),
                    patience);
        }

        private void await(CompletionStage<ApprovalAnswer> stage) {
            // The place is given up before the answer is processed: the answer may lead to another question, which
            // needs a place too.
            AtomicReference<Place> place = new AtomicReference<>(Place.NONE);
            stage.whenComplete((answer, failure) -> {
                leave(place);
                guarded(() -> answered(answer, failure));
            });
            if (over || inquiry.result.isDone()) {
                return;
            }
            boolean crowded = waiting.incrementAndGet() > maxWaiting;
            if (!place.compareAndSet(Place.NONE, Place.TAKEN)) {
                waiting.decrementAndGet();
                crowded = false;
            }
            inquiry.atEnd((admission, failure) -> {
                leave(place);
                if (stage instanceof CompletableFuture<?> future) {
                    future.cancel(true);
                }
            });
            if (crowded) {
                deny(Messages.unasked(question, "too many calls wait for an answer already"), Outcome.DENIED, null);
                return;
            }
            silence = alarm.in(Duration.ofNanos(Math.max(0, deadline - time.monotonicNanos())), this::expired);
            if (over || inquiry.result.isDone()) {
                silence.run();
            }
        }

        private void leave(AtomicReference<Place> place) {
            if (place.getAndSet(Place.LEFT) == Place.TAKEN) {
                waiting.decrementAndGet();
            }
        }

        // ---- ways to end

        private void closed(boolean cancelled) {
            silence.run();
            if (cancelled) {
                // Also if an answer is being processed right now: its result can't be handed out any more.
                asked.held().unsent();
                if (!over && inquiry.claim()) {
                    giveBackYeses();
                    record(denied(question, Messages.abandoned(question)), Outcome.REFUSED, null);
                }
            }
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
            Decision denied = denied(question, Messages.unasked(question));
            try {
                end(denied, Outcome.DENIED, null);
            } catch (Throwable e) {
                report(e);
            } finally {
                // Does nothing if the result is already complete. Any step that comes later gives back what it holds.
                inquiry.result.complete(Admission.unreserved(denied));
            }
        }

        private String unanswered() {
            return Messages.unanswered(question, request == null ? Duration.ZERO : request.patience());
        }

        private void answered(@Nullable ApprovalAnswer answer, @Nullable Throwable failure) {
            if (answer instanceof ApprovalAnswer.Approved yes) {
                heed(yes);
            } else if (inquiry.isOver()) {
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
            end(denied(question, message), outcome, answer);
        }

        /** Ends without making the call. Nothing stays reserved for it. */
        private void end(Decision decision, Outcome outcome, @Nullable ApprovalAnswer answer) {
            if (inquiry.claim()) {
                putBack();
                record(decision, outcome, answer);
                inquiry.result.complete(
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
            if (over || inquiry.isOver() || isLate()) {
                giveBack(yes);
                if (!over) {
                    deny(unanswered(), Outcome.REFUSED, null);
                }
                return;
            }
            if (answer.arguments() != null && !inquiry.options.narrower()) {
                giveBack(yes);
                deny(Messages.otherwiseApproved(question), Outcome.REFUSED, answer);
                return;
            }
            CompiledPolicy now = engine.current();
            boolean overtaken = !now.policy().equals(asked.policy().policy());
            ToolCall next = overtaken
                    ? inquiry.original
                    : answer.arguments() == null ? call : call.withArguments(answer.arguments());
            long start = time.monotonicNanos();
            Admission kept = engine.decideAnew(now, next, asked.held());
            if (kept != null) {
                goOn(new PendingApproval(now, next, kept, start), overtaken, yes);
            } else {
                asked.held().unsent();
                engine.reserve(now, next)
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
            if (isLate() || inquiry.isOver()) {
                anew.held().unsent();
                giveBack(yes);
                deny(unanswered(), Outcome.REFUSED, null);
            } else if (!decision.asks() && !decision.allowed()) {
                giveBack(yes);
                end(decision, Outcome.of(decision), yes.answer());
            } else if (!open(decision, given).isEmpty()) {
                if (yes.answer().arguments() != null && inquiry.changedTooOften()) {
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
            inquiry.ask(anew, given, trail == null ? null : trail.goingOnWith(anew.call()), yes.answer());
        }

        /** Starts over under a policy that no answer covers. */
        private void startOver(PendingApproval anew, Yes yes) {
            Admission admission = anew.held();
            giveBack(yes);
            giveBackYeses();
            if (inquiry.isOver()) {
                admission.unsent();
            } else if (admission.decision().asks()) {
                record(denied(question, Messages.overtaken(question)), Outcome.REFUSED, null);
                over = true;
                silence.run();
                inquiry.ask(anew, List.of(), null, null);
            } else if (inquiry.claim()) {
                if (!admission.decision().allowed()) {
                    asked.held().unsent();
                }
                record(denied(question, Messages.overtaken(question)), Outcome.REFUSED, null);
                complete(
                        recorder == null
                                ? admission
                                : recorder.decided(anew.call(), anew.policy(), admission, anew.startNanos()));
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
            if (!inquiry.claim()) {
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
                inquiry.result.complete(Admission.answered(follow.unavailable(), last));
                return;
            }
            Answered part = new Answered(
                    last,
                    sent == inquiry.original ? null : sent,
                    () -> given.forEach(this::giveBack),
                    given.stream()
                            .flatMap(yes -> yes.request().rules().stream())
                            .toList(),
                    sent.context());
            complete(anew.held().handOver(approved, follow, part));
        }

        private void complete(Admission admission) {
            if (!inquiry.result.complete(admission)) {
                admission.unsent();
            }
        }

        private boolean isLate() {
            return time.monotonicNanos() - deadline >= 0;
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
            if (recorder != null) {
                recorder.failed(call, failure);
            }
            listener.failed(call, failure);
        }
    }

    private static Duration shortest(List<AskingRule> rules) {
        return rules.stream().map(AskingRule::timeout).min(Duration::compareTo).orElseThrow();
    }
}
