package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.Caller;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;

/**
 * How many sessions each caller has in the table. Callers that open many sessions must leave room for others: one may
 * open another while it has fewer than a {@value #CALLERS}th of the free places, and callers with an identity, and
 * those without one, have at most half of all.
 */
final class SessionShares {

    private static final int CALLERS = 16;
    private static final String ALL = "all";

    private final long maxSessions;

    SessionShares(long maxSessions) {
        this.maxSessions = maxSessions;
    }

    /** Whom a row that is deleted was counted to, and the latest moment of its session. */
    record Held(String caller, String callers, long moment) {}

    /** The name of a caller's share. A hash, since the caller may be an identity, or any text. */
    static String caller(Caller caller) {
        byte[] hash = TextKey.hash(TextKey.whole(caller.name()));
        return callers(caller) + " " + HexFormat.of().formatHex(hash);
    }

    /** The name of the share of all callers of its kind. */
    static String callers(Caller caller) {
        return caller.identified() ? "identified" : "unidentified";
    }

    /** Locks the shares, for all transactions that need them. */
    OpenSession open(Transaction transaction) throws SQLException {
        try (PreparedStatement select = transaction.prepare("SELECT sessions, moment FROM interlock_session_shares"
                + " WHERE holder = ?" + transaction.dialect().forUpdate())) {
            select.setString(1, ALL);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the number of sessions is gone from the tables");
                }
                return new OpenSession(transaction, row.getLong(1), row.getLong(2));
            }
        }
    }

    /** The shares while they are locked. */
    final class OpenSession {

        private final Transaction transaction;
        private long sessions;
        private long moment;

        private OpenSession(Transaction transaction, long sessions, long moment) {
            this.transaction = transaction;
            this.sessions = sessions;
            this.moment = moment;
        }

        /** No session that has no row was changed later. */
        long moment() {
            return moment;
        }

        /** Frees the places of rows that are deleted. */
        void giveBack(List<Held> held) throws SQLException {
            for (Held one : held) {
                moment = Math.max(moment, one.moment);
                sessions--;
                add(one.caller, -1);
                add(one.callers, -1);
            }
            if (!held.isEmpty()) {
                write();
            }
        }

        /**
         * Takes a place for a caller.
         *
         * @param atAnyCost whether it is taken even if there is none
         */
        boolean take(Caller caller, boolean atAnyCost) throws SQLException {
            long free = maxSessions - sessions;
            boolean room = free > 0
                    && count(caller(caller)) < Math.max(1, free / CALLERS)
                    && count(callers(caller)) < (maxSessions + 1) / 2;
            if (!room && !atAnyCost) {
                return false;
            }
            add(caller(caller), 1);
            add(callers(caller), 1);
            sessions++;
            write();
            return true;
        }

        private long count(String holder) throws SQLException {
            try (PreparedStatement select =
                    transaction.prepare("SELECT sessions FROM interlock_session_shares WHERE holder = ?")) {
                select.setString(1, holder);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0;
                }
            }
        }

        private void add(String holder, int more) throws SQLException {
            try (PreparedStatement add = transaction.prepare("INSERT INTO interlock_session_shares VALUES (?, ?, 0)"
                    + " ON CONFLICT (holder) DO UPDATE SET sessions = interlock_session_shares.sessions + ?")) {
                add.setString(1, holder);
                add.setInt(2, more);
                add.setInt(3, more);
                add.executeUpdate();
            }
            if (more < 0) {
                try (PreparedStatement delete = transaction.prepare(
                        "DELETE FROM interlock_session_shares WHERE holder = ? AND sessions <= 0")) {
                    delete.setString(1, holder);
                    delete.executeUpdate();
                }
            }
        }

        private void write() throws SQLException {
            try (PreparedStatement update = transaction.prepare(
                    "UPDATE interlock_session_shares SET sessions = ?, moment = ? WHERE holder = ?")) {
                update.setLong(1, sessions);
                update.setLong(2, moment);
                update.setString(3, ALL);
                update.executeUpdate();
            }
        }
    }
}
