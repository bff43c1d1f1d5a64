package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.engine.Decision.Code;
import dev.interlock.policy.engine.Decision.Verdict;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts calls to a person, and sees to it that a yes admits what was asked about and nothing else.
 *
 * <p>While a call waits, what it is charged to stays reserved. Many things may happen at once then: an answer, the
 * deadline, a caller that gives up. Whichever is first claims the end of the inquiry; what comes later finds it claimed, and
 * puts back what it holds. So a yes that comes a moment too late reserves nothing and sends nothing.
 *
 * <p>A yes is looked at again before it is heeded, because a person takes their time:
 *
 * <ul>
 *   <li>under another policy it means nothing, and the call is decided anew;
 *   <li>if the tool was announced anew meanwhile, or the yes is to other arguments, the call is decided anew, limits and
 *       all; where the policy then asks again, this yes is the answer.
 * </ul>
 */
final class Approvals {

    /** As good as for ever, and still a number of nanoseconds that can be added to a clock's. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final PolicyEngine engine;
    private final @Nullable ApprovalHandler handler;
    private final TimeSource time;
    private final Alarm alarm;
    private final EngineListener listener;
    private final @Nullable Recorder recorder;
    private final int maxWaiting;
    private final AtomicInteger waiting = new AtomicInteger();

    Approvals(
            PolicyEngine engine,
            PolicyEngine.Builder builder,
            @Nullable ApprovalHandler handler,
            @Nullable Recorder recorder) {
        this.engine = engine;
        this.handler = handler;
        this.time = builder.time();
        this.alarm = builder.alarm();
        this.maxWaiting = builder.maxWaitingForApproval();
        this.listener = builder.listener();
        this.recorder = recorder;
    }

    /** Whether there is anybody to ask for a caller on these terms. */
    boolean canAsk(Terms terms) {
        return handler != null || terms.first() != null;
    }

    /** Who is asked for a caller on these terms: for one question, since it remembers who has answered. */
    private ApprovalHandler handlerFor(Terms terms) {
        ApprovalHandler first = terms.first();
        if (first == null) {
            return Objects.requireNonNull(handler, "nobody can be asked");
        }
        return handler == null ? first : new AskedInTurn(first, handler);
    }

    /** The moment, by the monotonic clock, until which a caller on these terms waits. */
    long deadline(Terms terms) {
        Duration patience = terms.patience();
        return time.monotonicNanos() + nanos(patience == null ? LONGEST : patience);
    }

    /** Asks about a call, and waits for the answer on this thread. */
    Admission await(Asked asked) {
        CompletableFuture<Admission> result = ask(asked, Terms.DEFAULT);
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
        return Admission.unreserved(denied(asked.question(), Messages.abandoned(asked.question())));
    }

    /** Asks about a call. */
    CompletableFuture<Admission> ask(Asked asked, Terms terms) {
        CompletableFuture<Admission> result = new CompletableFuture<>();
        ask(asked, terms, deadline(terms), result);
        return result;
    }

    /**
     * Asks about a call.
     *
     * @param deadline until when the caller waits
     * @param result is completed with the admission that comes of it, never exceptionally; whoever cancels it waits no longer
     */
    void ask(Asked asked, Terms terms, long deadline, CompletableFuture<Admission> result) {
        new Inquiry(terms, deadline, result).ask(asked);
    }

    private static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    private static Decision denied(Decision question, String message) {
        return question.answered(Verdict.DENIED, Code.APPROVAL, message);
    }

    /** What one caller waits for: one question, or several if the policy changes meanwhile. */
    private final class Inquiry {
        private final Terms terms;
        private final long callerDeadline;
        private final CompletableFuture<Admission> result;
        private final AtomicBoolean ended = new AtomicBoolean();

        Inquiry(Terms terms, long callerDeadline, CompletableFuture<Admission> result) {
            this.terms = terms;
            this.callerDeadline = callerDeadline;
            this.result = result;
        }

        /** Whether the caller of this method is the one to complete the result. */
        private boolean claim() {
            return ended.compareAndSet(false, true);
        }

        private void atEnd(BiConsumer<? super @Nullable Admission, ? super @Nullable Throwable> action) {
            CompletionStage<Admission> end = result;
            end.whenComplete(action);
        }

        /** Whether an answer comes too late, because something else has ended the wait. */
        private boolean isOver() {
            return ended.get() || result.isDone();
        }

