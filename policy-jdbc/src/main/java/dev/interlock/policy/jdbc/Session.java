package dev.interlock.policy.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One connection while it is ours. It is given back as it came, or, if that can't be told any more, is torn down. For
 * one thread.
 */
final class Session implements AutoCloseable {

    private final Connection connection;
    private final boolean autoCommit;
    private final int networkTimeout;
    private @Nullable Dialect open;
    private boolean broken;

    /**
     * Takes a connection over.
     *
     * @param silence how long the server may be silent
     */
    Session(Connection connection, Duration silence) throws SQLException {
        this.connection = connection;
        try {
            this.autoCommit = connection.getAutoCommit();
            this.networkTimeout = limitSilence(connection, silence);
        } catch (SQLException | RuntimeException e) {
            tearDown(connection);
            throw e;
        }
    }

    /** Returns what the limit was before; -1 if the driver has none, as one of a database in this process. */
    private static int limitSilence(Connection connection, Duration silence) {
        try {
            int before = connection.getNetworkTimeout();
            long millis = Math.min(Math.max(1, silence.toMillis()), Integer.MAX_VALUE);
            connection.setNetworkTimeout(Runnable::run, (int) millis);
            return before;
        } catch (SQLException | RuntimeException | AbstractMethodError e) {
            return -1;
        }
    }

    Connection connection() {
        return connection;
    }

    void begin(Dialect dialect, boolean changes) throws SQLException {
        dialect.begin(connection, changes);
        open = dialect;
    }

    /** Whatever it throws, it is not known whether the transaction has happened. */
    void commit(Dialect dialect) throws SQLException {
        dialect.commit(connection);
        open = null;
    }

    void rollBack(Dialect dialect) throws SQLException {
        dialect.rollBack(connection);
        open = null;
    }

    /** Keeps others from using the connection. */
    void discard() {
        broken = true;
    }

    @Override
    public void close() {
        boolean good = !broken;
        if (good) {
            try {
                if (open != null) {
                    rollBack(open);
                }
                if (connection.getAutoCommit() != autoCommit) {
                    connection.setAutoCommit(autoCommit);
                }
                if (networkTimeout >= 0) {
                    connection.setNetworkTimeout(Runnable::run, networkTimeout);
                }
                connection.close();
            } catch (SQLException | RuntimeException e) {
                good = false;
            }
        }
        if (!good) {
            tearDown(connection);
        }
    }

    private static void tearDown(Connection connection) {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException | RuntimeException | AbstractMethodError ignored) {
            // It may be closed already.
        }
        try {
            connection.close();
        } catch (SQLException | RuntimeException ignored) {
            // Nothing can be done about it.
        }
    }
}
