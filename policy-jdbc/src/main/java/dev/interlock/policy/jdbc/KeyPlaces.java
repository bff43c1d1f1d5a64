package dev.interlock.policy.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Bounds how many keys the table holds, and deletes those that have long been at a fresh start, some at a time, in the
 * transactions that add others. Thread-safe.
 *
 * <p>Counting the rows takes time, so a process that has counted adds a {@value #PART}th of the free places before it
 * counts again. When there are none, it refuses some before it counts again.
 *
 * <p>A row is kept for some minutes after it is at a fresh start. Should the clock step back meanwhile, the row still
 * says how late it was.
 */
final class KeyPlaces {

    /** For so long a row stays after it is at a fresh start, in nanoseconds. */
    static final long KEPT_NANOS = 600_000_000_000L;

    private static final int PART = 16;

    /** After so many keys are added … */
    private static final int ADDED = 32;

    /** … so many are looked at, which is more, so that those at a fresh start become fewer. */
    private static final int LOOKED_AT = 128;

    private static final int LOOKED_AT_BOUND = 1_024;

    private final long maxKeys;

    /** How many may be added before they are counted. */
    private long free;

    /** How many are refused before they are counted. */
    private long refused;

    private int added;

    /** The sweep has come so far. */
    private byte[] swept = {};

    KeyPlaces(long maxKeys) {
        this.maxKeys = maxKeys;
    }

    /** How many of {@code wanted} new keys may be added now. Fewer only if that is all. */
    int take(Transaction transaction, int wanted) throws SQLException {
        if (takeFree(wanted)) {
            if (isTurn(wanted)) {
                sweep(transaction, LOOKED_AT);
            }
            return wanted;
        }
        if (isRefused()) {
            return 0;
        }
        sweep(transaction, LOOKED_AT_BOUND);
        return counted(wanted, maxKeys - count(transaction));
    }

    private synchronized boolean takeFree(int wanted) {
        if (free < wanted) {
            return false;
        }
        free -= wanted;
        return true;
    }

    private synchronized boolean isTurn(int more) {
        added += more;
        if (added < ADDED) {
            return false;
        }
        added = 0;
        return true;
    }

    private synchronized boolean isRefused() {
        if (refused == 0) {
            return false;
        }
        refused--;
        return true;
    }

    private synchronized int counted(int wanted, long left) {
        if (left < wanted) {
            free = 0;
            refused = Math.min(LOOKED_AT_BOUND, maxKeys / LOOKED_AT_BOUND);
            return (int) Math.max(0, left);
        }
        free = Math.max(0, left / PART - wanted);
        return wanted;
    }

    private static long count(Transaction transaction) throws SQLException {
        try (PreparedStatement select = transaction.prepare("SELECT COUNT(*) FROM interlock_limits");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Deletes those of the next rows that have long been at a fresh start, and that no other transaction uses. */
    private void sweep(Transaction transaction, int most) throws SQLException {
        byte[] from = swept();
        byte[] to = null;
        try (PreparedStatement select =
                transaction.prepare("SELECT key FROM interlock_limits WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?")) {
            select.setBytes(1, from);
            select.setInt(2, most - 1);
            try (ResultSet row = select.executeQuery()) {
                if (row.next()) {
                    to = row.getBytes(1);
                }
            }
        }
        String lock = transaction.dialect().forUpdate();
        try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_limits WHERE key IN (SELECT key FROM"
                + " interlock_limits WHERE key > ? AND fresh_at < ?" + (to == null ? "" : " AND key <= ?")
                + (lock.isEmpty() ? "" : lock + " SKIP LOCKED") + ")")) {
            delete.setBytes(1, from);
            delete.setLong(2, transaction.now() - KEPT_NANOS);
            if (to != null) {
                delete.setBytes(3, to);
            }
            if (delete.executeUpdate() > 0) {
                transaction.changed();
            }
        }
        sweptTo(to == null ? new byte[0] : to);
    }

    private synchronized byte[] swept() {
        return swept;
    }

    private synchronized void sweptTo(byte[] key) {
        swept = key;
    }
}