        void ask(Asked asked) {
            Trail trail = null;
            if (recorder != null) {
                trail = recorder.asked(asked.call(), asked.policy().ref(), asked.question(), asked.startNanos());
                if (trail == null) {
                    asked.held().unsent();
                    if (claim()) {
                        result.complete(Admission.unreserved(Recorder.unavailable()));
                    }
                    return;
                }
            }
            Question question = new Question(this, asked, trail);
            question.guarded(question::put);
        }
    }

    /** One call as it is put to the handler once. */
    private final class Question {
        private final Inquiry inquiry;
        private final Asked asked;
        private final ToolCall call;
        private final Decision question;
        private final @Nullable Trail trail;

        private final ApprovalHandler whom;

        /** The tool as it was known when the question was put. */
        private @Nullable KnownTool tool;

        private @Nullable ApprovalRequest request;
        private long deadline;

        private volatile Runnable silence = () -> {};
        /** Whether another question has taken the place of this one. */
        private volatile boolean over;

        Question(Inquiry inquiry, Asked asked, @Nullable Trail trail) {
            this.inquiry = inquiry;
            this.asked = asked;
            this.call = asked.call();
            this.question = asked.question();
            this.trail = trail;
            this.whom = handlerFor(inquiry.terms);
        }

        /** Whatever fails denies the call; nobody waits for ever. */
        void guarded(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException | StackOverflowError e) {
                failed(e);
            }
        }

        // ---- putting it

        void put() {
            inquiry.atEnd((admission, failure) -> guarded(() -> closed(failure != null)));
            tool = engine.tools().find(call.server(), call.tool());
            Duration timeout = asked.policy().plan(call).timeout(question);
            long now = time.monotonicNanos();
            long nanos = Math.min(nanos(timeout), inquiry.callerDeadline - now);
            deadline = now + nanos;
            if (nanos <= 0 || inquiry.isOver()) {
                deny(Messages.unasked(question), null);
                return;
            }
            ApprovalRequest put = request(timeout, Duration.ofNanos(nanos));
            request = put;
            // A handler in plain Java may return what it must not.
            await(Objects.requireNonNull(whom.ask(put), "the approval handler returned null"));
        }

        private ApprovalRequest request(Duration timeout, Duration patience) {
            RuleRef rule = Objects.requireNonNull(question.rule(), "a question has a rule");
            return new ApprovalRequest(
                    call.tool(),
                    call.server(),
                    call.identity(),
                    call.session(),
                    call.arguments(),
                    call.context(),
                    rule.name(),
                    rule.place(),
                    question.message(),
                    engine.tools().rating(call.server(), call.tool()),
                    asked.policy().policy(),
                    timeout,
                    patience);
        }

        private void await(CompletionStage<ApprovalAnswer> stage) {
            stage.whenComplete((answer, failure) -> guarded(() -> answered(answer, failure)));
            if (inquiry.result.isDone()) {
                return;
            }
            boolean crowded = waiting.incrementAndGet() > maxWaiting;
            inquiry.atEnd((admission, failure) -> {
                waiting.decrementAndGet();
                if (stage instanceof CompletableFuture<?> future) {
                    future.cancel(true);
                }
            });
            if (crowded) {
                deny(Messages.unasked(question, "too many calls wait for an answer already"), null);
                return;
            }
            silence = alarm.in(Duration.ofNanos(Math.max(0, deadline - time.monotonicNanos())), this::expired);
            if (over || inquiry.result.isDone()) {
                silence.run();
            }
        }

        // ---- how it may end

        private void closed(boolean cancelled) {
            silence.run();
            if (cancelled) {
                // Also if an answer is being heeded just now: what comes of that can't be handed out any more.
                asked.held().unsent();
                if (!over && inquiry.claim()) {
                    record(denied(question, Messages.abandoned(question)), null);
                }
            }
        }

        private void expired() {
            guarded(() -> {
                if (!over) {
                    deny(unanswered(), null);
                }
            });
        }

        private void failed(Throwable failure) {
            report(failure);
            Decision denied = denied(question, Messages.unasked(question));
            try {
                end(denied, null);
            } finally {
                // Unless it is there already; whoever comes to it later puts back what they hold.
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
                // Too late, or withdrawn by us.
                return;
            } else if (failure != null) {
                failed(failure);
            } else if (answer instanceof ApprovalAnswer.Refused no) {
                deny(Messages.refused(question, no.reason()), no);
            } else if (answer instanceof ApprovalAnswer.Unasked nobody) {
                deny(Messages.unasked(question, nobody.reason()), nobody);
            } else if (answer instanceof ApprovalAnswer.Pending ticket) {
                String text = Messages.pending(question, ticket.ticket(), ticket.validFor());
                end(question.answered(Verdict.NEEDS_APPROVAL, Code.APPROVAL_PENDING, text), ticket);
            } else {
                failed(new NullPointerException("the approval handler answered null"));
            }
        }

