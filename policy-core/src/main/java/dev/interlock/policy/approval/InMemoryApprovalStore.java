package dev.interlock.policy.approval;

import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Arguments;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Keeps tickets in this process. Its methods take microseconds. */
final class InMemoryApprovalStore implements ApprovalStore {

    private final TimeSource time;
    /** The monotonic clock may start anywhere. Times counted from this origin can be compared. */
    private final long originNanos;

    private final Map<String, TicketEntry> byId = new HashMap<>();
    /** The tickets that a claim finds: all except those that are used up. */
    private final Map<String, TicketEntry> byBinding = new HashMap<>();

    private final TreeSet<TicketEntry> byExpiry = new TreeSet<>(
            Comparator.<TicketEntry>comparingLong(entry -> entry.expiresNanos).thenComparing(TicketEntry::id));
    private final Map<String, Share> shares = new HashMap<>();
    private long bytes;

    InMemoryApprovalStore(TimeSource time) {
        this.time = time;
        this.originNanos = time.monotonicNanos();
    }

    /** How much of the bounded places one holder uses. */
    private static final class Share {
        int tickets;
        int pending;
        long bytes;
    }

    /** A ticket. Guarded by the enclosing object. */
    private static final class TicketEntry {
        final NewTicket ticket;
        final Instant opened;
        long expiresNanos;
        /** Whether this ticket has admitted a call, which may be under way. */
        boolean used;

        @Nullable
        TicketAnswer answer;

        TicketEntry(NewTicket ticket, Instant opened, long nowNanos) {
            this.ticket = ticket;
            this.opened = opened;
            this.expiresNanos = nowNanos + ticket.lasting().toNanos();
        }

        String id() {
            return ticket.id();
        }

        Ticket seen(long nowNanos) {
            Ticket.State state =
                    answer == null ? Ticket.State.PENDING : answer.yes() ? Ticket.State.APPROVED : Ticket.State.DENIED;
            String by = answer == null ? null : answer.by();
            String reason = answer == null ? null : answer.reason();
            Arguments arguments = answer == null ? null : answer.arguments();
            Duration left = Duration.ofNanos(expiresNanos - nowNanos);
            return new Ticket(id(), ticket.request(), state, opened, left, by, reason, arguments);
        }
    }

    @Override
    public synchronized TicketClaim claim(NewTicket fresh, TicketBounds bounds) {
        long now = sweep();
        TicketEntry entry = byBinding.get(fresh.binding());
        if (entry == null) {
            TicketClaim.Bound reached = reached(fresh, bounds);
            return reached == null ? new TicketClaim.Opened(open(fresh, now).seen(now)) : new TicketClaim.Full(reached);
        }
        if (entry.answer != null && entry.answer.yes()) {
            entry.used = true;
            byBinding.remove(fresh.binding());
        }
        return new TicketClaim.Found(entry.seen(now));
    }

    private TicketClaim.@Nullable Bound reached(NewTicket fresh, TicketBounds bounds) {
        Share share = shares.get(fresh.holder());
        if ((share == null ? 0 : share.pending) >= bounds.pendingOfHolder()) {
            return TicketClaim.Bound.PENDING_OF_HOLDER;
        }
        if ((share == null ? 0 : share.bytes) + fresh.bytes() > bounds.bytesOfHolder()) {
            return TicketClaim.Bound.BYTES_OF_HOLDER;
        }
        boolean full = byId.size() >= bounds.tickets() || bytes + fresh.bytes() > bounds.bytes();
        return full ? TicketClaim.Bound.TOTAL : null;
    }

    private TicketEntry open(NewTicket fresh, long now) {
        TicketEntry entry = new TicketEntry(fresh, Instant.ofEpochMilli(time.wallMillis()), now);
        if (byId.putIfAbsent(fresh.id(), entry) != null) {
            throw new IllegalStateException("the source of ids gave one twice");
        }
        byBinding.put(fresh.binding(), entry);
        byExpiry.add(entry);
        Share share = shares.computeIfAbsent(fresh.holder(), holder -> new Share());
        share.tickets++;
        share.pending++;
        share.bytes += fresh.bytes();
        bytes += fresh.bytes();
        return entry;
    }

    @Override
    public synchronized void giveBack(String id) {
        sweep();
        TicketEntry entry = byId.get(id);
        if (entry == null || !entry.used) {
            return;
        }
        entry.used = false;
        if (byBinding.putIfAbsent(entry.ticket.binding(), entry) != null) {
            remove(entry);
        }
    }

    @Override
    public synchronized List<Ticket> list() {
        long now = sweep();
        return byBinding.values().stream()
                .map(entry -> entry.seen(now))
                .sorted(Comparator.comparing(Ticket::opened).thenComparing(Ticket::id))
                .toList();
    }

    @Override
    public synchronized Optional<Ticket> find(String id) {
        long now = sweep();
        TicketEntry entry = byId.get(id);
        return entry == null || entry.used ? Optional.empty() : Optional.of(entry.seen(now));
    }

    @Override
    public synchronized AnswerResult answer(String id, TicketAnswer answer) {
        long now = sweep();
        TicketEntry entry = byId.get(id);
        if (entry == null) {
            return AnswerResult.UNKNOWN;
        }
        if (entry.answer != null) {
            return AnswerResult.ALREADY_ANSWERED;
        }
        share(entry).pending--;
        entry.answer = answer;
        byExpiry.remove(entry);
        entry.expiresNanos = now + entry.ticket.lasting().toNanos();
        byExpiry.add(entry);
        return AnswerResult.ACCEPTED;
    }

    @Override
    public synchronized boolean remove(String id) {
        sweep();
        TicketEntry entry = byId.get(id);
        if (entry == null || entry.used) {
            return false;
        }
        remove(entry);
        return true;
    }

    // ---- bookkeeping

    /** Forgets what has expired, and returns the current time. */
    private long sweep() {
        long now = time.monotonicNanos() - originNanos;
        while (!byExpiry.isEmpty() && byExpiry.first().expiresNanos <= now) {
            remove(byExpiry.first());
        }
        return now;
    }

    private void remove(TicketEntry entry) {
        byExpiry.remove(entry);
        byId.remove(entry.id());
        byBinding.remove(entry.ticket.binding(), entry);
        bytes -= entry.ticket.bytes();
        Share share = share(entry);
        if (entry.answer == null) {
            share.pending--;
        }
        share.bytes -= entry.ticket.bytes();
        share.tickets--;
        if (share.tickets == 0) {
            shares.remove(entry.ticket.holder());
        }
    }

    private Share share(TicketEntry entry) {
        return Objects.requireNonNull(shares.get(entry.ticket.holder()), "each holder of a ticket has a share");
    }
}
