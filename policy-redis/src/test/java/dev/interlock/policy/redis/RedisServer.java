package dev.interlock.policy.redis;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Redis server of the test's own, on a free port and in a directory of its own, that ends with the test or with the
 * JVM. What it writes to its log are the events that tests wait for.
 *
 * <p>The program is the {@code redis-server} or {@code valkey-server} on the path; where there is none, the one that
 * the embedded-redis artifact carries, so that a JDK and Maven are all that a build needs. {@code -Dredis.server=PATH}
 * names another.
 */
public final class RedisServer implements AutoCloseable {

    private static final String IS_READY = "Ready to accept connections";
    private static final String END = "(the end)";
    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    static final Duration PATIENCE = Duration.ofMinutes(5);

    private final int port;
    private final Path directory;
    private final List<String> options;
    private final List<String> log = new ArrayList<>();
    private Process process;
    private Thread reader;

    private RedisServer(int port, Path directory, List<String> options) {
        this.port = port;
        this.directory = directory;
        this.options = options;
    }

    /** A running server with these options besides. */
    public static RedisServer start(String... options) throws IOException {
        return start(IS_READY, "save \"\"\nrepl-diskless-sync-delay 0\n", List.of(options));
    }

    /** A sentinel that watches over this master, and finds it dead when it hasn't answered for five seconds. */
    static RedisServer sentinelOf(String name, RedisServer master) throws IOException {
        return start("+monitor master " + name, """
                sentinel monitor %1$s 127.0.0.1 %2$d 1
                sentinel down-after-milliseconds %1$s 5000
                sentinel failover-timeout %1$s 10000
                """.formatted(name, master.port), List.of("--sentinel"));
    }

    private static RedisServer start(String isReady, String configuration, List<String> options) throws IOException {
        Path directory = Files.createTempDirectory("interlock-redis");
        Files.writeString(directory.resolve("conf"), configuration);
        RedisServer server = new RedisServer(freePort(), directory, new ArrayList<>(options));
        Runtime.getRuntime().addShutdownHook(new Thread(server::kill));
        server.run(isReady);
        return server;
    }

    /** Starts it again, with what it had saved and on the same port. */
    void run() throws IOException {
        run(IS_READY);
    }

    private void run(String isReady) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Program.PATH.toString(),
                directory.resolve("conf").toString(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                directory.toString(),
                "--logfile",
                ""));
        command.addAll(options);
        synchronized (log) {
            log.clear();
        }
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        reader = new Thread(() -> read(process), "redis-log");
        reader.setDaemon(true);
        reader.start();
        awaitLog(isReady);
    }

    private void read(Process of) {
        try (BufferedReader lines = of.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                tell(line);
            }
        } catch (IOException e) {
            tell("its log has broken off: " + e);
        }
        tell(END);
    }

    private void tell(String line) {
        synchronized (log) {
            log.add(line);
            log.notifyAll();
        }
    }

    /** Waits until the server, since it was last started, has written a line with this text in it. */
    void awaitLog(String text) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        synchronized (log) {
            while (log.stream().noneMatch(line -> line.contains(text))) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0 || log.contains(END)) {
                    throw new AssertionError("the server did not say '" + text + "', but: " + String.join("\n", log));
                }
                try {
                    log.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError(e);
                }
            }
        }
    }

    /** For the next time that it is run. */
    void option(String... words) {
        options.addAll(List.of(words));
    }

    public int port() {
        return port;
    }

    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** Runs a command, and returns the answer as it came. Knows nothing of Lettuce. */
    public String command(String... words) throws IOException {
        return commands(List.of(List.of(words)));
    }

    /** Waits until a replica has what this server was told so far. */
    void awaitReplica() throws IOException {
        // What is waited for is what the same connection has written.
        String answers = commands(List.of(
                List.of("SET", "written", "last"), List.of("WAIT", "1", Long.toString(PATIENCE.toMillis() / 2))));
        if (!answers.endsWith(":1\r\n")) {
            throw new AssertionError("no replica has it: " + answers);
        }
    }

    /** Runs commands over one connection. */
    private String commands(List<List<String>> commands) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) PATIENCE.toMillis());
            socket.setSoTimeout((int) PATIENCE.toMillis());
            StringBuilder request = new StringBuilder();
            for (List<String> words : commands) {
                request.append('*').append(words.size()).append("\r\n");
                for (String word : words) {
                    request.append('$')
                            .append(word.length())
                            .append("\r\n")
                            .append(word)
                            .append("\r\n");
                }
            }
            // Closing this side instead could cut the answer short.
            request.append("*1\r\n$4\r\nQUIT\r\n");
            OutputStream out = socket.getOutputStream();
            out.write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            String text = answer.toString(StandardCharsets.ISO_8859_1);
            return text.substring(0, Math.max(0, text.length() - "+OK\r\n".length()));
        }
    }

    /** The names of all keys, in no order. */
    List<String> keys() throws IOException {
        return Arrays.stream(command("KEYS", "*").split("\r\n", -1))
                .filter(line -> !line.isEmpty() && !line.startsWith("*") && !line.startsWith("$"))
                .toList();
    }

    /** What INFO says of a field. */
    String info(String field) throws IOException {
        return Arrays.stream(command("INFO", "all").split("\r\n", -1))
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1))
                .findFirst()
                .orElse("");
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            // Else the end of this log could be taken for the end of the next.
            reader.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** It hears, and does nothing. */
    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new AssertionError("kill -" + name + " ended with " + status);
        }
    }

    @Override
    public void close() throws IOException {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Waits for what no log tells. Each look is a round trip to another process, so it needs no pause. */
    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("it did not come about in " + PATIENCE);
            }
        }
    }

    static int freePort() throws IOException {
        while (true) {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                // A cluster's nodes talk on a port that is 10,000 higher.
                if (socket.getLocalPort() < 55_000) {
                    return socket.getLocalPort();
                }
            }
        }
    }

    /** The server's program. */
    private static final class Program {

        static final Path PATH = find();

        private static Path find() {
            String named = System.getProperty("redis.server");
            if (named != null) {
                return Path.of(named);
            }
            for (String name : List.of("redis-server", "valkey-server")) {
                for (String directory :
                        Pattern.compile(":").split(System.getenv().getOrDefault("PATH", ""), -1)) {
                    Path program = Path.of(directory, name);
                    if (Files.isExecutable(program)) {
                        return program;
                    }
                }
            }
            return unpacked();
        }

        private static Path unpacked() {
            String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
            String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
            String resource = (os.contains("mac") ? "darwin" : os.contains("linux") ? "linux" : os)
                    + (arch.equals("aarch64") ? "-arm64" : "-amd64");
            for (String version : List.of("6.2.6-v5", "6.2.7")) {
                try (InputStream in =
                        RedisServer.class.getResourceAsStream("/redis-server-" + version + "-" + resource)) {
                    if (in != null) {
                        Path program = Files.createTempFile("redis-server", "");
                        Files.copy(in, program, StandardCopyOption.REPLACE_EXISTING);
                        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
                        program.toFile().deleteOnExit();
                        return program;
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            throw new AssertionError("these tests need a Redis server, and embedded-redis has none for " + resource
                    + ": install redis-server 7 or valkey-server, or name one with -Dredis.server=PATH");
        }
    }
}
