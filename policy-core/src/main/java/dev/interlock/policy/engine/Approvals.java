package dev.interlock.policy.engine;

import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.time.Alarm;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
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

    /** Practically forever, but still a number of nanoseconds that can be added to a clock reading. */
    private static final Duration LONGEST = Duration.ofDays(365);

    final PolicyEngine engine;
    private final @Nullable ApprovalHandler handler;
    final TimeSource time;
    final Alarm alarm;
    final EngineListener listener;
    final @Nullable AuditRecorder recorder;
    final int maxWaiting;
    final AtomicInteger waiting = new AtomicInteger();

    /** The questions that have been put and not ended. */
    private final Set<ApprovalQuestion> open = ConcurrentHashMap.newKeySet();

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

    /** Notes a question that is about to be put. Returns the denial of every call if calls are suspended, or null. */
    @Nullable
    Decision opened(ApprovalQuestion question) {
        open.add(question);
        // After it was added: a suspension that comes later finds it there.
        return engine.current().suspension();
    }

    void closed(ApprovalQuestion question) {
        open.remove(question);
    }

    /** Ends every wait for a person. */
    void suspend(Decision suspension) {
        open.forEach(question -> question.suspended(suspension));
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

    /**
     * The denial of a call that needs a person's answer when no person can be asked.
     *
     * @param obstacle why not; null if there is no handler to ask
     */
    static Decision unasked(Decision question, @Nullable String obstacle) {
        return denied(question, obstacle == null ? Messages.unasked(question) : Messages.unasked(question, obstacle));
    }

    /**
     * The handler to ask for a caller with these options. Use it for one question only, because it remembers who has
     * answered.
     */
    ApprovalHandler handlerFor(AdmitOptions options) {
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
        new ApprovalWait(this, asked.call(), options, deadline, result).ask(asked, List.of(), null, null);
    }

    static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    static Decision denied(Decision question, String message) {
        return question.answered(Verdict.DENIED, Code.APPROVAL, message);
    }
}
