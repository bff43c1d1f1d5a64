package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.memory.KeptSession;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionRecord;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The table of sessions. What happens to a session is decided by a {@link KeptSession}, while its row is locked. Every
 * method is called inside a transaction. Thread-safe.
 *
 * <p>A session whose marks have all ended keeps its row until one is needed for another session, so that calls that set
 * no mark make no row and delete none.
 *
 * <p>Locks are taken in one order, so that no two transactions wait for each other: first the session's row, then those
 * of {@link SessionShares}, of which the first is the same for all. Rows of other sessions are only ever taken if they
 * are free.
 */
final class SessionRows {

    /** So many sessions are looked for that have nothing left for each that is added … */
    private static final int AT_ADDITION = 2;

    /** … and so many for each that finds no place. */
    private static final int AT_BOUND = 64;

    /** How often a row is looked up that others add and delete meanwhile. */
    private static final int LOOKS = 10;

    private static final String COLUMNS = "SELECT state, last_call, seen_at FROM interlock_sessions ";

    private final SessionShares shares;

    /** What is only read is not written back, so this process remembers how late it was. */
    private final AtomicLong latest = new AtomicLong();

    SessionRows(long maxSessions) {
        this.shares = new SessionShares(maxSessions);
    }

    /**
     * The marks of a session.
     *
     * @param callMatters whether it changes something if a call of the session is noted
     */
    record Seen(SessionMarks marks, boolean callMatters) {}

    /** What becomes of a claim. */
    enum SessionRoom {
        KEPT,
        TOO_MANY_VALUES,
        TOO_MANY_SESSIONS
    }

    /** The marks as they are, without a lock. */
    Seen look(Transaction transaction, String session) throws SQLException {
        KeptSession kept = find(transaction, session, "");
        if (kept == null) {
            return new Seen(SessionMarks.NONE, false);
        }
        SessionMarks marks = kept.read();
        return new Seen(marks, kept.isKeptByCalls() || kept.isStateChanged());
    }

    /** The marks as they are at a call of the session, which is noted. */
    SessionMarks call(Transaction transaction, String session) throws SQLException {
        KeptSession kept = find(transaction, session, transaction.dialect().forUpdate());
        if (kept == null) {
            return SessionMarks.NONE;
        }
        SessionMarks marks = kept.call();
        if (kept.isStateChanged()) {
            update(transaction, session, kept);
        } else {
            touch(transaction, session, kept);
        }
        return marks;
    }

    SessionRoom reserve(Transaction transaction, String id, MarkClaim claim) throws SQLException {
        KeptSession kept = lock(transaction, claim, false);
        if (kept == null) {
            return SessionRoom.TOO_MANY_SESSIONS;
        }
        boolean room = kept.claim(id, claim);
        if (room || transaction.isChanged()) {
            update(transaction, claim.session(), kept);
        }
        return room ? SessionRoom.KEPT : SessionRoom.TOO_MANY_VALUES;
    }

    /** Changes a session for a call that has room, or had. Returns true. */
    boolean change(Transaction transaction, String id, MarkClaim claim, SessionChange change) throws SQLException {
        String session = claim.session();
        // If the room has ended, what the call sets must not go missing all the same.
        KeptSession kept = change.marks().isEmpty()
                ? find(transaction, session, transaction.dialect().forUpdate())
                : lock(transaction, claim, true);
        if (kept != null) {
            kept.change(id, change);
            update(transaction, session, kept);
        }
        return true;
    }

    /** Clears what a call without room clears. Returns true. */
    boolean clear(Transaction transaction, String session, SessionChange change) throws SQLException {
        KeptSession kept = find(transaction, session, transaction.dialect().forUpdate());
        if (kept != null) {
            kept.change(null, change);
            update(transaction, session, kept);
        }
        return true;
    }

    /** Takes all marks away; false if there are none. */
    boolean clear(Transaction transaction, String session) throws SQLException {
        KeptSession kept = find(transaction, session, transaction.dialect().forUpdate());
        if (kept == null || !kept.clear()) {
            return false;
        }
        update(transaction, session, kept);
        return true;
    }

    List<SessionRecord> list(Transaction transaction, @Nullable String after, int most) throws SQLException {
        List<SessionRecord> records = new ArrayList<>();
        String from = after == null ? ">= ?" : "> ?";
        byte[] last = TextKey.of(after == null ? "" : after);
        boolean more = true;
        while (more && records.size() < most) {
            more = false;
            try (PreparedStatement select = transaction.prepare("SELECT state, last_call, seen_at, session_key, name"
                    + " FROM interlock_sessions WHERE session_key " + from + " ORDER BY session_key LIMIT ?")) {
                select.setBytes(1, last);
                select.setInt(2, most);
                try (ResultSet row = select.executeQuery()) {
                    while (records.size() < most && row.next()) {
                        more = true;
                        last = row.getBytes(4);
                        SessionRecord marked = kept(transaction, row).record(TextKey.text(row.getBytes(5)));
                        if (!marked.marks().isEmpty()) {
                            records.add(marked);
                        }
                    }
                }
            }
            from = "> ?";
        }
        return records;
    }

    // ---- rows ----

