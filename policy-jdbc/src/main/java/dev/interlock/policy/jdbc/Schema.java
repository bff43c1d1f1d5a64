package dev.interlock.policy.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The tables, and how those of an older version become those of this one: by numbered scripts, each run once, in one
 * transaction with the row that says so. Scripts that have been released are never changed.
 *
 * <p>In a script, {@code {bytes}} stands for the type of a column that holds bytes. Statements end with a semicolon at
 * the end of a line.
 */
final class Schema {

    /** In the order of their numbers, which begin at 1. */
    private static final List<String> SCRIPTS = List.of("001-limits", "002-sessions", "003-tickets", "004-suspension");

    private static final String VERSIONS = "CREATE TABLE IF NOT EXISTS interlock_schema ("
            + "version INTEGER NOT NULL PRIMARY KEY, script TEXT NOT NULL, applied_at BIGINT NOT NULL)";

    private final List<String> scripts;

    /** The tables of this version. */
    Schema() {
        this(SCRIPTS);
    }

    /** For tests: those of another version. */
    Schema(List<String> scripts) {
        this.scripts = List.copyOf(scripts);
    }

    /**
     * Makes the tables what they must be, and changes nothing if they are. Called inside a transaction that holds the
     * dialect's lock.
     *
     * @return whether something was changed
     * @throws SQLException if they are of a later version than this one
     */
    boolean migrate(Connection connection, Dialect dialect, long now) throws SQLException {
        int version;
        try (Statement statement = connection.createStatement()) {
            statement.execute(VERSIONS);
            try (ResultSet row = statement.executeQuery("SELECT MAX(version) FROM interlock_schema")) {
                row.next();
                version = row.getInt(1);
            }
        }
        if (version > scripts.size()) {
            throw new SQLException(
                    "the tables are of version " + version + ", and this version of Interlock knows those"
                            + " up to version " + scripts.size() + ": it must be at least as new as what made them");
        }
        for (int next = version; next < scripts.size(); next++) {
            String script = scripts.get(next);
            for (String sql : statements(script, dialect)) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(sql);
                }
            }
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO interlock_schema VALUES (?, ?, ?)")) {
                insert.setInt(1, next + 1);
                insert.setString(2, script);
                insert.setLong(3, now);
                insert.executeUpdate();
            }
        }
        return version < scripts.size();
    }

    private static List<String> statements(String script, Dialect dialect) {
        String text = read(script)
                .lines()
                .filter(line -> !line.startsWith("--"))
                .reduce("", (all, line) -> all + line + "\n")
                .replace("{bytes}", dialect.bytes());
        return List.of(text.split(";\\s*\\n")).stream()
                .map(String::strip)
                .filter(sql -> !sql.isEmpty())
                .toList();
    }

    private static String read(String name) {
        try (InputStream in = Schema.class.getResourceAsStream(name + ".sql")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + ".sql beside " + Schema.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
