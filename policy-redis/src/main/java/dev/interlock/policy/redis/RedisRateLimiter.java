package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.Fallback;
import dev.interlock.policy.limit.remote.StoreListener;
import dev.interlock.policy.time.TimeSource;
import io.lettuce.core.RedisURI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A limiter that counts in Redis 7 or later, or Valkey, for all processes that use the same server and prefix.
 * Thread-safe.
 *
 * <p><b>What is guaranteed.</b> The guarantees of {@link RateLimiter} hold across all processes together: however many
 * of them ask at once, the limits admit what they allow and no more. A call is one round trip and one script, however
 * many limits it has. The server runs one script at a time, and that is the moment at which the call counts. The
 * algorithms are those of {@link InMemoryRateLimiter} and equally exact, with three differences: time is counted in
 * microseconds; a bucket of whole calls rounds nothing; and a sliding window that holds more than 2,048 calls releases
 * those beyond them up to 1/2048 of the window late.
 *
 * <p><b>Time</b> is the server's. The clocks of the hosts don't matter. When the server's clock steps back by less than
 * {@link Builder#clockTolerance}, nothing that was used becomes free earlier. When it steps forward, for example
 * because a replica whose clock is ahead takes over, that counts as time passed: buckets refill by that much, or a new
 * window begins.
 *
 * <p><b>A request that is sent twice counts once.</b> While a call runs, and at most for its {@linkplain Builder#lease
 * lease}, the server remembers by the batch's id what was taken for it. If the same request is repeated because the
 * first answer was lost, it takes nothing more, and settling twice gives nothing back twice. A request that got no
 * answer in time is cancelled, so it doesn't count if the server processes it later. A process that dies leaves only
 * that record behind, for the lease. Its calls stay counted, because it is unknown whether they ran.
 *
 * <p><b>Keys are shared out.</b> A caller that invents tool names, or opens sessions, uses a new key with each call.
 * Each limit may have {@linkplain Builder#maxKeysPerLimit a certain number} of keys, and each caller a part of them, so
 * that a flood shuts out only its sender.
 *
 * <p><b>When Redis is unavailable</b>, the {@link FailureMode} says what happens to calls, and the {@link
 * StoreListener} is notified. A call in flight is delayed by at most the {@linkplain Builder#timeout timeout}. After
 * some failures in a row, Redis isn't asked for a while, and calls aren't delayed at all. What is good {@linkplain
 * Batch#once once} is refused in every mode.
 *
 * <p><b>What can be lost.</b> Redis replicates asynchronously. What was counted in the last moments before a master
 * dies may be missing on the replica that takes over: those calls are then handed back. The guide to scaling says how
 * to bound this loss.
 */
public final class RedisRateLimiter implements RateLimiter, AutoCloseable {

    private static final byte GRANTED = 1;
    private static final byte REFUSED = 2;
    private static final byte TOO_MANY = 6;
    private static final double MILLIS_OF_NONE = 0;

    /**
     * A password that contains one of these characters ends there. The part before it would then be read as the host,
     * and shown.
     */
    private static final Pattern END_OF_HOST_IN_PASSWORD = Pattern.compile("://[^/?#]*[/?#].*@", Pattern.DOTALL);

    private final RedisConnection link;
    private final KeyNames names;
    private final CircuitBreaker breaker;
    private final Fallback fallback;
    private final Executor executor;
    private final Supplier<String> serverTime;
    private final TimeSource time;
    private final double leaseMillis;
    private final double toleranceMillis;
    private final double maxKeysPerLimit;

    private RedisRateLimiter(Builder builder) {
        this.link = builder.isCluster
                ? RedisConnection.toCluster(builder.servers, builder.timeout, builder.deadline)
                : RedisConnection.toServer(builder.servers.get(0), builder.timeout, builder.deadline);
        this.names = new KeyNames(builder.prefix, builder.placement);
        this.breaker = new CircuitBreaker(builder.time, builder.failures, builder.pause, builder.listener);
        this.fallback = Fallback.of(builder.failureMode, builder.time);
        this.executor = builder.executor;
        this.serverTime = builder.serverTime;
        this.time = builder.time;
        this.leaseMillis = builder.lease.toMillis();
        this.toleranceMillis = builder.clockTolerance.toMillis();
        this.maxKeysPerLimit = builder.maxKeysPerLimit;
    }

    /**
     * A limiter on one server, or on the master that sentinels name: {@code redis://host:6379}, {@code
     * rediss://:password@host:6380}, {@code redis-sentinel://host1,host2#master}.
     *
     * @throws IllegalArgumentException if the URI can't be parsed
     */
    public static Builder server(String uri) {
        return new Builder(List.of(parsed(uri)), false);
    }

    /**
     * A limiter on a Redis Cluster.
     *
     * @param seeds some of its nodes, at least one, from which the others are discovered
     * @throws IllegalArgumentException if the list is empty, or a URI can't be parsed
     */
    public static Builder cluster(List<String> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a cluster needs at least one node to be found by");
        }
        return new Builder(seeds.stream().map(RedisRateLimiter::parsed).toList(), true);
    }

    /** Fails without quoting its input, which may contain a password. */
    private static RedisURI parsed(String uri) {
        if (!END_OF_HOST_IN_PASSWORD.matcher(uri).find()) {
            try {
                return RedisURI.create(uri);
            } catch (IllegalArgumentException ignored) {
                // Its message contains the URI.
            }
        }
        throw new IllegalArgumentException(
                "the URI of a Redis can't be read; expected redis://host:6379, rediss://user:password@host:6380 or"
                        + " redis-sentinel://host1,host2#master, with what is special in a password percent-encoded");
    }

    /**
     * Connects ahead of the first call, which then doesn't spend its {@linkplain Builder#timeout timeout} on
     * connecting. Fails if Redis can't be reached or trusted. The limiter can be used even then, and tries again.
     */
    public CompletionStage<Void> connect() {
        return handedOver(link.open());
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public Reservation reserve(Batch batch) {
        return ask(batch).join();
    }

    @Override
    public CompletionStage<Reservation> reserveAsync(Batch batch) {
        return handedOver(ask(batch));
    }

    private CompletableFuture<Reservation> ask(Batch batch) {
        List<SlotRequest> demands = SlotRequest.toReserve(batch.charges(), names, this::wallMillis);
        RedisReservation claim = new RedisReservation(
                this, batch.id().isEmpty() ? UUID.randomUUID().toString() : batch.id());
        if (demands.isEmpty()) {
            return CompletableFuture.completedFuture(claim);
        }
        CircuitBreaker.Pass pass = pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return CompletableFuture.completedFuture(instead(batch, claim, -1));
        }
        return reserve(batch, demands, 0, claim, pass);
    }

    /** Reserves this demand and the following ones; those before it are already reserved. */
    private CompletableFuture<Reservation> reserve(
            Batch batch, List<SlotRequest> demands, int next, RedisReservation claim, CircuitBreaker.Pass pass) {
        SlotRequest demand = demands.get(next);
        claim.add(demand);
        CompletableFuture<byte[]> asked = link.run(
                Script.RESERVE,
                keys(demand, claim.id(), demand.sets(names)),
                arguments(demand.parts(), leaseMillis, toleranceMillis, demand.sign(), maxKeysPerLimit));
        if (next == demands.size() - 1) {
            return asked.handle((answer, failure) -> taken(batch, claim, pass, answer, failure));
        }
        return asked.handle((answer, failure) -> taken(batch, claim, pass, answer, failure))
                .thenCompose(reservation -> reservation.equals(claim)
                        ? reserve(batch, demands, next + 1, claim, pass)
                        : CompletableFuture.completedFuture(reservation));
    }

    /** The result of the claim's last demand: the claim itself, if everything so far was granted. */
    private Reservation taken(
            Batch batch,
            RedisReservation claim,
            CircuitBreaker.Pass pass,
            byte @Nullable [] answer,
            @Nullable Throwable failure) {
        if (answer == null) {
            failed(failure);
            return instead(batch, claim, claim.demands().size() - 1);
        }
        breaker.succeeded(pass);
        ByteBuffer fields = SlotRequest.littleEndian(answer);
        byte verdict = fields.get();
        if (verdict == GRANTED) {
            return claim;
        }
        int last = claim.demands().size() - 1;
        SlotRequest demand = claim.demands().get(last);
        giveUp(claim, last, MILLIS_OF_NONE);
        if (verdict == TOO_MANY) {
            int position = demand.position(fields.getShort());
            return new Reservation.NotGranted(position, Reservation.Reason.TOO_MANY_KEYS, null);
        }
        if (verdict != REFUSED) {
            // The request was cancelled meanwhile, its id belongs to another call, or a part of a count is missing.
            return new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null);
        }
        int position = demand.position(fields.getShort());
        double micros = fields.getDouble();
        if (micros < 0) {
            return new Reservation.NotGranted(position, Reservation.Reason.TOO_LARGE, null);
        }
        boolean timed = !(batch.charges().get(position).rule() instanceof LimitRule.Concurrent);
        return new Reservation.NotGranted(position, Reservation.Reason.NO_ROOM, timed ? micros(micros) : null);
    }

    /** The answer without Redis. If it is a refusal, whatever may have been taken in Redis is cancelled. */
    private Reservation instead(Batch batch, RedisReservation claim, int lastAsked) {
        Reservation answer = (batch.strict() ? Fallback.DENIAL : fallback).reserve(batch);
        if (answer instanceof Reservation.Granted granted) {
            claim.besides(granted);
            return claim;
        }
        if (lastAsked >= 0) {
            giveUp(claim, lastAsked + 1, leaseMillis);
        }
        return answer;
    }

    private void giveUp(RedisReservation claim, int demands, double cancelledMillis) {
        for (SlotRequest demand : claim.demands().subList(0, demands)) {
            settle(claim.id(), demand, CallOutcome.UNSENT, List.of(), cancelledMillis);
        }
    }

    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        if (reservation instanceof RedisReservation claim && claim.owner().equals(this) && claim.settle()) {
            for (SlotRequest demand : claim.demands()) {
                settle(claim.id(), demand, outcome, spent, MILLIS_OF_NONE);
            }
            if (claim.besides() != null) {
                fallback.settle(claim.besides(), outcome, spent);
            }
        }
    }

    /**
     * Doesn't wait for the answer. If the request is lost, the amounts stay counted, and the record ends with its
     * lease.
     */
    private void settle(
            String id, SlotRequest demand, CallOutcome outcome, List<@Nullable Amount> spent, double cancelledMillis) {
        link.tell(Script.SETTLE, keys(demand, id, List.of()), new byte[][] {
            RedisConnection.ascii(serverTime.get()),
            SlotRequest.doubles(toleranceMillis, cancelledMillis),
            demand.givenBack(outcome),
            demand.counted(outcome, spent)
        });
    }

    /** Doesn't wait for the answer. If the request is lost, the leases stay as they are. */
    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        if (!(reservation instanceof RedisReservation claim) || !claim.owner().equals(this)) {
            return;
        }
        for (SlotRequest demand : claim.demands()) {
            if (demand.takesPlaces()) {
                link.tell(Script.HOLD, keys(demand, claim.id(), List.of()), new byte[][] {
                    RedisConnection.ascii(serverTime.get()),
                    SlotRequest.doubles(toleranceMillis, Math.ceil(wait.toNanos() / 1e3))
                });
            }
        }
        if (claim.besides() != null) {
            fallback.hold(claim.besides(), wait);
        }
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        try {
            return see(charges).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UnavailableException unavailable ? unavailable : e;
        }
    }

    @Override
    public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return handedOver(see(charges));
    }

    private CompletableFuture<List<Usage>> see(List<Charge> charges) {
        Usage[] usages = new Usage[charges.size()];
        CircuitBreaker.Pass pass = pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return fallbackUsage(charges, null);
        }
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (SlotRequest demand : SlotRequest.toSee(charges, names, this::wallMillis)) {
            answers.add(link.run(Script.USAGE, demand.cells().toArray(byte[][]::new), arguments(demand.parts()))
                    .thenAccept(answer -> read(answer, demand, charges, usages)));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                .thenApply(none -> {
                    breaker.succeeded(pass);
                    return Arrays.asList(usages);
                })
                .exceptionallyCompose(failure -> {
                    failed(failure);
                    return fallbackUsage(charges, failure);
                });
    }

    private static void read(byte[] answer, SlotRequest demand, List<Charge> charges, Usage[] usages) {
        ByteBuffer fields = SlotRequest.littleEndian(answer);
        for (int i = 0; i < demand.parts().size(); i++) {
            Charge charge = charges.get(demand.position(i));
            Amount max = charge.rule().max();
            long shown = SlotRequest.number(fields);
            long used = SlotRequest.number(fields);
            double wait = fields.getDouble();
            usages[demand.position(i)] = new Usage(
                    new Amount(Math.min(shown, Amount.MAX.micros())),
                    max == null ? null : new Amount(Math.max(0, max.micros() - used)),
                    wait < 0 || (wait > 0 && charge.rule() instanceof LimitRule.Concurrent) ? null : micros(wait));
        }
    }

    private CompletableFuture<List<Usage>> fallbackUsage(List<Charge> charges, @Nullable Throwable failure) {
        try {
            return CompletableFuture.completedFuture(fallback.usage(charges));
        } catch (UnavailableException e) {
            if (failure != null) {
                e.addSuppressed(failure);
            }
            return CompletableFuture.failedFuture(e);
        }
    }

    private CircuitBreaker.Pass pass() {
        CircuitBreaker.Pass pass = breaker.pass();
        if (pass == CircuitBreaker.Pass.TRY) {
            link.renew();
        }
        return pass;
    }

    private void failed(@Nullable Throwable failure) {
        Throwable cause = RedisConnection.cause(failure);
        breaker.failed(cause == null ? new IllegalStateException("no answer and no failure") : cause);
    }

    /**
     * Makes sure that the caller's next step, which may be slow, doesn't run on the thread that reads Redis's answers.
     */
    private <T> CompletionStage<T> handedOver(CompletableFuture<T> answer) {
        return answer.isDone() ? answer : answer.thenApplyAsync(Function.identity(), executor);
    }

    /** About the server's time, to tell which windows of a zone it may be in. */
    private long wallMillis() {
        String given = serverTime.get();
        return given.isEmpty() ? time.wallMillis() : Long.parseLong(given) / 1_000;
    }

    private byte[][] keys(SlotRequest demand, String id, List<byte[]> sets) {
        List<byte[]> keys = new ArrayList<>(1 + demand.cells().size() + sets.size());
        keys.add(names.call(demand.tag(), id));
        keys.addAll(demand.cells());
        keys.addAll(sets);
        return keys.toArray(byte[][]::new);
    }

    private byte[][] arguments(List<byte[]> parts, double... head) {
        byte[][] arguments = new byte[(head.length == 0 ? 1 : 2) + parts.size()][];
        int at = 0;
        arguments[at++] = RedisConnection.ascii(serverTime.get());
        if (head.length > 0) {
            arguments[at++] = SlotRequest.doubles(head);
        }
        for (byte[] part : parts) {
            arguments[at++] = part;
        }
        return arguments;
    }

    private static Duration micros(double micros) {
        return Duration.ofNanos(1_000 * (long) micros);
    }

    /** Closes the connections. Later calls are answered as if Redis were lost. */
    @Override
    public void close() {
        link.close();
    }

    /** Settings of a limiter. */
    public static final class Builder {

        private static final String PREFIX = "[A-Za-z0-9_.:/-]{1,100}";

        private final List<RedisURI> servers;
        private final boolean isCluster;
        private String prefix = "interlock";
        private Placement placement = Placement.ONE_SLOT;
        private Duration timeout = Duration.ofMillis(50);
        private Duration lease = Duration.ofMinutes(5);
        private Duration clockTolerance = Duration.ofMinutes(5);
        private int maxKeysPerLimit = 500_000;
        private FailureMode failureMode = FailureMode.closed();
        private int failures = 5;
        private Duration pause = Duration.ofSeconds(1);
        private StoreListener listener = StoreListener.NONE;
        private TimeSource time = TimeSource.system();
        private Executor executor = ForkJoinPool.commonPool();
        private Supplier<String> serverTime = () -> "";
        private Deadline deadline = new QueuedDeadline();

        private Builder(List<RedisURI> servers, boolean isCluster) {
            this.servers = servers;
            this.isCluster = isCluster;
        }

        /**
         * The beginning of all keys' names; by default {@code interlock}. Limiters with the same prefix share their
         * counts.
         *
         * @throws IllegalArgumentException unless it is 1 to 100 of the letters, digits and {@code _ . : / -}
         */
        public Builder prefix(String keyPrefix) {
            if (!keyPrefix.matches(PREFIX)) {
                throw new IllegalArgumentException(
                        "a prefix must be 1 to 100 of A-Z a-z 0-9 _ . : / -, was '" + keyPrefix + "'");
            }
            this.prefix = keyPrefix;
            return this;
        }

        /**
         * Where in a cluster the counts are placed; by default {@link Placement#ONE_SLOT}. All limiters of a prefix
         * must agree.
         */
        public Builder placement(Placement where) {
            this.placement = where;
            return this;
        }

        /** How long to wait for an answer; by default 50 ms. */
        public Builder timeout(Duration length) {
            this.timeout = positive("the timeout", length);
            return this;
        }

        /**
         * How long the server remembers a call that is not settled; by default 5 minutes. A call that takes longer
         * gives nothing back when it ends. A record takes about 300 bytes for each call in progress.
         */
        public Builder lease(Duration length) {
            this.lease = positive("the lease", length);
            return this;
        }

        /**
         * How long counts are kept after they have expired; by default 5 minutes. If the server's clock steps back by
         * less, for example because a replica whose clock is behind takes over, every window that was begun is still
         * there.
         */
        public Builder clockTolerance(Duration length) {
            this.clockTolerance = positive("the clock tolerance", length);
            return this;
        }

        /**
         * How many keys a limit may have, across all tools; by default 500,000. This number applies separately to
         * callers with an identity and to those without. A caller (an identity, or else a session) gets a new key while
         * it has fewer than an eighth of those that are still free, and always gets a first one. When there is no room,
         * a call with a new key is refused, and no existing count is dropped. A key counts until it expires, and then
         * for at most a minute or its window, whichever is longer.
         *
         * <p>With {@link Placement#BY_SUBJECT} this applies to each subject separately, since a script can't count in
         * two slots. All limiters of a prefix should agree.
         *
         * @throws IllegalArgumentException unless it is at least 1
         */
        public Builder maxKeysPerLimit(int keys) {
            if (keys < 1) {
                throw new IllegalArgumentException("a limit needs at least 1 key, was " + keys);
            }
            this.maxKeysPerLimit = keys;
            return this;
        }

        /** What happens to calls while Redis is unavailable; by default {@link FailureMode#closed}. */
        public Builder onFailure(FailureMode mode) {
            this.failureMode = mode;
            return this;
        }

        /**
         * When to stop asking Redis, and for how long; by default after 5 failures in a row, for a second each time.
         *
         * @param failuresInARow at least 1
         */
        public Builder breaker(int failuresInARow, Duration pauseLength) {
            if (failuresInARow < 1) {
                throw new IllegalArgumentException("the breaker needs at least 1 failure, was " + failuresInARow);
            }
            this.failures = failuresInARow;
            this.pause = positive("the breaker's pause", pauseLength);
            return this;
        }

        /** The listener to notify when Redis is lost and when it is back. */
        public Builder listener(StoreListener redisListener) {
            this.listener = redisListener;
            return this;
        }

        /**
         * This process's time, for the pauses of the breaker, the counts of {@link FailureMode#local}, and the windows
         * of a zone that Redis may be in. Redis has its own.
         */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * The executor that delivers the answers of the asynchronous methods; by default the common pool. {@code
         * Runnable::run} saves some microseconds, but then the continuation of an answer must do nothing slow, and must
         * not make a blocking call: it would hold up the answers to all others.
         */
        public Builder executor(Executor answers) {
            this.executor = answers;
            return this;
        }

        /** Replaces the server's clock: the time that scripts use, in microseconds since 1970. */
        Builder serverTime(Supplier<String> micros) {
            this.serverTime = micros;
            return this;
        }

        /** Replaces this machine's clock for timeouts. */
        Builder deadlines(Deadline timeouts) {
            this.deadline = timeouts;
            return this;
        }

        /**
         * Creates the limiter. It connects at the first request, so that a host starts whether or not Redis is there.
         */
        public RedisRateLimiter build() {
            return new RedisRateLimiter(this);
        }

        private static Duration positive(String what, Duration length) {
            if (length.toMillis() < 1) {
                throw new IllegalArgumentException(what + " must be at least 1 ms, was " + length);
            }
            return length;
        }
    }
}
