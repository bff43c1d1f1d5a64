package dev.interlock.policy.cli.state;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.jdbc.JdbcStore;
import dev.interlock.policy.limit.UnavailableException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** Opens a database. Apart from the options, so that commands that need none don't load a driver. */
final class JdbcOpening implements AutoCloseable {

    /** PostgreSQL's driver logs addresses that it can't read, with the password. Held, or the setting is lost. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql");

    /** The least that a pool can be told to wait for a connection. */
    private static final Duration LEAST_WAIT = Duration.ofMillis(250);

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(2);

    /** SQLite has one writer at a time. The others read. */
    private static final int OF_SQLITE = 4;

    private static final int OF_POSTGRESQL = 10;

    private final HikariDataSource pool;
    private final JdbcStore store;

    private JdbcOpening(HikariConfig config, StoreOpening opening) {
        Duration timeout = timeout(opening);
        if (timeout.toMillis() < 1) {
            throw new CliException(opening.source() + ": the timeout must be at least 1 ms");
        }
        DRIVER.setLevel(Level.OFF);
        long wait = Math.max(LEAST_WAIT.toMillis(), timeout.toMillis());
        config.setConnectionTimeout(wait);
        config.setValidationTimeout(wait);
        config.setMinimumIdle(1);
        // A database that can't be reached yet is the store's affair.
        config.setInitializationFailTimeout(-1);
        this.pool = pool(config, opening);
        JdbcStore.Builder builder = JdbcStore.on(pool).timeout(timeout).listener(opening.listener());
        if (opening.down() != null) {
            builder.onFailure(opening.down());
        }
        this.store = builder.build();
    }

    private static Duration timeout(StoreOpening opening) {
        Duration asked = opening.timeout();
        return asked == null ? DEFAULT_TIMEOUT : asked;
    }

    private static HikariDataSource pool(HikariConfig config, StoreOpening opening) {
        try {
            return new HikariDataSource(config);
        } catch (RuntimeException e) {
            // Its message quotes the address.
            throw new CliException(opening.source() + ": the address of a database can't be read; write"
                    + " jdbc:postgresql://host:5432/database?user=…&password=…");
        }
    }

    /**
     * Opens a file of SQLite.
     *
     * @param mayMake whether the file is made if there is none
     * @throws CliException if that fails: a file on this machine won't be there later
     */
    static OpenState open(Path file, boolean mayMake, StoreOpening opening) {
        String path = file.toAbsolutePath().toString();
        if (path.indexOf('?') >= 0) {
            throw new CliException(opening.source() + ": SQLite can't open a file with a '?' in its path");
        }
        find(file, mayMake);
        HikariConfig config = new HikariConfig();
        SQLiteConfig sqlite = new SQLiteConfig();
        sqlite.setJournalMode(SQLiteConfig.JournalMode.WAL);
        // What is committed outlives this process, however it ends. Only a power failure may take the last commits.
        sqlite.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        sqlite.setBusyTimeout((int) Math.min(60_000, timeout(opening).toMillis()));
        SQLiteDataSource source = new SQLiteDataSource(sqlite);
        source.setUrl(StoreAddress.OF_SQLITE + path);
        config.setDataSource(source);
        config.setMaximumPoolSize(OF_SQLITE);
        JdbcOpening opened = new JdbcOpening(config, opening);
        try {
            opened.store.open();
        } catch (UnavailableException e) {
            opened.close();
            throw new CliException(file + " can't be opened: " + StoreOpening.message(e));
        }
        return new OpenState(opened.store, true, opened::close);
    }

    /** Makes the file, so that it is this user's alone, or says why it can't be opened: SQLite doesn't. */
    private static void find(Path file, boolean mayMake) {
        try {
            if (mayMake && !Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
        } catch (FileAlreadyExistsException e) {
            // Another process was faster.
        } catch (NoSuchFileException e) {
            throw new CliException(file + ": there is no directory for it");
        } catch (IOException | UnsupportedOperationException e) {
            throw new CliException(file + " can't be made: " + e.getMessage());
        }
        if (!Files.exists(file)) {
            throw new CliException(file + ": there is no such file");
        } else if (!Files.isRegularFile(file)) {
            throw new CliException(file + ": this is not a file");
        } else if (!Files.isReadable(file) || !Files.isWritable(file)) {
            throw new CliException(file + ": you may not read and write it");
        }
    }

    /** Opens a database of PostgreSQL. One that can't be reached is told. */
    static OpenState open(String url, StoreOpening opening) {
        if (url.contains("@") && url.indexOf('@') < (url + "?").indexOf('?')) {
            // The driver would take the password for a port.
            throw new CliException(opening.source() + ": a user and a password come after the database:"
                    + " jdbc:postgresql://host:5432/database?user=…&password=…");
        }
        HikariConfig config = new HikariConfig();
        try {
            config.setJdbcUrl(url);
        } catch (RuntimeException e) {
            throw new CliException(opening.source() + ": the address of a database can't be read");
        }
        config.setMaximumPoolSize(OF_POSTGRESQL);
        JdbcOpening opened = new JdbcOpening(config, opening);
        try {
            opened.store.open();
        } catch (UnavailableException e) {
            opening.notYet(e);
        }
        return new OpenState(opened.store, true, opened::close);
    }

    @Override
    public void close() {
        store.close();
        pool.close();
    }
}
