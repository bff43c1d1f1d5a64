package dev.interlock.policy.approval;

import dev.interlock.policy.value.Arguments;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A ticket and its current state.
 *
 * @param id its id, which can't be guessed
 * @param request the question
 * @param state the state
 * @param opened when it was opened, by the wall clock
 * @param left how long until it expires
 * @param by who answered; null if there is no answer yet, or the answer doesn't say
 * @param reason the reason for a no; null if the answer is not a no or has no reason
 * @param arguments the arguments that were approved instead of the ones in question; null for those in question
 */
public record Ticket(
        String id,
        ApprovalRequest request,
        State state,
        Instant opened,
        Duration left,
        @Nullable String by,
        @Nullable String reason,
        @Nullable Arguments arguments) {

    /** The state of a ticket. */
    public enum State {
        /** There is no answer yet. */
        PENDING,
        /** A person said yes; the next equal call passes. */
        APPROVED,
        /** A person said no; equal calls are denied. */
        DENIED
    }

    /** Names the ticket, its state, the tool and the rule; never an argument or an identity. */
    @Override
    public String toString() {
        return "ticket " + id + ", " + state + ": " + request;
    }
}
