package dev.interlock.policy.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.sqlite.SQLiteDataSource;

/** A database of the test's own in a directory of its own, which ends with the test. */
public final class SqliteFile implements AutoCloseable {

    private final Path directory;
    private final Path file;

    private SqliteFile(Path directory) {
        this.directory = directory;
        this.file = directory.resolve("state.db");
    }

    /** A file that is not there yet. */
    public static SqliteFile create() {
        try {
            return new SqliteFile(Files.createTempDirectory("interlock-sqlite"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it is. */
    public Path path() {
        return file;
    }

    /** What {@code DriverManager} takes. */
    public String url() {
        return "jdbc:sqlite:" + file;
    }

    /** Connections to it, kept for the next transaction as a pool keeps them. */
    public DataSource connections() {
        SQLiteDataSource source = new SQLiteDataSource();
        source.setUrl(url());
        return new SmallPool(source);
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
            for (Path each : all) {
                Files.delete(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
