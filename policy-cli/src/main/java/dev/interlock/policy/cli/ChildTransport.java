package dev.interlock.policy.cli;

import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An MCP server as a child process. The SDK's own transport for that keeps the process to itself; here its exit status
 * is told, its standard error is ours, and it never outlives us.
 */
final class ChildTransport implements McpClientTransport {

    /** How long a child may take to end by itself once its input has ended, before it is told to. */
    private static final long PATIENCE_SECONDS = 10;

    private static final long LAST_PATIENCE_SECONDS = 2;

    private final List<String> command;
    private final JsonRpc json;
    private final McpJsonMapper mapper;
    private final PrintWriter err;
    private final CompletableFuture<Integer> exit;
    private volatile @Nullable Process process;

    /**
     * A child that is started when the transport is connected.
     *
     * @param exit is given its exit status, when it has ended and all its output has been passed on
     */
    ChildTransport(List<String> command, JsonRpc json, PrintWriter err, CompletableFuture<Integer> exit) {
        this.exit = exit;
        this.command = command;
        this.json = json;
        this.mapper = json.forSdk();
        this.err = err;
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
        process = started;
        Runtime.getRuntime().addShutdownHook(new Thread(this::kill, "interlock-child-end"));
        Thread reader = new Thread(() -> read(started, handler), "interlock-child-out");
        reader.setDaemon(true);
        reader.start();
    }

    private void read(Process child, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        Lines lines = new Lines(child.getInputStream());
        try {
            while (lines.next()) {
                if (!lines.isTooLong() && !lines.isBlank()) {
                    receive(lines, handler);
                }
            }
        } catch (IOException e) {
            // The child's output has broken off: it is ending, and its status says the rest.
        }
        try {
            exit.complete(child.waitFor());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void receive(Lines lines, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        try {
            JSONRPCMessage message = json.read(lines.buffer(), lines.offset(), lines.length());
            handler.apply(Mono.just(message))
                    .doOnError(failure -> report("a message was lost"))
                    .onErrorComplete()
                    .subscribe();
        } catch (JsonRpc.MalformedException e) {
            report("dropped a line of the server's that is no message: " + e.getMessage());
        }
    }

    private void report(String problem) {
        err.println("interlock proxy: " + Printable.of(problem));
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.fromRunnable(() -> send(message));
    }

    private synchronized void send(JSONRPCMessage message) {
        Process child = process;
        if (child == null) {
            throw new IllegalStateException("there is no server yet");
        }
        try {
            OutputStream out = child.getOutputStream();
            out.write((json.write(message) + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("the server doesn't listen any more", e);
        }
    }

    /** Lets the child finish: its input ends, and it has some time to see that. */
    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(this::finish);
    }

    private void finish() {
        Process child = process;
        if (child == null) {
            return;
        }
        try {
            child.getOutputStream().close();
        } catch (IOException e) {
            // It has gone already.
        }
        try {
            if (!child.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
        }
    }

    /** Ends the child and whatever it has started. */
    private void kill() {
        Process child = process;
        if (child == null || !child.isAlive()) {
            return;
        }
        List<ProcessHandle> offspring = child.descendants().toList();
        child.destroy();
        offspring.forEach(ProcessHandle::destroy);
        try {
            if (!child.waitFor(LAST_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                child.destroyForcibly();
                offspring.forEach(ProcessHandle::destroyForcibly);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            child.destroyForcibly();
        }
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> typeRef) {
        return mapper.convertValue(data, typeRef);
    }
}
