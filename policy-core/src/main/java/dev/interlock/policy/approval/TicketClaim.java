package dev.interlock.policy.approval;

/** The answer to {@link ApprovalStore#claim}. */
public sealed interface TicketClaim {

    /**
     * There was none, and this one has been opened.
     *
     * @param ticket the ticket
     */
    record Opened(Ticket ticket) implements TicketClaim {}

    /**
     * There is one. If it is approved, it is used now.
     *
     * @param ticket the ticket
     */
    record Found(Ticket ticket) implements TicketClaim {}

    /**
     * There is none, and none can be opened.
     *
     * @param bound the bound that is reached
     */
    record Full(Bound bound) implements TicketClaim {}

    /** What keeps a ticket from being opened. The first that is reached, in this order. */
    enum Bound {
        /** {@link TicketBounds#pendingOfHolder}. */
        PENDING_OF_HOLDER,
        /** {@link TicketBounds#bytesOfHolder}. */
        BYTES_OF_HOLDER,
        /** {@link TicketBounds#tickets} or {@link TicketBounds#bytes}. */
        TOTAL
    }
}
