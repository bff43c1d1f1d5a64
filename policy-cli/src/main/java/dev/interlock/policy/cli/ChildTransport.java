package dev.interlock.policy.cli;

import dev.interlock.policy.mcp.UnreadableResponseException;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpTransportException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An MCP server as a child process. The SDK's own transport for that keeps the process to itself; here its exit status
 * is told, its standard error is ours, and it never outlives us.
 *
 * <p>Nothing that the child says, or doesn't read, stops anything else: what is sent to it waits in a bounded queue, past
 * which sending fails, and a line of its that can't be read ends no more than the request that it was to answer.
 */
final class ChildTransport implements McpClientTransport {

    /** How long a child may take to end by itself once its output has ended. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);

    private final List<String> command;
    private final JsonRpc json;
    private final McpJsonMapper mapper;
    private final HostOutput host;
    private final Consumer<String> reports;
    private final int longestLine;
    private final CompletableFuture<Integer> exit;

    private volatile @Nullable Child child;

    /** The process, and the way to its input. */
    private record Child(Process process, LineWriter in, Thread reader) {}

    /**
     * A child that is started when the transport is connected.
     *
     * @param host where what is for nobody in particular goes
     * @param reports is told what was wrong with the child
     * @param longestLine in bytes
     * @param exit is given its exit status, when it has ended and all its output has been passed on
     */
    ChildTransport(
            List<String> command,
            JsonRpc json,
            HostOutput host,
            Consumer<String> reports,
            int longestLine,
            CompletableFuture<Integer> exit) {
        this.command = command;
        this.json = json;
        this.mapper = json.forSdk();
        this.host = host;
        this.reports = reports;
        this.longestLine = longestLine;
        this.exit = exit;
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(() -> start(handler));
    }

    private void start(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        Process started;
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            // Who may write to the Redis can lift the limits, and this is the very one whom they are for.
            builder.environment().remove(RedisOptions.VARIABLE);
            started = builder.start();
        } catch (IOException e) {
            throw new CliException("the server can't be started: " + e.getMessage());
        }
        LineWriter in = new LineWriter(
                "interlock-child-in",
                started.getOutputStream(),
                longestLine,
                unwritten -> unwritten.forEach(line -> unanswered(handler, line)));
        Thread reader = new Thread(() -> read(started, handler), "interlock-child-out");
        reader.setDaemon(true);
        child = new Child(started, in, reader);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> kill(started), "interlock-child-end"));
        reader.start();
    }

    // ---- from the child

    private void read(Process process, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        try (InputStream out = process.getInputStream()) {
            Lines lines = new Lines(out, longestLine);
            while (lines.next()) {
                receive(lines, handler);
                host.awaitRoom();
            }
        } catch (IOException e) {
            // The child's output has broken off: it is ending, and its status says the rest.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            reports.accept("the server's output can't be read any more: " + e);
        } finally {
            // A child that says nothing any more can't answer; it is not waited for longer than any other.
            exit.complete(end(process, Deadline.in(PATIENCE)));
        }
    }

    /** Whatever a line holds, the next one is read. */
    private void receive(Lines lines, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        try {
            if (lines.isTooLong()) {
                unreadable(handler, sender(lines), "a message is longer than " + (longestLine >> 20) + " MiB");
            } else if (!lines.isBlank()) {
                receive(json.read(lines.buffer(), lines.offset(), lines.length()), handler);
            }
        } catch (Throwable e) {
            unreadable(
                    handler,
                    sender(lines),
                    "a message could not be taken (" + e.getClass().getSimpleName() + ")");
        }
    }

    private JsonRpc.@Nullable Sender sender(Lines lines) {
        return json.sender(lines.buffer(), lines.offset(), lines.length());
    }

    private void receive(JsonRpc.Line line, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        if (line instanceof JsonRpc.Message message) {
            deliver(handler, Mono.just(message.message()));
        } else if (line instanceof JsonRpc.Unaddressed unaddressed) {
            host.add(unaddressed.line());
        } else if (line instanceof JsonRpc.Malformed malformed) {
            unreadable(handler, malformed.sender(), malformed.problem());
        } else if (line instanceof JsonRpc.Batch batch) {
            String problem = "batches are not taken; send each message on its own line";
            if (batch.senders().isEmpty()) {
                unreadable(handler, null, problem);
            }
            batch.senders().forEach(sender -> unreadable(handler, sender, problem));
        }
    }

    private void deliver(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler, Mono<JSONRPCMessage> message) {
        handler.apply(message)
                .doOnError(failure -> reports.accept("a message was lost: " + failure))
                .onErrorComplete()
                .subscribe();
    }

    /** Whoever waits for the answer that this was to be, or for an answer to it, hears that there is none. */
    private void unreadable(
            Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler,
            JsonRpc.@Nullable Sender sender,
            String problem) {
        reports.accept("dropped a line of the server's that is no message: " + problem);
        if (sender == null) {
            return;
        }
        switch (sender.kind()) {
            case REQUEST -> sendLine(JsonRpc.error(sender.text(), JsonRpc.INVALID_REQUEST, problem));
            case RESPONSE -> {
                if (sender.id() != null) {
                    fail(handler, sender.id(), "the server's answer could not be read: " + problem);
                }
            }
            case UNKNOWN -> {
                // Nobody can say whether its id is the server's or the host's.
            }
        }
    }

    private void fail(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler, Object id, String problem) {
        deliver(handler, Mono.error(new UnreadableResponseException(id, problem)));
    }

    private void unanswered(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler, LineWriter.Line line) {
        Object id = line.request();
        if (id != null) {
            fail(handler, id, "the server does not read its input any more");
        }
    }

    // ---- to the child

    /** Completes when the message waits to be written, which keeps their order. */
    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.fromRunnable(() -> {
            Object id = message instanceof JSONRPCRequest request ? request.id() : null;
            if (!offer(new LineWriter.Line(json.write(message), id))) {
                throw new McpTransportException("the server does not read its input");
            }
        });
    }

    /** Sends a line as it is; false if the child doesn't read. */
    boolean sendLine(byte[] line) {
        return offer(new LineWriter.Line(line, null));
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

    /** Lets the child finish: its input ends when it has read all that was sent, and until then it has time to see that. */
    void finish(Deadline deadline) {
        Child running = child;
        if (running == null) {
            return;
        }
        running.in().finish();
        int status = end(running.process(), deadline);
        try {
            // What it said last is passed on; whoever else holds its output open is not waited for.
            running.reader().join(LAST_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        exit.complete(status);
    }

    /** The child's exit status, after it has been ended if it doesn't by itself. */
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

    /** Ends the child and whatever it has started, by handles: a process closes its streams, which may wait for a write. */
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
