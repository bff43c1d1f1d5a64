package dev.interlock.policy.approval;

import dev.interlock.policy.value.Arguments;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The answer to a question. */
public sealed interface ApprovalAnswer {

    /**
     * Yes, to this one call.
     *
     * @param by who said so, for the record; null if that is not known
     * @param arguments the arguments to send instead of the ones in question, which the policy decides on again; null
     *     for the arguments as they are
     * @param ticket the ticket that the yes was given to; null if there is none
     */
    record Approved(
            @Nullable String by,
            @Nullable Arguments arguments,
            @Nullable String ticket) implements ApprovalAnswer {}

    /**
     * No.
     *
     * @param by who said so, for the record; null if that is not known
     * @param reason what the agent is told in addition; null for nothing
     * @param ticket the ticket that the no was given to; null if there is none
     */
    record Refused(
            @Nullable String by,
            @Nullable String reason,
            @Nullable String ticket) implements ApprovalAnswer {}

    /**
     * There is no answer yet, and the call must not wait. After a person has said yes to the ticket, an equal call
     * passes.
     *
     * @param ticket the ticket's id
     * @param validFor how long it waits for an answer
     */
    record Pending(String ticket, Duration validFor) implements ApprovalAnswer {}

    /**
     * No person was asked, because none could be.
     *
     * @param reason what the agent is told: a clause without a full stop that quotes no argument
     */
    record Unasked(String reason) implements ApprovalAnswer {}

    /** Creates a yes to the call as it is. */
    static ApprovalAnswer approved(@Nullable String by) {
        return new Approved(by, null, null);
    }

    /** Creates a yes to a call with these arguments instead of the ones in question. */
    static ApprovalAnswer approved(@Nullable String by, Arguments narrower) {
        return new Approved(by, narrower, null);
    }

    /** Creates a no. */
    static ApprovalAnswer refused(@Nullable String by, @Nullable String reason) {
        return new Refused(by, reason, null);
    }
}
