package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Names a store, as {@code --state} does. No message about one quotes it, since it may have a password. */
sealed interface StoreAddress {

    /** The address of no store: what is counted is kept in this process. */
    String NONE = "none";

    /** Begins an address of a Redis. */
    List<String> OF_REDIS = List.of("redis://", "rediss://", "redis-sentinel://");

    /** What looks like an address. A single letter before a colon is a drive of Windows. */
    Pattern NO_FILE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*|[^/.].*@.*", Pattern.DOTALL);

    /** A driver's options, and databases that are no files. */
    Pattern NO_SQLITE_FILE = Pattern.compile("|:.*|file:.*|.*\\?.*", Pattern.DOTALL);

    String OF_SQLITE = "jdbc:sqlite:";

    /** No store. */
    record Memory() implements StoreAddress {}

    /** A file of SQLite. */
    record SqliteFile(Path path) implements StoreAddress {}

    /** A database that a JDBC driver reaches. */
    record Database(String url) implements StoreAddress {

        @Override
        public String toString() {
            return "a database";
        }
    }

    /** A Redis or Valkey. */
    record RedisServer(String uri) implements StoreAddress {

        @Override
        public String toString() {
            return "a Redis";
        }
    }

    /**
     * Reads an address.
     *
     * @param source where it stands, for a message
     * @throws CliException if it is none
     */
    static StoreAddress read(String text, String source) {
        if (text.equals(NONE)) {
            return new Memory();
        } else if (OF_REDIS.stream().anyMatch(text::startsWith)) {
            return new RedisServer(text);
        } else if (text.startsWith(OF_SQLITE)) {
            String file = text.substring(OF_SQLITE.length());
            if (NO_SQLITE_FILE.matcher(file).matches()) {
                throw new CliException(source + ": for SQLite, give the name of a file, with no options");
            }
            return new SqliteFile(InputFile.pathOf(file));
        } else if (text.startsWith("jdbc:postgresql:")) {
            return new Database(text);
        } else if (NO_FILE.matcher(text).matches()) {
            throw new CliException(source + ": this must be none, a file, jdbc:postgresql://host/database,"
                    + " redis://host, rediss://host or redis-sentinel://host#master; write ./ before a file whose name"
                    + " looks like one of these");
        }
        return new SqliteFile(InputFile.pathOf(text));
    }
}
