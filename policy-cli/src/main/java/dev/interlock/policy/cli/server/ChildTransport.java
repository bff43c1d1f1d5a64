package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.LineWriter;
import dev.interlock.policy.cli.io.Lines;
import dev.interlock.policy.cli.state.StateOptions;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An MCP server as a child process. The SDK's own transport for this hides the process. This one reports the exit
 * status, gives us the standard error, and never lets the child outlive us.
 *
 * <p>Nothing that the child writes, or fails to read, stops anything else. Messages to the child wait in a bounded
 * queue; when it is full, sending fails. A line from the child that can't be read ends at most the request that it was
 * meant to answer.
 */
public final class ChildTransport implements McpClientTransport {

    /** Withheld from every child: it holds the address of the store, and so its password. */
    private static final String WITHHELD = StateOptions.VARIABLE;

    /** How long a child may take to end by itself once its output has ended. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);

    private final List<String> command;
    private final JsonRpc json;
    private final McpJsonMapper mapper;
    private final HostOutput host;
    private final Consumer<String> reports;
    private final int longestLine;
    private final OutputStream errors;
    private final CompletableFuture<Integer> exit;

    private volatile @Nullable Child child;

    /** Whether a line of the child's output is being passed on. */
    private volatile boolean passingOn;

    /** The process, the writer to its input, and the readers of its outputs. */
    private record Child(Process process, LineWriter in, Thread reader, ErrorTail errors) {}

    /**
     * Creates a child that starts when the transport is connected.
     *
     * @param host receives output that belongs to no request
     * @param reports receives descriptions of what went wrong with the child
     * @param longestLine the most bytes of a line
     * @param errors receives the child's standard error
     * @param exit receives the exit status, once the child has ended and all its output has been passed on
     */
    public ChildTransport(
            List<String> command,
            JsonRpc json,
            HostOutput host,
            Consumer<String> reports,
            int longestLine,
            OutputStream errors,
            CompletableFuture<Integer> exit) {
        this.command = command;
        this.json = json;
        this.mapper = json.forSdk();
        this.host = host;
        this.reports = reports;
        this.longestLine = longestLine;
        this.errors = errors;
        this.exit = exit;
    }

    /**
     * Starts the child.
     *
     * @throws CliException from the Mono, if it can't be started
     */
    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(() -> start(handler));
    }

    private void start(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        Process started;
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            // Write access to the store is enough to lift the limits, and this child is the one that they limit.
            builder.environment().remove(WITHHELD);
            started = builder.start();
        } catch (IOException | IllegalArgumentException e) {
            throw new CliException("the server can't be started: " + e.getMessage());
        }
        Incoming incoming = new Incoming(json, handler, host::add, this::sendLine, reports, longestLine);
        LineWriter in = new LineWriter(
                "interlock-child-in",
                started.getOutputStream(),
                longestLine,
                unwritten -> unanswered(started, incoming, unwritten));
        Thread reader = new Thread(() -> read(started, incoming), "interlock-child-out");
        reader.setDaemon(true);
        child = new Child(started, in, reader, new ErrorTail(started.getErrorStream(), errors));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> kill(started), "interlock-child-end"));
        reader.start();
        // Other processes may hold its output open after it has ended.
        CompletableFuture<Void> unused =
                started.onExit().thenAcceptAsync(gone -> exit.complete(exitStatus(gone, reader)));
    }

    /** Returns the exit status once the child's output has been passed on. */
    private int exitStatus(Process gone, Thread reader) {
        try {
            do {
                reader.join(LAST_PATIENCE.toMillis());
            } while (reader.isAlive() && passingOn);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return gone.exitValue();
    }

    /** The last lines that the child has written to its standard error, without invisible characters. */
    public List<String> lastErrors() {
        Child running = child;
        if (running == null) {
            return List.of();
        }
        if (!running.process().isAlive()) {
            running.errors().await(LAST_PATIENCE);
        }
        return running.errors().lines();
    }

    // ---- from the child

    private void read(Process process, Incoming incoming) {
        try (InputStream out = process.getInputStream()) {
            Lines lines = new Lines(out, longestLine);
            while (lines.next()) {
                passingOn = true;
                incoming.take(lines);
                host.awaitRoom();
                passingOn = false;
            }
        } catch (IOException e) {
            // The child's output has broken off, so the child is ending. Its exit status tells the rest.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            reports.accept("the server's output can't be read any more: " + e);
        } finally {
            // A child without output can't answer. It gets as long to end as any other child.
            exit.complete(end(process, Deadline.in(PATIENCE)));
        }
    }

    private static void unanswered(Process process, Incoming incoming, List<LineWriter.Line> unwritten) {
        try {
            if (process.waitFor(LAST_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                // The child's end answers all requests, and says more.
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (LineWriter.Line line : unwritten) {
            Object id = line.request();
            if (id != null) {
                incoming.fail(id, "the server does not read its input any more");
            }
        }
    }

    // ---- to the child

    /** Completes when the message is queued, which keeps messages in order. */
    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.fromRunnable(() -> {
            Object id = message instanceof JSONRPCRequest request ? request.id() : null;
            if (!offer(new LineWriter.Line(json.write(message), id))) {
                throw new ServerException(problem());
            }
        });
    }

    /** Sends a line unchanged. Returns false if the child doesn't read. */
    public boolean sendLine(byte[] line) {
        return offer(new LineWriter.Line(line, null));
    }

    private String problem() {
        Child running = child;
        return running == null || running.process().isAlive()
                ? "the server does not read its input"
                : ended(running.process().exitValue());
    }

    /** The message for people that a child has ended. */
    public static String ended(int status) {
        return "the server has ended with exit code " + status;
    }

    private boolean offer(LineWriter.Line line) {
        Child running = child;
        return running != null && running.in().offer(line);
    }

    // ---- the end

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(() -> finish(Deadline.in(PATIENCE)));
    }

    /**
     * Lets the child finish. Its input ends when it has read all that was sent. Until the deadline, it has time to do
     * so.
     */
    public void finish(Deadline deadline) {
        Child running = child;
        if (running == null) {
            return;
        }
        running.in().finish();
        int status = end(running.process(), deadline);
        try {
            // Its last output is passed on. Don't wait for other processes that hold the output open.
            running.reader().join(LAST_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        exit.complete(status);
    }

    /** Waits for the child to end, kills it after the deadline, and returns its exit status. */
    private static int end(Process process, Deadline deadline) {
        try {
            if (!process.waitFor(deadline.millisLeft(), TimeUnit.MILLISECONDS)) {
                kill(process);
            }
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill(process);
            return 1;
        }
    }

    /**
     * Ends the child and all processes that it has started. Uses handles, since a {@link Process} closes its streams,
     * which may wait for a write.
     */
    private static void kill(Process process) {
        ProcessHandle handle = process.toHandle();
        if (!handle.isAlive()) {
            return;
        }
        List<ProcessHandle> offspring = handle.descendants().toList();
        handle.destroy();
        offspring.forEach(ProcessHandle::destroy);
        try {
            process.waitFor(LAST_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            handle.destroyForcibly();
            offspring.forEach(ProcessHandle::destroyForcibly);
        }
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> typeRef) {
        return mapper.convertValue(data, typeRef);
    }
}
