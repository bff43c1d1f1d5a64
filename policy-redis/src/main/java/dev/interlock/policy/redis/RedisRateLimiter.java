package dev.interlock.policy.redis;

import dev.interlock.policy.Amount;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.InMemoryRateLimiter;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Settlement;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.Usage;
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
 * Counts in Redis 7 or later, or Valkey, for all processes that use the same server and prefix. Thread-safe.
 *
 * <p><b>What is guaranteed.</b> What {@link RateLimiter} says, over all processes together: however many of them ask at
 * once, they are admitted what the limits allow and no more. A call is one round trip and one script, however many limits
 * it has; the server runs one script at a time, and that is the moment at which the call happens. The ways of counting
 * are those of {@link InMemoryRateLimiter} and as exact, but that time is counted in microseconds, that a bucket of whole
 * calls rounds nothing, and that a sliding window with more than 2,048 calls in it releases those past them up to 1/2048
 * of the window late.
 *
 * <p><b>Time</b> is the server's. What the clocks of the hosts show makes no difference. When the server's clock steps
 * back, nothing that was used comes free earlier, as long as it steps by less than {@link Builder#clockTolerance}. When it
 * steps forward, as when a replica takes over whose clock is ahead, time has passed: that much flows back, or a new
 * window has begun.
 *
 * <p><b>A call that is made twice counts once.</b> For as long as it runs, and at most for its {@linkplain Builder#lease
 * lease}, the server remembers by the batch's id what was taken for it. The same request again, because the answer to the
 * first was lost, takes nothing again; settling twice gives nothing back twice. A call whose request got no answer in time
 * is called off, so that it doesn't count if the server comes to it later. A process that dies leaves nothing behind but
 * that record, for the lease, and its calls stay counted, because nobody can tell whether they ran.
 *
 * <p><b>Keys are shared out.</b> Who invents names of tools, or opens sessions, brings a new key with each call. Each limit
 * may have {@linkplain Builder#maxKeysPerLimit so many}, and each caller a part of them, so that a flood shuts only its
 * sender.
 *
 * <p><b>When Redis can't be asked</b>, the {@link FailureMode} says what becomes of calls, and {@link RedisListener} is
 * told. What a call in flight costs is at most the {@linkplain Builder#timeout timeout}; after some failures in a row
 * Redis is left alone for a while, and calls cost nothing.
 *
 * <p><b>What can be lost.</b> Redis replicates without waiting. What was counted in the last moments before a master dies
 * may be missing at the replica that takes over: those calls are then handed back. The guide to scaling says how to bound
 * it.
 */
public final class RedisRateLimiter implements RateLimiter, AutoCloseable {

    private static final byte GRANTED = 1;
    private static final byte REFUSED = 2;
    private static final byte TOO_MANY = 6;
    private static final double MILLIS_OF_NONE = 0;

    /** A password with one of these in it ends there, and what was read of it would be taken for the host, and shown. */
    private static final Pattern END_OF_HOST_IN_PASSWORD = Pattern.compile("://[^/?#]*[/?#].*@", Pattern.DOTALL);

    private final RedisConnection link;
    private final KeyNames names;
    private final CircuitBreaker breaker;
    private final Fallback fallback;
    private final Executor executor;
    private final Supplier<String> serverTime;
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
        this.leaseMillis = builder.lease.toMillis();
        this.toleranceMillis = builder.clockTolerance.toMillis();
        this.maxKeysPerLimit = builder.maxKeysPerLimit;
    }

    /**
     * A limiter on one server, or on the master that sentinels name: {@code redis://host:6379}, {@code
     * rediss://:password@host:6380}, {@code redis-sentinel://host1,host2#master}.
     *
     * @throws IllegalArgumentException if it can't be read
     */
    public static Builder server(String uri) {
        return new Builder(List.of(parsed(uri)), false);
    }

    /**
     * A limiter on a Redis Cluster.
     *
     * @param seeds some of its nodes, at least one, from which the others are found
     * @throws IllegalArgumentException if there is none, or one can't be read
     */
    public static Builder cluster(List<String> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a cluster needs at least one node to be found by");
        }
        return new Builder(seeds.stream().map(RedisRateLimiter::parsed).toList(), true);
    }

    /** Fails without a word of what was given, since there may be a password in it. */
    private static RedisURI parsed(String uri) {
        if (!END_OF_HOST_IN_PASSWORD.matcher(uri).find()) {
            try {
                return RedisURI.create(uri);
            } catch (IllegalArgumentException ignored) {
                // Its message has the URI in it.
            }
        }
        throw new IllegalArgumentException(
                "the URI of a Redis can't be read; expected redis://host:6379, rediss://user:password@host:6380 or"
                        + " redis-sentinel://host1,host2#master, with what is special in a password percent-encoded");
    }

    /**
     * Connects ahead of the first call, which then doesn't spend its {@linkplain Builder#timeout timeout} on that. Fails if
     * Redis can't be reached or trusted; the limiter may be used all the same, and tries again.
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
        List<SlotRequest> demands = SlotRequest.toReserve(batch.charges(), names);
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

    /** From this demand on; those before it are reserved. */
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

    /** What has become of the claim's last demand: the claim itself, if all is well so far. */
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
            return new Reservation.Refused(position, Reservation.Reason.TOO_MANY_KEYS, null);
        }
        if (verdict != REFUSED) {
            // Called off meanwhile; or a repeated id for another call; or a count of which a part is missing.
            return new Reservation.Refused(-1, Reservation.Reason.UNAVAILABLE, null);
        }
        int position = demand.position(fields.getShort());
        double micros = fields.getDouble();
        return micros < 0
                ? new Reservation.Refused(position, Reservation.Reason.TOO_LARGE, null)
                : new Reservation.Refused(position, Reservation.Reason.NO_ROOM, micros(micros));
    }

    /** The answer without Redis. If it is no, whatever may have been taken there is called off. */
    private Reservation instead(Batch batch, RedisReservation claim, int lastAsked) {
        Reservation answer = fallback.reserve(batch);
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
            settle(claim.id(), demand, Settlement.UNSENT, cancelledMillis);
        }
    }

    @Override
    public void settle(Reservation.Granted reservation, Settlement outcome) {
        if (reservation instanceof RedisReservation claim && claim.owner().equals(this) && claim.settle()) {
            for (SlotRequest demand : claim.demands()) {
                settle(claim.id(), demand, outcome, MILLIS_OF_NONE);
            }
            if (claim.besides() != null) {
                fallback.settle(claim.besides(), outcome);
            }
        }
    }

    /** Without waiting for it: if it is lost, the amounts stay counted, and the record ends with its lease. */
    private void settle(String id, SlotRequest demand, Settlement outcome, double cancelledMillis) {
        link.tell(Script.SETTLE, keys(demand, id, List.of()), new byte[][] {
            RedisConnection.ascii(serverTime.get()),
            SlotRequest.doubles(toleranceMillis, cancelledMillis),
            demand.givenBack(outcome)
        });
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
        for (SlotRequest demand : SlotRequest.toSee(charges, names)) {
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
                    wait < 0 ? null : micros(wait));
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

    /** So that whatever the caller does next, be it slow, is not done on the thread that reads Redis's answers. */
    private <T> CompletionStage<T> handedOver(CompletableFuture<T> answer) {
        return answer.isDone() ? answer : answer.thenApplyAsync(Function.identity(), executor);
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

    /** Closes the connections. Calls that are made later are answered as if Redis were lost. */
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
        private RedisListener listener = RedisListener.NONE;
        private TimeSource time = TimeSource.system();
        private Executor executor = ForkJoinPool.commonPool();
        private Supplier<String> serverTime = () -> "";
        private Deadline deadline = new QueuedDeadline();

        private Builder(List<RedisURI> servers, boolean isCluster) {
            this.servers = servers;
            this.isCluster = isCluster;
        }

        /**
         * What the names of all keys begin with; by default {@code interlock}. Limiters with one prefix share their counts.
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

        /** Where in a cluster the counts lie; by default {@link Placement#ONE_SLOT}. All limiters of a prefix must agree. */
        public Builder placement(Placement where) {
            this.placement = where;
            return this;
        }

        /** How long an answer is waited for; by default 50 ms. */
        public Builder timeout(Duration length) {
            this.timeout = positive("the timeout", length);
            return this;
        }

        /**
         * For how long the server remembers a call that is not settled; by default 5 minutes. A call that takes longer gives
         * nothing back when it ends. A record takes about 300 bytes for each call that is under way.
         */
        public Builder lease(Duration length) {
            this.lease = positive("the lease", length);
            return this;
        }

        /**
         * How long counts are kept past the moment when they are nothing any more; by default 5 minutes. A server's clock
         * that steps back by less, as when a replica takes over whose clock is behind, finds every window that was begun.
         */
        public Builder clockTolerance(Duration length) {
            this.clockTolerance = positive("the clock tolerance", length);
            return this;
        }

        /**
         * How many keys a limit may have, whatever the tool; by default 500,000. Callers with an identity and callers
         * without have so many each. One caller, an identity or else a session, gets a new one while it has fewer than an
         * eighth of those that are still free, but always a first. Where there is no place, a call with a new key is refused,
         * and nothing that is counted is forgotten. A key is counted until it expires, and then for at most the longer of a
         * minute and its window.
         *
         * <p>With {@link Placement#BY_SUBJECT} this holds for each subject on its own, since no script can count in two
         * slots. All limiters of a prefix should agree.
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

        /** What becomes of calls while Redis can't be asked; by default {@link FailureMode#closed}. */
        public Builder onFailure(FailureMode mode) {
            this.failureMode = mode;
            return this;
        }

        /**
         * When Redis is left alone, and for how long; by default after 5 failures in a row, for a second each time.
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

        /** Who is told when Redis is lost and when it is back. */
        public Builder listener(RedisListener redisListener) {
            this.listener = redisListener;
            return this;
        }

        /** The time of this process, by which the breaker pauses and {@link FailureMode#local} counts. Redis has its own. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * Where the asynchronous forms hand their answers over; by default the common pool. {@code Runnable::run} saves
         * some microseconds, but then whoever waits for an answer must do nothing slow on its way, and must not make a
         * blocking call: it would hold up the answers to all others.
         */
        public Builder executor(Executor answers) {
            this.executor = answers;
            return this;
        }

        /** In the place of the server's clock: what a script is to take for the time, in microseconds since 1970. */
        Builder serverTime(Supplier<String> micros) {
            this.serverTime = micros;
            return this;
        }

        /** In the place of this machine's time: when the timeout is over. */
        Builder deadlines(Deadline timeouts) {
            this.deadline = timeouts;
            return this;
        }

        /** The limiter. It connects when it is first asked, so that a host starts whether Redis is there or not. */
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
