package dev.interlock.policy.jdbc;

import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps in one row of the database whether calls are suspended. Thread-safe. */
final class JdbcSuspensionStore implements SuspensionStore {

    private static final String SELECT = "SELECT suspended, reason, suspended_by, since, whole_reason, whole_by"
            + " FROM interlock_suspension WHERE one = 1";

    private final Transactions transactions;

    JdbcSuspensionStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public @Nullable Suspension read() {
        return transactions.read(transaction -> read(transaction, "")).orElse(null);
    }

    @Override
    public CompletionStage<@Nullable Suspension> readAsync() {
        return transactions.readAsync(transaction -> read(transaction, "")).thenApply(read -> read.orElse(null));
    }

    @Override
    public void suspend(Suspension suspension) {
        transactions.change(transaction -> write(transaction, suspension));
    }

    @Override
    public @Nullable Suspension resume() {
        return transactions
                .change(transaction -> {
                    Optional<Suspension> ended =
                            read(transaction, transaction.dialect().forUpdate());
                    if (ended.isPresent()) {
                        write(transaction, null);
                    }
                    return ended;
                })
                .orElse(null);
    }

    /** A row that is gone, or that can't be read, is not taken for "not suspended". */
    private static Optional<Suspension> read(Transaction transaction, String lock) throws SQLException {
        try (PreparedStatement select = transaction.prepare(SELECT + lock);
                ResultSet row = select.executeQuery()) {
            if (!row.next()) {
                throw new SQLException("the row that says whether calls are suspended is gone from the tables");
            }
            if (row.getInt(1) == 0) {
                return Optional.empty();
            }
            String reason = whole(row.getBytes(5), row.getString(2));
            return Optional.of(
                    new Suspension(reason == null ? "" : reason, whole(row.getBytes(6), row.getString(3)), since(row)));
        }
    }

    private static @Nullable String whole(byte @Nullable [] whole, @Nullable String shown) {
        return whole == null ? shown : TextKey.text(whole);
    }

    private static Instant since(ResultSet row) throws SQLException {
        String since = row.getString(4);
        try {
            return since == null ? Instant.EPOCH : Instant.parse(since);
        } catch (DateTimeException e) {
            throw new SQLException("when calls were suspended can't be read from the tables", e);
        }
    }

    private static boolean write(Transaction transaction, @Nullable Suspension suspension) throws SQLException {
        try (PreparedStatement update = transaction.prepare("UPDATE interlock_suspension SET suspended = ?, reason = ?,"
                + " suspended_by = ?, since = ?, whole_reason = ?, whole_by = ? WHERE one = 1")) {
            String reason = suspension == null ? null : suspension.reason();
            String by = suspension == null ? null : suspension.by();
            update.setInt(1, suspension == null ? 0 : 1);
            text(update, 2, reason == null ? null : TextKey.shown(reason));
            text(update, 3, by == null ? null : TextKey.shown(by));
            text(update, 4, suspension == null ? null : suspension.since().toString());
            bytes(update, 5, reason);
            bytes(update, 6, by);
            if (update.executeUpdate() != 1) {
                throw new SQLException("the row that says whether calls are suspended is gone from the tables");
            }
        }
        transaction.changed();
        return true;
    }

    private static void text(PreparedStatement update, int index, @Nullable String text) throws SQLException {
        if (text == null) {
            update.setNull(index, Types.VARCHAR);
        } else {
            update.setString(index, text);
        }
    }

    private static void bytes(PreparedStatement update, int index, @Nullable String text) throws SQLException {
        if (text == null) {
            update.setNull(index, Types.BINARY);
        } else {
            update.setBytes(index, TextKey.whole(text));
        }
    }
}
