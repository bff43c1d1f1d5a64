package dev.interlock.policy.jdbc;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.KeptLimits;
import java.nio.ByteBuffer;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The table of limits. What happens to counts is decided by {@link KeptLimits}, while their rows are locked. Every
 * method is called inside a transaction. Thread-safe.
 *
 * <p>Locks are taken in one order, so that no two transactions wait for each other: first the rows that are there, in
 * the order of their keys, then, in that order, those that are added. A transaction that finds a row of another
 * transaction where it adds one begins again.
 */
final class LimitRows {

    private static final String COLUMNS = "SELECT key, seen_at, generation, cell, name FROM interlock_limits ";

    private final KeyPlaces places;

    LimitRows(long maxKeys) {
        this.places = new KeyPlaces(maxKeys);
    }

    /** The counts of some keys, at one moment. */
    private record Loaded(KeptLimits limits, long now, Set<LimitKey> found) {}

    /** Takes everything, or nothing. */
    Reservation reserve(Transaction transaction, List<Charge> charges) throws SQLException {
        Loaded loaded = load(
                transaction, KeptLimits.keys(charges), transaction.dialect().forUpdate());
        Reservation answer = loaded.limits.reserve(charges);
        if (!(answer instanceof Reservation.Granted)) {
            return answer;
        }
        List<KeptLimits.KeptCount> changes = loaded.limits.changes();
        int added = (int) changes.stream().filter(KeptLimits.KeptCount::isNew).count();
        if (added > 0) {
            int free = places.take(transaction, added);
            if (free < added) {
                return new Reservation.NotGranted(
                        homeless(charges, loaded.found, free), Reservation.Reason.TOO_MANY_KEYS, null);
            }
        }
        write(transaction, loaded.now, changes);
        return answer;
    }

