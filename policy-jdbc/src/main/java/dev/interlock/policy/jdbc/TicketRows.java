package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.approval.TicketClaim;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of tickets, inside a transaction. Each one that may change something takes its turn first, and then removes
 * what has expired, so that all that is left is good for it. Thread-safe.
 */
final class TicketRows {

    private static final Duration LONGEST = Duration.ofDays(365);
    private static final int SHOWN = 200;

    private static final String COLUMNS =
            "SELECT id, state, opened_at, expires_at, request, answer, binding FROM interlock_tickets ";

    private static final String UNUSED = "state <> 'used'";

    /** What a claim comes to. Either a ticket that was found or opened, or the bound that is reached. */
    record ClaimedTicket(@Nullable StoredTicket ticket, boolean opened, TicketClaim.@Nullable Bound full, long now) {}

    /**
     * Tickets at one moment.
     *
     * @param expired whether there are others, which must be removed so that they don't come back
     */
    record SeenTickets(List<StoredTicket> tickets, boolean expired, long now) {}

    /** What a transaction that changes tickets begins with. Returns the time. */
    private static long begin(Transaction transaction) throws SQLException {
        try (PreparedStatement select = transaction.prepare("SELECT turns FROM interlock_ticket_turn WHERE one = 1"
                        + transaction.dialect().forUpdate());
                ResultSet row = select.executeQuery()) {
            if (!row.next()) {
                throw new SQLException("the row by which tickets are locked is gone from the tables");
            }
        }
        long now = transaction.now();
        try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_tickets WHERE expires_at <= ?")) {
            delete.setLong(1, now);
            if (delete.executeUpdate() > 0) {
                transaction.changed();
            }
        }
        return now;
    }

    /** Removes what has expired. */
    boolean sweep(Transaction transaction) throws SQLException {
        begin(transaction);
        return true;
    }

    /**
     * Finds or opens the ticket for a binding. A yes is used by this, unless it can't be read.
     *
     * @param request the question as JSON
     */
    ClaimedTicket claim(Transaction transaction, NewTicket fresh, String request, TicketBounds bounds)
            throws SQLException {
        long now = begin(transaction);
        StoredTicket found = unused(transaction, fresh.binding());
        if (found == null) {
            String holder = holder(fresh);
            TicketClaim.Bound full = reached(transaction, fresh, holder, bounds);
            return full == null
                    ? new ClaimedTicket(open(transaction, fresh, request, holder, now), true, null, now)
                    : new ClaimedTicket(null, false, full, now);
        }
        // A yes that can't be read is none, and must not be used up.
        if (found.isApproved() && found.isReadable(now)) {
            setState(transaction, found.id(), StoredTicket.USED);
        }
        return new ClaimedTicket(found, false, null, now);
    }

    private static @Nullable StoredTicket unused(Transaction transaction, String binding) throws SQLException {
        try (PreparedStatement select = transaction.prepare(COLUMNS + "WHERE binding = ? AND " + UNUSED)) {
            select.setString(1, binding);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                // Databases can be told to take different texts for the same.
                if (!binding.equals(row.getString(7))) {
                    throw new SQLException("the database confuses bindings");
                }
                return ticket(row);
            }
        }
    }

    private static StoredTicket ticket(ResultSet row) throws SQLException {
        return new StoredTicket(
                row.getString(1), row.getString(2), row.getLong(3), row.getLong(4), row.getString(5), row.getString(6));
    }

    private static TicketClaim.@Nullable Bound reached(
            Transaction transaction, NewTicket fresh, String holder, TicketBounds bounds) throws SQLException {
        try (PreparedStatement select = transaction.prepare("SELECT COALESCE(SUM(bytes), 0),"
                + " COALESCE(SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END), 0)"
                + " FROM interlock_tickets WHERE holder = ?")) {
            select.setString(1, holder);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                if (row.getLong(2) >= bounds.pendingOfHolder()) {
                    return TicketClaim.Bound.PENDING_OF_HOLDER;
                }
                if (row.getLong(1) + fresh.bytes() > bounds.bytesOfHolder()) {
                    return TicketClaim.Bound.BYTES_OF_HOLDER;
                }
            }
        }
        try (PreparedStatement select =
                        transaction.prepare("SELECT COALESCE(SUM(bytes), 0), COUNT(*) FROM interlock_tickets");
                ResultSet row = select.executeQuery()) {
            row.next();
            boolean full = row.getLong(2) >= bounds.tickets() || row.getLong(1) + fresh.bytes() > bounds.bytes();
            return full ? TicketClaim.Bound.TOTAL : null;
        }
    }

    private static StoredTicket open(Transaction transaction, NewTicket fresh, String request, String holder, long now)
            throws SQLException {
        // At an isolation level at which locking alone shows no newer counts, this makes one of two that open fail.
        try (PreparedStatement update =
                transaction.prepare("UPDATE interlock_ticket_turn SET turns = turns + 1 WHERE one = 1")) {
            update.executeUpdate();
        }
        long lasting = (fresh.lasting().compareTo(LONGEST) > 0 ? LONGEST : fresh.lasting()).toNanos();
        StoredTicket ticket = new StoredTicket(fresh.id(), StoredTicket.PENDING, now, now + lasting, request, null);
        try (PreparedStatement insert = transaction.prepare("INSERT INTO interlock_tickets (id, state, tool, server,"
                + " identity, opened_at, expires_at, binding, holder, bytes, lasting, request)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING")) {
            insert.setString(1, ticket.id());
            insert.setString(2, ticket.state());
            insert.setString(3, shown(fresh.request().tool()));
            insert.setString(4, shown(fresh.request().server()));
            insert.setString(5, shown(fresh.request().identity()));
            insert.setLong(6, ticket.openedAt());
            insert.setLong(7, ticket.expiresAt());
            insert.setString(8, fresh.binding());
            insert.setString(9, holder);
            insert.setLong(10, fresh.bytes());
            insert.setLong(11, lasting);
            insert.setString(12, request);
            if (insert.executeUpdate() != 1) {
                throw new SQLException("the source of ids gave one twice");
            }
        }
        transaction.changed();
        return ticket;
    }

    /** A hash, since it may be an identity, or any text. */
    private static String holder(NewTicket fresh) {
        return HexFormat.of().formatHex(TextKey.hash(TextKey.whole(fresh.holder())));
    }

    private static @Nullable String shown(@Nullable String text) {
        if (text == null) {
            return null;
        }
        int end = text.codePointCount(0, text.length()) > SHOWN ? text.offsetByCodePoints(0, SHOWN) : -1;
        return end < 0 ? TextKey.shown(text) : TextKey.shown(text.substring(0, end)) + "…";
    }

    /** Makes a used yes good again, or removes it if another ticket was opened. */
    boolean giveBack(Transaction transaction, String id) throws SQLException {
        begin(transaction);
        String binding;
        try (PreparedStatement select =
                transaction.prepare("SELECT binding FROM interlock_tickets WHERE id = ? AND state = 'used'")) {
            select.setString(1, id);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return false;
                }
                binding = row.getString(1);
            }
        }
        if (unused(transaction, binding) == null) {
            setState(transaction, id, StoredTicket.APPROVED);
        } else {
            delete(transaction, id);
        }
        return true;
    }

    private static void setState(Transaction transaction, String id, String state) throws SQLException {
        try (PreparedStatement update = transaction.prepare("UPDATE interlock_tickets SET state = ? WHERE id = ?")) {
            update.setString(1, state);
            update.setString(2, id);
            update.executeUpdate();
        }
        transaction.changed();
    }

    private static boolean delete(Transaction transaction, String id) throws SQLException {
        try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_tickets WHERE id = ?")) {
            delete.setString(1, id);
            boolean deleted = delete.executeUpdate() > 0;
            if (deleted) {
                transaction.changed();
            }
            return deleted;
        }
    }

    /** Those that are not used, in no order; only the one with an id if there is one. */
    SeenTickets look(Transaction transaction, @Nullable String id) throws SQLException {
        List<StoredTicket> all = new ArrayList<>();
        try (PreparedStatement select =
                transaction.prepare(COLUMNS + "WHERE " + UNUSED + (id == null ? "" : " AND id = ?"))) {
            if (id != null) {
                select.setString(1, id);
            }
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    all.add(ticket(row));
                }
            }
        }
        long now = transaction.now();
        boolean expired = all.removeIf(ticket -> ticket.isExpired(now));
        return new SeenTickets(all, expired, now);
    }

    /**
     * Answers a pending ticket.
     *
     * @param json the answer as JSON
     */
    AnswerResult answer(Transaction transaction, String id, TicketAnswer answer, String json) throws SQLException {
        long now = begin(transaction);
        long lasting;
        try (PreparedStatement select =
                transaction.prepare("SELECT state, lasting FROM interlock_tickets WHERE id = ?")) {
            select.setString(1, id);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return AnswerResult.UNKNOWN;
                }
                if (!row.getString(1).equals(StoredTicket.PENDING)) {
                    return AnswerResult.ALREADY_ANSWERED;
                }
                lasting = row.getLong(2);
            }
        }
        try (PreparedStatement update = transaction.prepare("UPDATE interlock_tickets SET state = ?, answered_by = ?,"
                + " reason = ?, answer = ?, expires_at = ? WHERE id = ?")) {
            update.setString(1, answer.yes() ? StoredTicket.APPROVED : StoredTicket.DENIED);
            update.setString(2, shown(answer.by()));
            update.setString(3, shown(answer.reason()));
            update.setString(4, json);
            update.setLong(5, now + Math.min(lasting, LONGEST.toNanos()));
            update.setString(6, id);
            update.executeUpdate();
        }
        transaction.changed();
        return AnswerResult.ACCEPTED;
    }

    /** Removes a ticket unless it is used; whether there was one. */
    boolean remove(Transaction transaction, String id) throws SQLException {
        begin(transaction);
        try (PreparedStatement select =
                transaction.prepare("SELECT state FROM interlock_tickets WHERE id = ? AND " + UNUSED)) {
            select.setString(1, id);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return false;
                }
            }
        }
        return delete(transaction, id);
    }
}
