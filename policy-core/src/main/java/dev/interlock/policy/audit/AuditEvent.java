package dev.interlock.policy.audit;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ResultReport;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.tool.ToolRating;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that an engine did.
 *
 * <p>An event refers to its call with all arguments, so that nothing has to be copied or digested while a call waits. A
 * sink that keeps or sends events decides how much of the arguments to include. No {@code toString} method here reveals
 * arguments.
 */
public sealed interface AuditEvent {

    /** Returns when it happened, by the engine's wall clock. */
    Instant time();

    /** The outcome of a call. */
    enum Outcome {
        /** The call may be made. */
        ALLOWED,
        /** The call is denied; or it needs a person's yes, and no person could be asked. */
        DENIED,
        /** The call is denied because its tool is hidden. */
        HIDDEN,
        /** A person is asked. */
        ASKED,
        /** A person was asked, and said yes. */
        APPROVED,
        /** A person was asked, and did not say yes. */
        REFUSED,
        /** The policy denies the call but only records that, so the call may be made. */
        AUDITED;

        /** Returns the outcome of a decision that no person took part in. */
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

        /** Returns the outcome in the form that programs read: {@code allowed}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A call was decided. A second event with the same id follows when a person has answered, when the call was
     * denied in the end because a sink refused the first event, or when the call goes on in another round.
     *
     * @param id the decision's id, unique
     * @param policy the policy that decided
     * @param call the call that was decided
     * @param rating how the tool is rated; null if that is not known
     * @param decision the decision
     * @param outcome the outcome
     * @param answer the answer to a question about the call; null if there was no question, or there is no answer yet
     * @param took how long the caller waited for the decision, including the limiter
     * @param round how often the call had been made again, with what its server asked for; 0 for a new call. All rounds
     *     of a call have the same id
     * @param runs the calls that the call makes by running other tools, those within first
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
            Duration took,
            int round,
            List<ToolCall> runs)
            implements AuditEvent {

        /** Copies the calls. */
        public Decided {
            runs = List.copyOf(runs);
        }

        /** Creates the record of a decision on a call that runs no other tools. */
        public Decided(
                Instant time,
                String id,
                PolicyRef policy,
                ToolCall call,
                @Nullable ToolRating rating,
                Decision decision,
                Outcome outcome,
                @Nullable Answer answer,
                Duration took,
                int round) {
            this(time, id, policy, call, rating, decision, outcome, answer, took, round, List.of());
        }

        /** Creates the record of a decision on a new call. */
        public Decided(
                Instant time,
                String id,
                PolicyRef policy,
                ToolCall call,
                @Nullable ToolRating rating,
                Decision decision,
                Outcome outcome,
                @Nullable Answer answer,
                Duration took) {
            this(time, id, policy, call, rating, decision, outcome, answer, took, 0);
        }
    }

    /**
     * Who answered a question about a call. The decision says what they were asked, and its outcome what they answered.
     *
     * @param by the person, as the handler that asks them knows them; null if that is not known
     * @param ticket the ticket that the answer was given to, or that waits for an answer; null if there is none
     */
    record Answer(@Nullable String by, @Nullable String ticket) {

        /** Returns the recorded part of an answer; null if no person could be asked. */
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
     * A request other than {@code tools/call} was decided. There is no event for a request that the policy says nothing
     * about. A second event with the same id follows when a person has answered, or when the request was denied in the
     * end because a sink refused the first event.
     *
     * @param id the decision's id, unique
     * @param policy the policy that decided
     * @param request the request that was decided
     * @param decision the decision
     * @param outcome the outcome
     * @param answer the answer to a question about the request; null if there was no question, or there is no answer
     *     yet
     */
    record MethodDecided(
            Instant time,
            String id,
            PolicyRef policy,
            MethodCall request,
            Decision decision,
            Outcome outcome,
            @Nullable Answer answer)
            implements AuditEvent {

        /** Creates the record of a decision that no person took part in. */
        public MethodDecided(Instant time, String id, PolicyRef policy, MethodCall request, Decision decision) {
            this(time, id, policy, request, decision, Outcome.of(decision), null);
        }
    }

    /**
     * A call ended that was let through, or that had a reservation.
     *
     * @param id the decision's id
     * @param call the call that was decided
     * @param outcome how it ended
     * @param took how long after the decision
     */
    record Settled(Instant time, String id, ToolCall call, CallOutcome outcome, Duration took) implements AuditEvent {}

