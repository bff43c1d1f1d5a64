package dev.interlock.policy.audit;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.Decision;
import dev.interlock.policy.engine.MethodCall;
import dev.interlock.policy.engine.ToolCall;
import dev.interlock.policy.limit.Settlement;
import dev.interlock.policy.tool.ToolRating;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that an engine did.
 *
 * <p>An event refers to its call, arguments and all, so that nothing has to be copied or digested while a call waits. A
 * sink that keeps or sends events decides what of the arguments goes along; no {@code toString} here tells any of it.
 */
public sealed interface AuditEvent {

    /** When it happened, by the engine's wall clock. */
    Instant time();

    /** What came of a call. */
    enum Outcome {
        /** It may be made. */
        ALLOWED,
        /** It may not; or it needs a person's yes, and nobody could be asked. */
        DENIED,
        /** It may not: its tool is hidden. */
        HIDDEN,
        /** A person is asked. */
        ASKED,
        /** A person was asked, and said yes. */
        APPROVED,
        /** A person was asked, and there was no yes. */
        REFUSED,
        /** The policy is against it, but only records that: it may be made. */
        AUDITED;

        /** What a decision comes to that no person had a part in. */
        public static Outcome of(Decision decision) {
            if (decision.audited()) {
                return AUDITED;
            }
            return switch (decision.verdict()) {
                case ALLOWED -> decision.code() == Decision.Code.APPROVED ? APPROVED : ALLOWED;
                case NEEDS_APPROVAL -> ASKED;
                case DENIED -> denied(decision.code());
            };
        }

        private static Outcome denied(Decision.Code code) {
            return code == Decision.Code.HIDDEN ? HIDDEN : DENIED;
        }

        /** As programs read it: {@code allowed}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A call was decided. There is a second event with the same id when a person has answered, and when the call was
     * denied in the end because not every sink took the first.
     *
     * @param id the decision's id, unique
     * @param policy by which policy
     * @param call what was decided on
     * @param rating how the tool is rated; null if that can't be told
     * @param decision the decision
     * @param outcome what it comes to
     * @param answer what was answered to a question about the call; null if there was none, or no answer yet
     * @param took how long the caller waited for it, the limiter included
     */
    record Decided(
            Instant time,
            String id,
            PolicyRef policy,
            ToolCall call,
            @Nullable ToolRating rating,
            Decision decision,
            Outcome outcome,
            @Nullable Answer answer,
            Duration took)
            implements AuditEvent {}

    /**
     * Who answered a question about a call. What they were asked about is the decision; what they said is its outcome.
     *
     * @param by the person, as whoever asks them knows them; null if that is not known
     * @param ticket the ticket that the answer was given to, or that waits for one; null if there is none
     */
    record Answer(@Nullable String by, @Nullable String ticket) {

        /** What is kept of an answer; null if nobody could be asked. */
        public static @Nullable Answer of(ApprovalAnswer answer) {
            if (answer instanceof ApprovalAnswer.Approved yes) {
                return new Answer(yes.by(), yes.ticket());
            }
            if (answer instanceof ApprovalAnswer.Refused no) {
                return new Answer(no.by(), no.ticket());
            }
            return answer instanceof ApprovalAnswer.Pending pending ? new Answer(null, pending.ticket()) : null;
        }
    }

    /**
     * A request other than {@code tools/call} was decided. Of requests that the policy has nothing to say about there is no
     * event.
     *
     * @param id the decision's id, unique
     * @param policy by which policy
     * @param request what was decided on
     * @param decision the decision
     */
    record MethodDecided(Instant time, String id, PolicyRef policy, MethodCall request, Decision decision)
            implements AuditEvent {

        /** What the decision comes to. */
        public Outcome outcome() {
            return Outcome.of(decision);
        }
    }

    /**
     * A call that was let through, or that something was reserved for, has ended.
     *
     * @param id the decision's id
     * @param call what was decided on
     * @param outcome how it ended
     * @param took how long after the decision
     */
    record Settled(Instant time, String id, ToolCall call, Settlement outcome, Duration took) implements AuditEvent {}

    /**
     * What is enforced has changed.
     *
     * @param change what changed
     * @param before the policy until now; null at the start
     * @param now the policy from now on; the same as before if only the lock was swapped
     */
    record PolicyChanged(
            Instant time, Change change, @Nullable PolicyRef before, PolicyRef now) implements AuditEvent {}

    /** What changed. */
    enum Change {
        /** An engine was made. */
        START,
        /** Its policy was swapped. */
        POLICY,
        /** Its {@linkplain dev.interlock.policy.tool.ToolLock lock} was swapped. */
        LOCK;

        /** As programs read it: {@code start}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Something failed in the engine while it looked at a call. If the call was being admitted, a {@link Decided} with
     * {@link Decision.Code#ERROR} follows.
     *
     * @param call the call
     * @param failure the class of what was thrown; its message, which may quote anything, is for the {@link
     *     dev.interlock.policy.engine.EngineListener} alone
     */
    record Failed(Instant time, ToolCall call, String failure) implements AuditEvent {}
}
