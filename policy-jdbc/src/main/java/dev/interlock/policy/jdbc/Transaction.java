package dev.interlock.policy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One transaction, as the {@link Transactions.Work} inside it sees it. For one thread. */
final class Transaction {

    private final Connection connection;
    private final Dialect dialect;
    private final @Nullable LongSupplier givenTime;
    private boolean changed;
    private boolean timed;
    private long now;

    Transaction(Connection connection, Dialect dialect, @Nullable LongSupplier givenTime) {
        this.connection = connection;
        this.dialect = dialect;
        this.givenTime = givenTime;
    }

    /** Returns the connection. The work neither commits nor rolls back nor closes it. */
    Connection connection() {
        return connection;
    }

    Dialect dialect() {
        return dialect;
    }

    /** Prepares a statement. The caller closes it. */
    PreparedStatement prepare(String sql) throws SQLException {
        return connection.prepareStatement(sql);
    }

    /**
     * Returns the database's time in nanoseconds since 1970: that of the first time it is asked for. Ask after the rows
     * are locked that it is compared with.
     */
    long now() throws SQLException {
        if (!timed) {
            now = givenTime == null ? dialect.now(connection) : givenTime.getAsLong();
            timed = true;
        }
        return now;
    }

    /**
     * Says that something has been changed that is to be kept. A transaction that has not been told so is rolled back
     * in the end, which costs less.
     */
    void changed() {
        changed = true;
    }

    boolean isChanged() {
        return changed;
    }
}