    private @Nullable KeptSession find(Transaction transaction, String session, String lock) throws SQLException {
        try (PreparedStatement select = transaction.prepare(COLUMNS + "WHERE session_key = ?" + lock)) {
            select.setBytes(1, TextKey.of(session));
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? kept(transaction, row) : null;
            }
        }
    }

    private KeptSession kept(Transaction transaction, ResultSet row) throws SQLException {
        long now = Math.max(now(transaction), row.getLong(3));
        return KeptSession.of(row.getBytes(1), row.getLong(2), now);
    }

    private long now(Transaction transaction) throws SQLException {
        return latest.accumulateAndGet(transaction.now(), Math::max);
    }

    /** The session's row, locked; a new one if there is none. Null if there is no place for a new one. */
    private @Nullable KeptSession lock(Transaction transaction, MarkClaim claim, boolean atAnyCost)
            throws SQLException {
        for (int look = 0; look < LOOKS; look++) {
            KeptSession found =
                    find(transaction, claim.session(), transaction.dialect().forUpdate());
            if (found != null) {
                return found;
            }
            if (insert(transaction, claim)) {
                return added(transaction, claim, atAnyCost);
            }
        }
        throw new SQLException("a session is added and deleted all the time");
    }

    /** Adds a row that is filled later in the transaction; false if another transaction has just added it. */
    private static boolean insert(Transaction transaction, MarkClaim claim) throws SQLException {
        try (PreparedStatement insert = transaction.prepare(
                "INSERT INTO interlock_sessions VALUES (?, ?, '', 0, 0, 0, ?, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
            insert.setBytes(1, TextKey.of(claim.session()));
            insert.setString(2, TextKey.shown(claim.session()));
            insert.setLong(3, Long.MAX_VALUE);
            insert.setString(4, SessionShares.caller(claim.caller()));
            insert.setString(5, SessionShares.callers(claim.caller()));
            insert.setBytes(6, TextKey.whole(claim.session()));
            insert.setBytes(7, new byte[0]);
            return insert.executeUpdate() == 1;
        }
    }

    /** What is in a new row. Null, and the row is gone, if there is no place for it. */
    private @Nullable KeptSession added(Transaction transaction, MarkClaim claim, boolean atAnyCost)
            throws SQLException {
        Caller caller = claim.caller();
        List<SessionShares.Held> empty = sweep(transaction, AT_ADDITION);
        SessionShares.OpenSession open = shares.open(transaction);
        open.giveBack(empty);
        boolean taken = open.take(caller, atAnyCost);
        if (!taken) {
            List<SessionShares.Held> more = sweep(transaction, AT_BOUND);
            open.giveBack(more);
            taken = !more.isEmpty() && open.take(caller, false);
        }
        if (taken) {
            return KeptSession.fresh(open.moment(), now(transaction));
        }
        delete(transaction, TextKey.of(claim.session()));
        return null;
    }

    /** Deletes some rows of which nothing is left, and that no other transaction uses. */
    private List<SessionShares.Held> sweep(Transaction transaction, int most) throws SQLException {
        String lock = transaction.dialect().forUpdate();
        List<byte[]> keys = new ArrayList<>();
        List<SessionShares.Held> held = new ArrayList<>();
        try (PreparedStatement select = transaction.prepare("SELECT session_key, caller, callers, moment"
                + " FROM interlock_sessions WHERE empty_at <= ? ORDER BY empty_at LIMIT ?"
                + (lock.isEmpty() ? "" : lock + " SKIP LOCKED"))) {
            select.setLong(1, now(transaction));
            select.setInt(2, most);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    keys.add(row.getBytes(1));
                    held.add(new SessionShares.Held(row.getString(2), row.getString(3), row.getLong(4)));
                }
            }
        }
        for (byte[] key : keys) {
            delete(transaction, key);
            transaction.changed();
        }
        return held;
    }

    private static void delete(Transaction transaction, byte[] key) throws SQLException {
        try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_sessions WHERE session_key = ?")) {
            delete.setBytes(1, key);
            delete.executeUpdate();
        }
    }

    private static void update(Transaction transaction, String session, KeptSession kept) throws SQLException {
        byte[] state = kept.state();
        try (PreparedStatement update = transaction.prepare("UPDATE interlock_sessions SET marks = ?, calls = ?,"
                + " last_call = ?, seen_at = ?, empty_at = ?, moment = ?, state = ? WHERE session_key = ?")) {
            update.setString(1, TextKey.shown(kept.names()));
            update.setInt(2, kept.rooms());
            update.setLong(3, kept.lastCall());
            update.setLong(4, kept.now());
            update.setLong(5, kept.emptyAt());
            update.setLong(6, kept.moment());
            update.setBytes(7, state);
            update.setBytes(8, TextKey.of(session));
            update.executeUpdate();
        }
        transaction.changed();
    }

    /** Writes when the last call was, and nothing that may be long. */
    private static void touch(Transaction transaction, String session, KeptSession kept) throws SQLException {
        try (PreparedStatement update = transaction.prepare(
                "UPDATE interlock_sessions SET" + " last_call = ?, seen_at = ?, empty_at = ? WHERE session_key = ?")) {
            update.setLong(1, kept.lastCall());
            update.setLong(2, kept.now());
            update.setLong(3, kept.emptyAt());
            update.setBytes(4, TextKey.of(session));
            update.executeUpdate();
        }
        transaction.changed();
    }
}
