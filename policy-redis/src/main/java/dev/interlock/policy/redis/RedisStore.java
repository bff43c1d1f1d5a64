package dev.interlock.policy.redis;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.Fallback;
import dev.interlock.policy.limit.remote.StoreListener;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.time.TimeSource;
import io.lettuce.core.RedisURI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Keeps state in Redis 7 or later, or Valkey, for all processes that use the same server and prefix. Thread-safe.
 *
 * <p><b>What is guaranteed for limits.</b> The guarantees of {@link RateLimiter} hold across all processes together:
 * however many of them ask at once, the limits admit what they allow and no more. A call is one round trip and one
 * script, however many limits it has. The server runs one script at a time, and that is the moment at which the call
 * counts. The algorithms are those of {@link InMemoryRateLimiter} and equally exact, with three differences: time is
 * counted in microseconds; a bucket of whole calls rounds nothing; and a sliding window that holds more than 2,048
 * calls releases those beyond them up to 1/2048 of the window late.
 *
 * <p><b>Time</b> is the server's. The clocks of the hosts don't matter. When the server's clock steps back by less
 * than {@link Builder#clockTolerance}, nothing that was used becomes free earlier. When it steps forward, for example
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
 * Each limit may have {@linkplain Builder#maxKeysPerLimit a certain number} of keys, and each caller a part of them,
 * so that a flood shuts out only its sender.
 *
 * <p><b>Marks, tickets and the suspension.</b> The guarantees of {@link SessionMemory}, {@link ApprovalStore} and
 * {@link SuspensionStore} hold across all processes together: a yes that is given on one is used once on any, and a
 * mark that one has set is read by the next call on any. Each step is one script, and one that is sent twice is
 * carried out once. The time is the server's; for a session and for tickets it never goes back. Room that a process
 * keeps for a call, and leaves behind when it dies, is free again after the {@linkplain Builder#lease lease}. A call
 * that takes longer still sets its marks; only those values for which there is no room any more make their mark
 * invalid. Tickets, and with them the arguments in question, are in the server until they expire. In a cluster, all
 * tickets of a prefix and the suspension are in one slot, whatever the placement is.
 *
 * <p><b>When Redis is unavailable</b>, the {@link FailureMode} says what happens to calls, and the {@link
 * StoreListener} is notified. A call in flight is delayed by at most the {@linkplain Builder#timeout timeout}. After
 * some failures in a row, Redis isn't asked for a while, and calls aren't delayed at all. What is good {@linkplain
 * Batch#once once} is refused in every mode.
 *
 * <p><b>What can be lost.</b> Redis replicates asynchronously. What was counted in the last moments before a master
 * dies may be missing on the replica that takes over: those calls are then handed back, marks and tickets are missing,
 * and a yes may be good again. A suspension lasts as the server's data do: a server that keeps nothing over a restart
 * has none afterwards. The guide to scaling says how to bound this loss.
 */
public final class RedisStore implements StateStore {

    /**
     * A password that contains one of these characters ends there. The part before it would then be read as the host,
     * and shown.
     */
    private static final Pattern END_OF_HOST_IN_PASSWORD = Pattern.compile("://[^/?#]*[/?#].*@", Pattern.DOTALL);

    private final RedisAccess access;
    private final RedisRateLimiter limiter;
    private final LimitRecords limits;
    private final SessionMemory memory;
    private final SessionRecords sessions;
    private final ApprovalStore approvals;
    private final SuspensionStore suspension;

    private RedisStore(Builder builder) {
        RedisConnection link = builder.isCluster
                ? RedisConnection.toCluster(builder.servers, builder.timeout, builder.deadline)
                : RedisConnection.toServer(builder.servers.get(0), builder.timeout, builder.deadline);
        CircuitBreaker breaker = new CircuitBreaker(builder.time, builder.failures, builder.pause, builder.listener);
        KeyNames names = new KeyNames(builder.prefix, builder.placement);
        this.access = new RedisAccess(link, breaker, builder.executor, builder.serverTime, builder.time);
        this.limiter = new RedisRateLimiter(
                access,
                names,
                Fallback.of(builder.failureMode, builder.time),
                builder.lease,
                builder.clockTolerance,
                builder.maxKeysPerLimit);
        this.limits = new RedisLimitRecords(access, names);
        this.memory = new RedisSessionMemory(access, names, builder.lease, builder.clockTolerance, builder.maxSessions);
        this.sessions = new RedisSessionRecords(access, names, builder.clockTolerance);
        this.approvals = new RedisApprovalStore(access, names, builder.clockTolerance);
        this.suspension = new RedisSuspensionStore(access, names);
    }

    /**
     * A store on one server, or on the master that sentinels name: {@code redis://host:6379}, {@code
     * rediss://:password@host:6380}, {@code redis-sentinel://host1,host2#master}.
     *
     * @throws IllegalArgumentException if the URI can't be parsed
     */
    public static Builder server(String uri) {
        return new Builder(List.of(parsed(uri)), false);
    }

    /**
     * A store on a Redis Cluster.
     *
     * @param seeds some of its nodes, at least one, from which the others are discovered
     * @throws IllegalArgumentException if the list is empty, or a URI can't be parsed
     */
    public static Builder cluster(List<String> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("a cluster needs at least one node to be found by");
        }
        return new Builder(seeds.stream().map(RedisStore::parsed).toList(), true);
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
     * connecting. Fails if Redis can't be reached or trusted. The store can be used even then, and tries again.
     */
    public CompletionStage<Void> connect() {
        return access.connect();
    }

    @Override
    public RateLimiter rateLimiter() {
        return limiter;
    }

    @Override
    public LimitRecords limitRecords() {
        return limits;
    }

    @Override
    public SessionMemory sessionMemory() {
        return memory;
    }

    @Override
    public SessionRecords sessionRecords() {
        return sessions;
    }

    @Override
    public ApprovalStore approvalStore() {
        return approvals;
    }

    @Override
    public SuspensionStore suspensionStore() {
        return suspension;
    }

    /** Closes the connections. Later calls are answered as if Redis were lost. What is kept stays. */
    @Override
    public void close() {
        access.close();
    }

    /** Settings of a store. */
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
        private int maxSessions = 500_000;
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
         * The beginning of all keys' names; by default {@code interlock}. Stores with the same prefix share what they
         * keep.
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
         * Where in a cluster the counts are placed; by default {@link Placement#ONE_SLOT}. All stores of a prefix
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
         * two slots. All stores of a prefix should agree.
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

        /**
         * How many sessions may have marks at the same time; by default 500,000. This number applies separately to
         * sessions of callers with an identity and of those without. A caller has a part of them, as of the keys of a
         * limit. Calls that would set a mark in a further session are denied until some have none left. No session is
         * forgotten to make room for another.
         *
         * <p>With {@link Placement#BY_SUBJECT} there is no such bound, since each session is in a slot of its own. All
         * stores of a prefix should agree.
         *
         * @throws IllegalArgumentException unless it is at least 1
         */
        public Builder maxSessions(int sessions) {
            if (sessions < 1) {
                throw new IllegalArgumentException("there must be room for at least 1 session, was " + sessions);
            }
            this.maxSessions = sessions;
            return this;
        }

        /** What happens to calls with a limit while Redis is unavailable; by default {@link FailureMode#closed}. */
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
         * Creates the store. It connects at the first request, so that a host starts whether or not Redis is there.
         */
        public RedisStore build() {
            return new RedisStore(this);
        }

        private static Duration positive(String what, Duration length) {
            if (length.toMillis() < 1) {
                throw new IllegalArgumentException(what + " must be at least 1 ms, was " + length);
            }
            return length;
        }
    }
}
