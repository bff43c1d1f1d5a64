package dev.interlock.policy.redis;

import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.time.TimeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What all parts of a store share: the connection, what is known of its failures, and the time. Thread-safe. */
final class RedisAccess {

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

    /** See {@link RedisConnection#tell}. */
    void tell(Script script, byte[][] keys, byte[][] arguments) {
        link.tell(script, keys, arguments);
    }

    /**
     * Makes sure that the caller's next step, which may be slow, doesn't run on the thread that reads Redis's answers.
     */
    <T> CompletionStage<T> handedOver(CompletableFuture<T> answer) {
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
