package dev.interlock.policy.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** What differs from database to database. */
enum Dialect {

    /**
     * A transaction that changes something has the whole file to itself from its first moment, so rows need no locks.
     * The file is on this machine, whose clock is the database's.
     */
    SQLITE("BLOB", "") {
        @Override
        void begin(Connection connection, boolean changes) throws SQLException {
            if (!connection.getAutoCommit()) {
                // Else the driver begins transactions by itself, and those don't lock the file before they read.
                connection.setAutoCommit(true);
            }
            execute(connection, changes ? "BEGIN IMMEDIATE" : "BEGIN");
        }

        @Override
        void commit(Connection connection) throws SQLException {
            execute(connection, "COMMIT");
        }

        @Override
        void rollBack(Connection connection) throws SQLException {
            execute(connection, "ROLLBACK");
        }

        @Override
        void prepare(Connection connection) throws SQLException {
            if (!connection.getAutoCommit()) {
                connection.setAutoCommit(true);
            }
            // Readers and a writer don't wait for each other. The file remembers this.
            execute(connection, "PRAGMA journal_mode = WAL");
        }

        @Override
        void lockForMigration(Connection connection) {
            // BEGIN IMMEDIATE has.
        }

        @Override
        long now(Connection connection) {
            return ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
        }

        @Override
        boolean isContention(SQLException failure) {
            // SQLITE_BUSY and SQLITE_LOCKED: another process, or another connection of this one, has the file.
            int primary = failure.getErrorCode() & 0xFF;
            return primary == 5 || primary == 6;
        }
    },

    /** Rows are locked one by one, at the isolation level READ COMMITTED or any above it. */
    POSTGRESQL("BYTEA", " FOR UPDATE") {
        @Override
        void begin(Connection connection, boolean changes) throws SQLException {
            // The driver sends BEGIN together with the first statement.
            connection.setAutoCommit(false);
        }

        @Override
        void commit(Connection connection) throws SQLException {
            connection.commit();
        }

        @Override
        void rollBack(Connection connection) throws SQLException {
            connection.rollback();
        }

        @Override
        void prepare(Connection connection) {
            // Nothing must be set.
        }

        @Override
        void lockForMigration(Connection connection) throws SQLException {
            execute(connection, "SELECT pg_advisory_xact_lock(" + MIGRATION + ")");
        }

        @Override
        long now(Connection connection) throws SQLException {
            // Not now(), which is when the transaction began: it may have waited for rows since.
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT")) {
                row.next();
                return row.getLong(1) * 1_000;
            }
        }

        @Override
        boolean isContention(SQLException failure) {
            // A serialization failure, a deadlock; and a key that another transaction has just inserted.
            String state = failure.getSQLState();
            return TRY_AGAIN.equals(state) || "40P01".equals(state) || "23505".equals(state);
        }
    };

    /** The number of the lock under which tables are made: the bytes of ILKSCHEM. */
    private static final long MIGRATION = 0x494C4B534348454DL;

    /** The state of an exception that says that the same transaction may succeed if it is tried again. */
    static final String TRY_AGAIN = "40001";

    private final String bytes;
    private final String forUpdate;

    Dialect(String bytes, String forUpdate) {
        this.bytes = bytes;
        this.forUpdate = forUpdate;
    }

    /** Returns the dialect of the database behind a connection. */
    static Dialect of(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        return switch (product.toLowerCase(Locale.ROOT)) {
            case "sqlite" -> SQLITE;
            case "postgresql" -> POSTGRESQL;
            default -> throw new SQLException("state can be kept in SQLite and PostgreSQL, not in " + product);
        };
    }

    /** Returns the name of the type of columns that hold bytes. */
    String bytes() {
        return bytes;
    }

    /** Returns the end of a SELECT whose rows stay as they are until the transaction ends. */
    String forUpdate() {
        return forUpdate;
    }

    /**
     * Begins a transaction.
     *
     * @param changes whether it may change something
     */
    abstract void begin(Connection connection, boolean changes) throws SQLException;

    abstract void commit(Connection connection) throws SQLException;

    abstract void rollBack(Connection connection) throws SQLException;

    /** Sets what must be set before the tables are made. */
    abstract void prepare(Connection connection) throws SQLException;

    /** Waits until no other transaction makes tables. */
    abstract void lockForMigration(Connection connection) throws SQLException;

    /** Returns the database's clock, in nanoseconds since 1970. */
    abstract long now(Connection connection) throws SQLException;

    /** Whether the same transaction may succeed if it is tried again, because it only met another one. */
    abstract boolean isContention(SQLException failure);

    /** Whether the connection is of no use any more, while another one may be. */
    boolean isLostConnection(SQLException failure) {
        String state = failure.getSQLState();
        // 57P01 to 57P03: the server is being shut down or started.
        return state != null && (state.startsWith("08") || state.startsWith("57P0"));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
