package dev.interlock.policy.approval;

import dev.interlock.policy.value.Arguments;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What came of a question. */
public sealed interface ApprovalAnswer {

    /**
     * Yes, to this one call.
     *
     * @param by who said so, for the record; null if that is not known
     * @param arguments what is to be sent in place of what was asked for, which the policy decides on anew; null for the
     *     arguments as they are
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
     * @param reason what the agent is told beside that; null for nothing
     * @param ticket the ticket that the no was given to; null if there is none
     */
    record Refused(
            @Nullable String by,
            @Nullable String reason,
            @Nullable String ticket) implements ApprovalAnswer {}

    /**
     * Nobody has answered yet, and the call is not to wait: once a person has said yes to the ticket, an equal call passes.
     *
     * @param ticket the ticket's id
     * @param validFor how long it waits for an answer
     */
    record Pending(String ticket, Duration validFor) implements ApprovalAnswer {}

    /**
     * Nobody was asked, because nobody could be.
     *
     * @param reason what the agent is told: a clause without a full stop, that quotes no argument
     */
    record Unasked(String reason) implements ApprovalAnswer {}

    /** Yes, to the call as it is. */
    static ApprovalAnswer approved(@Nullable String by) {
        return new Approved(by, null, null);
    }

    /** Yes, to a call with these arguments in place of those that were asked for. */
    static ApprovalAnswer approved(@Nullable String by, Arguments narrower) {
        return new Approved(by, narrower, null);
    }

    /** No. */
    static ApprovalAnswer refused(@Nullable String by, @Nullable String reason) {
        return new Refused(by, reason, null);
    }
}
