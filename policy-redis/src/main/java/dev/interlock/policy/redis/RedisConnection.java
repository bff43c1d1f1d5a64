package dev.interlock.policy.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The connection to Redis. All calls of a limiter share it, pipelined, without waiting for one another. It is made when
 * it is first needed, and made again when {@link #renew} gives it up: only a new connection notices that a host name
 * now leads to another machine, or that another machine is the master. It recovers from short interruptions by itself
 * and then sends pending commands again, so every script must tolerate being run twice.
 */
final class RedisConnection implements AutoCloseable {

    private static final Duration CONNECTING = Duration.ofSeconds(2);
    private static final int WAITING_COMMANDS = 10_000;
    private static final int SCANNED = 1_000;

    private final ClientResources resources;
    private final AbstractRedisClient client;
    private final Connector connector;
    private final Duration timeout;
    private final Deadline deadline;

    private @Nullable CompletableFuture<ReadyConnection> current;
    private boolean closed;

    private RedisConnection(
            ClientResources resources,
            AbstractRedisClient client,
            Connector connector,
            Duration timeout,
            Deadline deadline) {
        this.resources = resources;
        this.client = client;
        this.connector = connector;
        this.timeout = timeout;
        this.deadline = deadline;
    }

    private interface Connector {
        CompletionStage<ReadyConnection> connect();
    }

    private record ReadyConnection(
            StatefulConnection<byte[], byte[]> stateful, RedisClusterAsyncCommands<byte[], byte[]> commands) {}

    static RedisConnection toServer(RedisURI uri, Duration timeout, Deadline deadline) {
        ClientResources resources = resources();
        RedisClient client = RedisClient.create(resources);
        client.setOptions(options(ClientOptions.builder()).build());
        return new RedisConnection(
                resources,
                client,
                () -> client.connectAsync(ByteArrayCodec.INSTANCE, uri)
                        .thenApply(connection -> new ReadyConnection(connection, connection.async())),
                timeout,
                deadline);
    }

    static RedisConnection toCluster(List<RedisURI> seeds, Duration timeout, Deadline deadline) {
        ClientResources resources = resources();
        RedisClusterClient client = RedisClusterClient.create(resources, seeds);
        ClusterClientOptions.Builder options = ClusterClientOptions.builder();
        options(options);
        client.setOptions(options.build());
        return new RedisConnection(
                resources,
                client,
                () -> client.refreshPartitionsAsync()
                        .thenCompose(none -> client.connectAsync(ByteArrayCodec.INSTANCE))
                        .thenApply(connection -> new ReadyConnection(connection, connection.async())),
                timeout,
                deadline);
    }

    private static ClientResources resources() {
        return ClientResources.builder()
                .reconnectDelay(
                        Delay.exponential(Duration.ofMillis(1), Duration.ofSeconds(1), 2, TimeUnit.MILLISECONDS))
                .build();
    }

    private static ClientOptions.Builder options(ClientOptions.Builder builder) {
        return builder.socketOptions(
                        SocketOptions.builder().connectTimeout(CONNECTING).build())
                // Each command is timed here, to the millisecond: the client's own timer has a resolution of a tenth of
                // a second.
                .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
                .requestQueueSize(WAITING_COMMANDS);
    }

    /**
     * Runs a script. Fails if the answer doesn't come in time; the script may then have run, run later, or never run.
     */
    CompletableFuture<byte[]> run(Script script, byte[][] keys, byte[][] arguments) {
        CompletableFuture<ReadyConnection> connection = connection();
        // The usual case, without an intermediate future.
        CompletableFuture<byte[]> answer = connection.isDone() && !connection.isCompletedExceptionally()
                ? run(connection.join().commands, script, keys, arguments)
                : connection.thenCompose(made -> run(made.commands, script, keys, arguments));
        deadline.set(answer, timeout);
        return answer;
    }

    /** A part of a walk through all keys whose names match a pattern; the first if no cursor is given. */
    CompletableFuture<KeyScanCursor<byte[]>> scan(@Nullable ScanCursor from, byte[] pattern) {
        ScanArgs page = ScanArgs.Builder.limit(SCANNED).match(pattern);
        CompletableFuture<KeyScanCursor<byte[]>> answer = connection()
                .thenCompose(made -> from == null ? made.commands.scan(page) : made.commands.scan(from, page));
        deadline.set(answer, timeout);
        return answer;
    }

    /** Makes the connection, unless there is one. */
    CompletableFuture<Void> open() {
        return connection().thenAccept(ready -> {});
    }

    /** Runs a script without waiting for its answer, after all earlier requests. Does nothing without a connection. */
    void tell(Script script, byte[][] keys, byte[][] arguments) {
        CompletableFuture<ReadyConnection> connection = known();
        if (connection != null) {
            // No caller waits for it, and nothing could be done if it is lost.
            var unused = connection.thenCompose(made -> run(made.commands, script, keys, arguments));
        }
    }

    private synchronized @Nullable CompletableFuture<ReadyConnection> known() {
        return closed ? null : current;
    }

    private static CompletableFuture<byte[]> run(
            RedisClusterAsyncCommands<byte[], byte[]> commands, Script script, byte[][] keys, byte[][] arguments) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        try {
            commands.<byte[]>evalsha(script.digest(), ScriptOutputType.VALUE, keys, arguments)
                    .whenComplete((value, failure) -> {
                        if (cause(failure) instanceof RedisNoScriptException) {
                            commands.<byte[]>eval(script.text(), ScriptOutputType.VALUE, keys, arguments)
                                    .whenComplete((second, secondFailure) -> complete(answer, second, secondFailure));
                        } else {
                            complete(answer, value, failure);
                        }
                    });
        } catch (Throwable e) {
            answer.completeExceptionally(e);
        }
        return answer;
    }

    private static void complete(
            CompletableFuture<byte[]> answer, byte @Nullable [] value, @Nullable Throwable failure) {
        if (failure != null) {
            answer.completeExceptionally(failure);
        } else if (value == null) {
            answer.completeExceptionally(new IllegalStateException("the script answered nothing"));
        } else {
            answer.complete(value);
        }
    }

    static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private synchronized CompletableFuture<ReadyConnection> connection() {
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("the store is closed"));
        }
        CompletableFuture<ReadyConnection> connection = current;
        if (connection == null || connection.isCompletedExceptionally()) {
            connection = connect();
            current = connection;
        }
        return connection;
    }

    private CompletableFuture<ReadyConnection> connect() {
        try {
            return connector
                    .connect()
                    .toCompletableFuture()
                    .thenCompose(connection -> prepared(connection).whenComplete((ready, failure) -> {
                        if (failure != null) {
                            close(connection);
                        }
                    }));
        } catch (Throwable e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Checks that the server keeps its data, and loads the scripts, so that even the first calls are in order. */
    private static CompletableFuture<ReadyConnection> prepared(ReadyConnection connection) {
        RedisClusterAsyncCommands<byte[], byte[]> commands = connection.commands;
        // A user who may not load scripts or read settings may still count.
        CompletableFuture<?>[] loaded = Arrays.stream(Script.values())
                .map(script -> commands.scriptLoad(script.text()).handle((digest, refused) -> script))
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture<String> info =
                commands.info("memory").toCompletableFuture().exceptionally(refused -> "");
        return CompletableFuture.allOf(loaded).thenCombine(info, (none, memory) -> {
            String evicts = Eviction.found(memory);
            if (evicts != null) {
                throw new IllegalStateException(evicts);
            }
            return connection;
        });
    }

    private static void close(ReadyConnection connection) {
        // The connection is no longer used, whether or not it closes.
        var unused = connection.stateful.closeAsync();
    }

    /** Gives up the connection. The next command makes a new one. */
    synchronized void renew() {
        CompletableFuture<ReadyConnection> old = current;
        // A connection that is still being made is as good as a new one.
        if (old != null && old.isDone()) {
            current = null;
            if (!old.isCompletedExceptionally()) {
                close(old.join());
            }
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        client.shutdown(Duration.ZERO, CONNECTING);
        Future<Boolean> ended = resources.shutdown(0, CONNECTING.toMillis(), TimeUnit.MILLISECONDS);
        try {
            ended.get(CONNECTING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException ignored) {
            // Its threads are daemons, and end when they can.
        }
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