    /**
     * The end of a call, or an answer after which it may go on, has changed the marks of its session.
     *
     * @param id the decision's id
     * @param call the call that was decided
     * @param set what was set, in order; a mark that several entries set may stand here several times
     * @param cleared the names of the marks that were taken away as far as they were set before the call was decided,
     *     whether the session had them or not
     */
    record Marked(Instant time, String id, ToolCall call, List<SetMark> set, List<String> cleared)
            implements AuditEvent {

        /** Copies the lists. */
        public Marked {
            set = List.copyOf(set);
            cleared = List.copyOf(cleared);
        }
    }

    /**
     * A mark that was set.
     *
     * @param name its name
     * @param values how many values were added or kept for longer; 0 for the name alone and for a mark without values
     * @param known whether these are all that it should have. If not, conditions on the mark are invalid
     */
    record SetMark(String name, int values, boolean known) {}

    /**
     * An answer to a call was judged by rules on results. There is none for a call about whose result the policy says
     * nothing. A call of several rounds has one for each answer.
     *
     * @param id the decision's id
     * @param call the call that was decided
     * @param decision whether the caller may see what is left of the answer, and if not, why not. It may be a denial
     *     that is only recorded
     * @param report what became of the answer; nothing of its content
     */
    record ResultJudged(Instant time, String id, ToolCall call, Decision decision, ResultReport report)
            implements AuditEvent {}

    /**
     * What is enforced has changed.
     *
     * @param change what changed
     * @param before the previous policy; null at the start
     * @param now the policy from now on; the same as before if only the lock was replaced
     */
    record PolicyChanged(
            Instant time, Change change, @Nullable PolicyRef before, PolicyRef now) implements AuditEvent {}

    /** What changed. */
    enum Change {
        /** An engine was created. */
        START,
        /** Its policy was replaced. */
        POLICY,
        /** Its {@linkplain dev.interlock.policy.tool.ToolLock lock} was replaced. */
        LOCK;

        /** Returns the change in the form that programs read: {@code start}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * The host has suspended all calls, or its suspension has ended: by this engine, or in the store that it shares
     * with others. The same if it can't be read whether calls are suspended. A policy that suspends is a {@link
     * PolicyChanged}.
     *
     * @param suspended whether the host suspends calls from now on
     * @param reason why calls are or were suspended, as the host says; blank if it doesn't
     * @param by who did it, as the host says; null if it doesn't, or if another process has ended the suspension
     * @param since when the suspension began, by the wall clock of the one who suspended calls; null if that is not
     *     known
     */
    record SuspensionChanged(
            Instant time,
            boolean suspended,
            String reason,
            @Nullable String by,
            @Nullable Instant since) implements AuditEvent {

        /** Creates the record of a change of a suspension of which it is not known when it began. */
        public SuspensionChanged(Instant time, boolean suspended, String reason, @Nullable String by) {
            this(time, suspended, reason, by, null);
        }
    }

    /**
     * A person resets what is counted under one key. Recorded before it is done.
     *
     * @param key the key; its partition has values of calls, so it is not for every eye
     * @param by who does it; null if that is not known
     */
    record LimitReset(Instant time, LimitKey key, @Nullable String by) implements AuditEvent {

        /** Names the limit; never a session, an identity or a value. */
        @Override
        public String toString() {
            return "reset of " + key + " at " + time;
        }
    }

    /**
     * A person takes all marks from a session. Recorded before it is done.
     *
     * @param session the session
     * @param by who does it; null if that is not known
     */
    record SessionCleared(
            Instant time, String session, @Nullable String by) implements AuditEvent {

        /** Names neither the session nor a person. */
        @Override
        public String toString() {
            return "session cleared at " + time;
        }
    }

    /**
     * Something failed in the engine while it processed a call. If the call was being admitted, a {@link Decided} with
     * {@link Decision.Code#ERROR} follows.
     *
     * @param call the call
     * @param failure the class of the exception; only the {@link dev.interlock.policy.engine.EngineListener} receives
     *     its message, which may quote anything
     */
    record Failed(Instant time, ToolCall call, String failure) implements AuditEvent {}
}