    /** The position of the first charge for whose key there is no place. */
    private static int homeless(List<Charge> charges, Set<LimitKey> found, int free) {
        Set<LimitKey> known = new HashSet<>(found);
        int left = free;
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            if (charge.asked().micros() > 0 && known.add(charge.key()) && --left < 0) {
                return i;
            }
        }
        return -1;
    }

    /** Gives back or counts what a call gives back or counts at its end. Returns true. */
    boolean settle(
            Transaction transaction, KeptLimits.KeptGrant grant, CallOutcome outcome, List<@Nullable Amount> spent)
            throws SQLException {
        Loaded loaded = load(
                transaction, grant.changedBy(outcome), transaction.dialect().forUpdate());
        loaded.limits.settle(grant, outcome, spent);
        write(transaction, loaded.now, loaded.limits.changes());
        return true;
    }

    /** Lets the leases of a call's places begin in {@code wait}. Returns true. */
    boolean hold(Transaction transaction, KeptLimits.KeptGrant grant, Duration wait) throws SQLException {
        Loaded loaded = load(transaction, grant.leased(), transaction.dialect().forUpdate());
        loaded.limits.hold(grant, wait);
        write(transaction, loaded.now, loaded.limits.changes());
        return true;
    }

    /** How limits stand, without a lock. */
    List<Usage> usage(Transaction transaction, List<Charge> charges) throws SQLException {
        Set<LimitKey> keys = new TreeSet<>();
        charges.forEach(charge -> keys.add(charge.key()));
        return load(transaction, keys, "").limits.usage(charges);
    }

    /** Forgets what is counted under a key, also what can't be read; false if nothing is. */
    boolean reset(Transaction transaction, LimitKey key) throws SQLException {
        boolean counted;
        try {
            Loaded loaded = load(transaction, Set.of(key), transaction.dialect().forUpdate());
            counted = loaded.limits.record(key) != null;
        } catch (IllegalArgumentException damaged) {
            counted = true;
        }
        if (counted) {
            try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_limits WHERE key = ?")) {
                delete.setBytes(1, TextKey.of(KeyText.of(key)));
                delete.executeUpdate();
            }
            transaction.changed();
        }
        return counted;
    }

    /** What is counted, in the order of the keys. */
    List<LimitRecord> list(Transaction transaction, @Nullable LimitKey after, int most) throws SQLException {
        List<LimitRecord> records = new ArrayList<>();
        byte[] last = after == null ? new byte[0] : TextKey.of(KeyText.of(after));
        boolean more = true;
        while (more && records.size() < most) {
            more = false;
            try (PreparedStatement select = transaction.prepare(COLUMNS + "WHERE key > ? ORDER BY key LIMIT ?")) {
                select.setBytes(1, last);
                select.setInt(2, most);
                try (ResultSet row = select.executeQuery()) {
                    while (records.size() < most && row.next()) {
                        more = true;
                        last = row.getBytes(1);
                        byte[] name = row.getBytes(5);
                        LimitKey key = KeyText.key(TextKey.text(name == null ? last : name));
                        KeptLimits limits = new KeptLimits(Math.max(transaction.now(), row.getLong(2)));
                        limits.put(key, row.getLong(3), row.getBytes(4));
                        LimitRecord counted = limits.record(key);
                        if (counted != null) {
                            records.add(counted);
                        }
                    }
                }
            }
        }
        return records;
    }

    // ---- rows ----

    private static Loaded load(Transaction transaction, Collection<LimitKey> keys, String lock) throws SQLException {
        if (keys.isEmpty()) {
            return new Loaded(new KeptLimits(transaction.now()), transaction.now(), Set.of());
        }
        Map<ByteBuffer, LimitKey> byBytes = new HashMap<>();
        String marks = "?" + ", ?".repeat(keys.size() - 1);
        List<Row> rows = new ArrayList<>();
        try (PreparedStatement select =
                transaction.prepare(COLUMNS + "WHERE key IN (" + marks + ") ORDER BY key" + lock)) {
            int at = 0;
            for (LimitKey key : keys) {
                byte[] bytes = TextKey.of(KeyText.of(key));
                byBytes.put(ByteBuffer.wrap(bytes), key);
                select.setBytes(++at, bytes);
            }
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    LimitKey key = byBytes.get(ByteBuffer.wrap(row.getBytes(1)));
                    if (key == null) {
                        throw new SQLException("a row was found that was not asked for");
                    }
                    rows.add(new Row(key, row.getLong(2), row.getLong(3), row.getBytes(4)));
                }
            }
        }
        // Asked for after the rows are locked. Everything that is counted together is counted at one moment.
        long now = transaction.now();
        for (Row row : rows) {
            now = Math.max(now, row.seenAt);
        }
        KeptLimits limits = new KeptLimits(now);
        Set<LimitKey> found = new HashSet<>();
        for (Row row : rows) {
            limits.put(row.key, row.generation, row.state);
            found.add(row.key);
        }
        return new Loaded(limits, now, found);
    }

    /** A row as it was read. */
    private static final class Row {
        final LimitKey key;
        final long seenAt;
        final long generation;
        final byte[] state;

        Row(LimitKey key, long seenAt, long generation, byte[] state) {
            this.key = key;
            this.seenAt = seenAt;
            this.generation = generation;
            this.state = state;
        }
    }

    private static void write(Transaction transaction, long now, List<KeptLimits.KeptCount> changes)
            throws SQLException {
        for (KeptLimits.KeptCount change : changes) {
            if (!change.isNew()) {
                update(transaction, now, change);
            }
        }
        for (KeptLimits.KeptCount change : changes) {
            if (change.isNew()) {
                insert(transaction, now, change);
            }
        }
        if (!changes.isEmpty()) {
            transaction.changed();
        }
    }

    private static void update(Transaction transaction, long now, KeptLimits.KeptCount change) throws SQLException {
        try (PreparedStatement update = transaction.prepare("UPDATE interlock_limits SET kind = ?, used = ?,"
                + " fresh_at = ?, seen_at = ?, generation = ?, cell = ? WHERE key = ?")) {
            counted(update, 1, now, change);
            update.setBytes(7, TextKey.of(KeyText.of(change.key())));
            update.executeUpdate();
        }
    }

    private static void insert(Transaction transaction, long now, KeptLimits.KeptCount change) throws SQLException {
        LimitKey key = change.key();
        String text = KeyText.of(key);
        byte[] bytes = TextKey.of(text);
        byte[] whole = TextKey.whole(text);
        try (PreparedStatement insert = transaction.prepare("INSERT INTO interlock_limits (kind, used, fresh_at,"
                + " seen_at, generation, cell, key, name, limit_name, subject, call_values)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
            counted(insert, 1, now, change);
            insert.setBytes(7, bytes);
            insert.setBytes(8, bytes.length == whole.length ? null : whole);
            insert.setString(9, TextKey.shown(key.limit()));
            insert.setString(10, TextKey.shown(key.subject()));
            insert.setString(11, TextKey.shown(key.partition()));
            if (insert.executeUpdate() == 0) {
                throw new SQLException("another transaction has just counted the same key", Dialect.TRY_AGAIN);
            }
        }
    }

    private static void counted(PreparedStatement statement, int first, long now, KeptLimits.KeptCount change)
            throws SQLException {
        statement.setString(first, change.kind());
        statement.setBigDecimal(first + 1, change.used().toBigDecimal());
        statement.setLong(first + 2, change.freshAt());
        statement.setLong(first + 3, now);
        statement.setLong(first + 4, change.generation());
        statement.setBytes(first + 5, change.state());
    }
}
