package dev.interlock.policy.approval;

import java.time.Duration;

/**
 * A ticket that is to be opened.
 *
 * @param id its id, which can't be guessed
 * @param binding what it is valid for: a SHA-256, as 64 hexadecimal digits, of all that a yes binds, with the policy
 * @param holder whose ticket it is, for the bounds: an identity or, without one, a session, told apart
 * @param request the question
 * @param bytes how much of it the caller has chosen, as bytes of JSON
 * @param lasting how long it waits for an answer, and how long that answer is good
 */
public record NewTicket(
        String id, String binding, String holder, ApprovalRequest request, long bytes, Duration lasting) {

    /** Names the ticket, the tool and the rule; never an argument or an identity. */
    @Override
    public String toString() {
        return "ticket " + id + ": " + request;
    }
}
