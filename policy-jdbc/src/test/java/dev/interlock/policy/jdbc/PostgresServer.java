package dev.interlock.policy.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL of the test's own, on a free port and in a directory of its own, that ends with the test or with the
 * JVM. Run by root, which it refuses to run for, it runs as the user {@code postgres}. Debian's package {@code
 * postgresql} is enough; {@code -Dpostgres.bin=DIRECTORY} names another one's programs. Where there is none, a test
 * that wants one fails.
 */
public final class PostgresServer implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 300;
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final Path bin = Path.of(System.getProperty("postgres.bin", newest().toString()));
    private final Path directory;
    private final int port;
    private final boolean isDurable;

    private PostgresServer(Path directory, int port, boolean isDurable) {
        this.directory = directory;
        this.port = port;
        this.isDurable = isDurable;
    }

    /** A running server, without any table. It doesn't wait for the disk: its machine is not what tests let fail. */
    public static PostgresServer start() {
        return start(false);
    }

    /** The same, but it waits for the disk, as servers do. */
    public static PostgresServer startDurable() {
        return start(true);
    }

    private static PostgresServer start(boolean isDurable) {
        try {
            Path directory = Files.createTempDirectory("interlock-postgres");
            PostgresServer server = new PostgresServer(directory, freePort(), isDurable);
            if (isRoot()) {
                run(List.of("chown", "postgres", directory.toString()));
            }
            server.program("initdb", "-D", server.data(), "-U", "interlock", "-A", "trust", "-E", "UTF8", "--no-sync");
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            server.run();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path newest() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.max(Comparator.comparingInt(
                            version -> Integer.parseInt(version.getFileName().toString())))
                    .orElseThrow()
                    .resolve("bin");
        } catch (IOException e) {
            throw new UncheckedIOException("no PostgreSQL is installed: see CONTRIBUTING.md", e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private String data() {
        return directory.resolve("data").toString();
    }

    /** Starts it again, with what it had written and on the same port. */
    public void run() {
        program(
                "pg_ctl",
                "-D",
                data(),
                "-w",
                "-t",
                Integer.toString(PATIENCE_SECONDS),
                "-l",
                directory.resolve("log").toString(),
                "-o",
                "-p " + port + " -c listen_addresses=127.0.0.1 -c max_connections=200 -k " + directory
                        + (isDurable ? "" : " -c fsync=off"),
                "start");
    }

    /** Ends it at once, as a loss of power would, but for what the disk holds. */
    public void kill() {
        program("pg_ctl", "-D", data(), "-w", "-m", "immediate", "stop");
    }

    /** The URL of the database that is there from the start. */
    public String url() {
        return url("postgres");
    }

    private String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=interlock";
    }

    /** The port on this machine. */
    public int port() {
        return port;
    }

    /** Makes an empty database on it, and returns its URL. */
    public String freshDatabase() {
        String name = "test" + DATABASES.incrementAndGet();
        try (Connection connection = source(url()).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return url(name);
    }

    /** Connections to a database, kept for the next transaction as a pool keeps them. */
    public static DataSource connections(String url) {
        return new SmallPool(source(url));
    }

    private static DataSource source(String url) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        return source;
    }

    private void program(String name, String... arguments) {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("runuser", "-u", "postgres", "--"));
        }
        command.add(bin.resolve(name).toString());
        command.addAll(List.of(arguments));
        try {
            run(command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(List<String> command) throws IOException {
        Path out = Files.createTempFile("interlock-postgres", ".out");
        try {
            // To a file, since the server keeps what it was started with open.
            Process process = new ProcessBuilder(command)
                    .directory(Path.of("/").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(command + ": " + Files.readString(out, StandardCharsets.UTF_8));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            Files.deleteIfExists(out);
        }
    }

    /** Stops it, and removes what it has written. */
    @Override
    public synchronized void close() {
        if (!Files.exists(directory)) {
            return;
        }
        try {
            if (Files.exists(directory.resolve("data").resolve("postmaster.pid"))) {
                kill();
            }
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
