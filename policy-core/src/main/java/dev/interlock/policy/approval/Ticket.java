package dev.interlock.policy.approval;

import dev.interlock.policy.value.Arguments;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A ticket as it stands.
 *
 * @param id its id, which nobody can guess
 * @param request what is asked
 * @param state what has come of it
 * @param opened when it was opened, by the wall clock
 * @param left how long until it expires
 * @param by who answered; null if nobody has, or nobody said who they are
 * @param reason why they said no; null if they didn't or gave none
 * @param arguments what they approved in the place of what was asked for; null for that itself
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

    /** What has come of a ticket. */
    public enum State {
        /** Nobody has answered yet. */
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
