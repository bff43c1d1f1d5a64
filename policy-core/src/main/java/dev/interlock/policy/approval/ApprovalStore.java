package dev.interlock.policy.approval;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.time.TimeSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps tickets for {@link ApprovalTickets}. One store serves any number of engines and threads; a store that several
 * processes share makes a ticket that is answered in one of them good in all.
 *
 * <p><b>The contract</b>, which {@code ApprovalStoreContract} in this module's tests checks for every implementation:
 *
 * <ul>
 *   <li>For each {@linkplain NewTicket#binding binding} there is at most one ticket that is not used. {@link #claim}
 *       finds it or opens it, as one step.
 *   <li>A yes is used by one claim, once, in whichever process. From then on the ticket is not found any more, neither
 *       by {@link #list} nor by {@link #find}. What a process used that is gone since stays used: the call may have
 *       been sent.
 *   <li>Only the first answer counts. A used ticket counts as answered until it expires.
 *   <li>{@link #giveBack} makes a used yes good again, until the ticket expires. If another ticket has been opened for
 *       its binding meanwhile, the used one is removed.
 *   <li>A ticket that is pending expires {@link NewTicket#lasting} after it was opened. An answer makes it last for
 *       that time anew. Giving it back does not. What has expired is not found, and never comes back.
 *   <li>{@linkplain TicketBounds Bounds} hold over all processes. A used ticket counts until it expires. At a bound, no
 *       ticket is opened, and none is forgotten to make room.
 *   <li>A store that writes tickets down does so by {@link ApprovalRequest#json}, and refuses what can't be written so
 *       when it is opened or given as an answer: {@link dev.interlock.policy.value.InvalidValueException}. It never
 *       changes a question.
 *   <li>Calls are linearizable. Time is measured by a clock of the store's.
 *   <li>A store that can't be reached throws {@link UnavailableException}, or its stage fails with that.
 * </ul>
 */
public interface ApprovalStore {

    /** Creates a store for one process. Tickets are gone when it ends. Its methods don't block. */
    static ApprovalStore inMemory() {
        return inMemory(TimeSource.system());
    }

    /** Creates a store for one process with these clocks. */
    static ApprovalStore inMemory(TimeSource time) {
        return new InMemoryApprovalStore(time);
    }

    /**
     * Returns the ticket for a binding, and opens one if there is none. A ticket that is approved is used up by this.
     * Blocks only if {@link #blocks} returns true.
     *
     * @param fresh the ticket that is opened if there is none. Nothing of it but its binding counts if there is one
     * @throws UnavailableException if the store can't be reached, or it is not known what it did
     */
    TicketClaim claim(NewTicket fresh, TicketBounds bounds);

    /** Does the same as {@link #claim} without blocking the caller. The stage fails if {@link #claim} would throw. */
    default CompletionStage<TicketClaim> claimAsync(NewTicket fresh, TicketBounds bounds) {
        return CompletableFuture.completedFuture(claim(fresh, bounds));
    }

    /**
     * Makes a ticket good again whose yes admitted nothing. Does nothing if there is no such ticket, or it is not used.
     * Blocks only if {@link #blocks} returns true.
     *
     * @throws UnavailableException if the store can't be reached; then the yes stays used
     */
    void giveBack(String id);

    /** Does the same as {@link #giveBack} without blocking the caller. */
    default CompletionStage<@Nullable Void> giveBackAsync(String id) {
        giveBack(id);
        return CompletableFuture.completedFuture(null);
    }

    /**
     * Returns the tickets that have not expired and are not used, the oldest first.
     *
     * @throws UnavailableException if the store can't be reached
     */
    List<Ticket> list();

    /**
     * Returns the ticket with this id; empty if there is none, or if it has expired or is used.
     *
     * @throws UnavailableException if the store can't be reached
     */
    Optional<Ticket> find(String id);

    /**
     * Answers a pending ticket.
     *
     * @throws UnavailableException if the store can't be reached, or it is not known whether the answer counts
     */
    ApprovalTickets.AnswerResult answer(String id, TicketAnswer answer);

    /**
     * Removes a ticket, even one that is answered. A used one stays, so that it stays used.
     *
     * @return whether there was such a ticket
     * @throws UnavailableException if the store can't be reached
     */
    boolean remove(String id);

    /** Does the same as {@link #remove} without blocking the caller. */
    default CompletionStage<Boolean> removeAsync(String id) {
        return CompletableFuture.completedFuture(remove(id));
    }

    /** Returns whether a method that is not asynchronous may wait for a disk or for another machine. */
    default boolean blocks() {
        return false;
    }
}
