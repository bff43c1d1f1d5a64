package dev.interlock.policy.redis;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.time.TimeSource;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.ScanCursor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What all parts of a store share: the connection, what is known of its failures, and the time. Thread-safe. */
final class RedisAccess {

    /** For how long the server remembers a request that changes something once. It may be sent again so long. */
    static final Duration REMEMBERED = Duration.ofMinutes(10);

    private final RedisConnection link;
    private final CircuitBreaker breaker;
    private final Executor executor;
    private final Supplier<String> serverTime;
    private final TimeSource time;

    /**
     * Creates it.
     *
     * @param executor delivers the answers of asynchronous methods
     * @param serverTime what scripts take for the server's time, in microseconds since 1970; empty for its clock
     */
    RedisAccess(
            RedisConnection link,
            CircuitBreaker breaker,
            Executor executor,
            Supplier<String> serverTime,
            TimeSource time) {
        this.link = link;
        this.breaker = breaker;
        this.executor = executor;
        this.serverTime = serverTime;
        this.time = time;
    }

    /** Whether Redis may be asked now. */
    CircuitBreaker.Pass pass() {
        CircuitBreaker.Pass pass = breaker.pass();
        if (pass == CircuitBreaker.Pass.TRY) {
            link.renew();
        }
        return pass;
    }

    void succeeded(CircuitBreaker.Pass pass) {
        breaker.succeeded(pass);
    }

    void failed(@Nullable Throwable failure) {
        Throwable cause = RedisConnection.cause(failure);
        breaker.failed(cause == null ? new IllegalStateException("no answer and no failure") : cause);
    }

    /** Runs a script, whatever is known of failures; see {@link RedisConnection#run}. */
    CompletableFuture<byte[]> run(Script script, byte[][] keys, byte[][] arguments) {
        return link.run(script, keys, arguments);
    }

    /** Runs a script, unless Redis has just failed too often. Fails with {@link UnavailableException} alone. */
    CompletableFuture<byte[]> ask(Script script, byte[][] keys, byte[][] arguments) {
        CircuitBreaker.Pass pass = pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return CompletableFuture.failedFuture(unavailable(null));
        }
        return counted(pass, link.run(script, keys, arguments));
    }

    /** A part of a walk through all keys; fails as {@link #ask} does. */
    KeyScanCursor<byte[]> scan(@Nullable ScanCursor from, byte[] pattern) {
        CircuitBreaker.Pass pass = pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            throw unavailable(null);
        }
        return await(counted(pass, link.scan(from, pattern)));
    }

    private <T> CompletableFuture<T> counted(CircuitBreaker.Pass pass, CompletableFuture<T> asked) {
        return asked.handle((answer, failure) -> {
            if (answer == null) {
                failed(failure);
                throw new CompletionException(unavailable(RedisConnection.cause(failure)));
            }
            succeeded(pass);
            return answer;
        });
    }

    private static UnavailableException unavailable(@Nullable Throwable cause) {
        UnavailableException unavailable = new UnavailableException("Redis can't be asked");
        if (cause != null) {
            unavailable.addSuppressed(cause);
        }
        return unavailable;
    }

    /** Waits for an answer, and throws what its stage fails with. */
    static <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** See {@link RedisConnection#tell}. */
    void tell(Script script, byte[][] keys, byte[][] arguments) {
        link.tell(script, keys, arguments);
    }

    /**
     * Makes sure that the caller's next step, which may be slow, doesn't run on the thread that reads Redis's answers.
     */
    <T extends @Nullable Object> CompletionStage<T> handedOver(CompletableFuture<T> answer) {
        return answer.isDone() ? answer : answer.thenApplyAsync(Function.identity(), executor);
    }

    /** What scripts take for the server's time. */
    String serverTime() {
        return serverTime.get();
    }

    /** About the server's time, to tell which windows of a zone it may be in. */
    long wallMillis() {
        String given = serverTime.get();
        return given.isEmpty() ? time.wallMillis() : Long.parseLong(given) / 1_000;
    }

    CompletionStage<Void> connect() {
        return handedOver(link.open());
    }

    void close() {
        link.close();
    }
}