        private void deny(String message, @Nullable ApprovalAnswer answer) {
            end(denied(question, message), answer);
        }

        /** The call is not made, and nothing stays reserved for it. */
        private void end(Decision decision, @Nullable ApprovalAnswer answer) {
            if (inquiry.claim()) {
                asked.held().unsent();
                record(decision, answer);
                inquiry.result.complete(
                        answer == null ? Admission.unreserved(decision) : Admission.answered(decision, answer));
            }
        }

        // ---- yes

        private void heed(ApprovalAnswer.Approved yes) {
            if (inquiry.isOver() || isLate()) {
                giveBack(yes);
                deny(unanswered(), null);
                return;
            }
            CompiledPolicy now = engine.current();
            if (!now.policy().equals(asked.policy().policy())) {
                giveBack(yes);
                asked.held().unsent();
                decideAnew(now);
            } else if (yes.arguments() != null && !inquiry.terms.narrower()) {
                giveBack(yes);
                deny(Messages.otherwiseApproved(question), yes);
            } else if (yes.arguments() == null && isAsItWas(now)) {
                pass(asked.held(), yes, null);
            } else {
                asked.held().unsent();
                ToolCall other = yes.arguments() == null ? call : call.withArguments(yes.arguments());
                engine.reserve(now, other)
                        .thenAccept(admission -> guarded(() -> {
                            Decision decision = admission.decision();
                            if (decision.asks() || decision.allowed()) {
                                pass(admission, yes, yes.arguments() == null ? null : other);
                            } else {
                                giveBack(yes);
                                end(decision, yes);
                            }
                        }));
            }
        }

        /** Whether nothing has changed that the question could hang on, but for what is counted. */
        // The same objects, and not equal ones: a tool that is announced anew is looked at anew.
        @SuppressWarnings("ReferenceEquality")
        private boolean isAsItWas(CompiledPolicy now) {
            return now == asked.policy() && engine.tools().find(call.server(), call.tool()) == tool;
        }

        /** Under a policy that nobody has answered to. */
        private void decideAnew(CompiledPolicy now) {
            long start = time.monotonicNanos();
            engine.reserve(now, call)
                    .thenAccept(admission -> guarded(() -> {
                        if (inquiry.isOver()) {
                            admission.unsent();
                        } else if (admission.decision().asks()) {
                            record(denied(question, Messages.overtaken(question)), null);
                            over = true;
                            silence.run();
                            inquiry.ask(new Asked(now, call, admission, start));
                        } else if (inquiry.claim()) {
                            record(denied(question, Messages.overtaken(question)), null);
                            complete(
                                    recorder == null ? admission : recorder.decided(call, now.ref(), admission, start));
                        } else {
                            admission.unsent();
                        }
                    }));
        }

        /**
         * The call may be made.
         *
         * @param reserved what is reserved for it
         * @param instead what is to be sent in place of what was asked about, or null
         */
        private void pass(Admission reserved, ApprovalAnswer.Approved yes, @Nullable ToolCall instead) {
            if (isLate() || !inquiry.claim()) {
                reserved.unsent();
                giveBack(yes);
                deny(unanswered(), null);
                return;
            }
            Decision approved = question.answered(Verdict.ALLOWED, Code.APPROVED, "");
            Trail follow = trail == null || instead == null ? trail : trail.goingOnWith(instead);
            if (follow != null && !follow.decided(approved, yes)) {
                reserved.unsent();
                giveBack(yes);
                inquiry.result.complete(Admission.answered(follow.unavailable(), yes));
                return;
            }
            complete(reserved.handOver(approved, follow, new Answered(yes, instead, () -> giveBack(yes))));
        }

        private void complete(Admission admission) {
            if (!inquiry.result.complete(admission)) {
                admission.unsent();
            }
        }

        private boolean isLate() {
            return time.monotonicNanos() - deadline >= 0;
        }

        private void giveBack(ApprovalAnswer.Approved yes) {
            try {
                whom.unsent(Objects.requireNonNull(request, "an answer has a question"), yes);
            } catch (RuntimeException e) {
                report(e);
            }
        }

        // ---- telling

        private void record(Decision decision, @Nullable ApprovalAnswer answer) {
            if (trail != null) {
                trail.decided(decision, answer);
            }
        }

        private void report(Throwable failure) {
            if (recorder != null) {
                recorder.failed(call, failure);
            }
            try {
                listener.failed(call, failure);
            } catch (RuntimeException ignored) {
                // Who is to be told of failures fails. The call is denied all the same.
            }
        }
    }
}
