package dev.interlock.policy.approval;

/**
 * How many tickets are held at most.
 *
 * @param tickets how many in all, including answered ones
 * @param pendingOfHolder how many of one {@linkplain NewTicket#holder holder} may wait for an answer
 * @param bytes how many {@linkplain NewTicket#bytes bytes} in all
 * @param bytesOfHolder how many bytes of one holder, including answered tickets
 */
public record TicketBounds(int tickets, int pendingOfHolder, long bytes, long bytesOfHolder) {}
