package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.limit.remote.Fallback;
import dev.interlock.policy.limit.remote.StoreListener;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * State in a database: SQLite, for the processes of one machine, or PostgreSQL 15 or later, for those of many. All
 * stores on the same database share their state. Thread-safe.
 *
 * <p><b>The tables</b> are made at the first use, or by {@link #open}; their names begin with {@code interlock_}.
 * Tables of an older version are brought up to date then, in one transaction. Tables of a newer version are refused.
 * In SQLite the journal mode becomes WAL.
 *
 * <p><b>What is guaranteed.</b> Whatever one call of a method does is one transaction. It happens as a whole or not at
 * all, and what has been answered is kept when processes, or the database, are killed. If the connection breaks while a
 * transaction is being committed, the database is asked over another one whether it was.
 *
 * <p><b>Time</b> is the database's: that of its server, and for SQLite that of this machine. Where it steps back,
 * nothing that was used becomes free earlier; a limit whose count had ended more than ten minutes before may have been
 * forgotten, and then begins anew.
 *
 * <p><b>Threads and connections.</b> Connections come from the host's {@link DataSource}, which should be a pool. Each
 * transaction uses one of them, on a thread of the {@linkplain Builder#executor executor's}. Methods that are not
 * asynchronous wait for that thread, so they must not be called on one that may not block.
 *
 * <p><b>When the database is unavailable</b>, because it can't be reached, no connection is free, its disk is full or
 * it doesn't answer within the {@linkplain Builder#timeout time-out}, the {@link FailureMode} says what happens to
 * calls with limits, and the {@link StoreListener} is notified. After some failures in a row it isn't asked for a
 * while, and calls aren't delayed at all. Everything else that needs the database fails closed in every mode.
 */
public final class JdbcStore implements StateStore {

    private final Transactions transactions;
    private final @Nullable StoreThreads ownThreads;
    private final RateLimiter rateLimiter;
    private final LimitRecords limitRecords;
    private final SessionMemory sessionMemory;
    private final SessionRecords sessionRecords;
    private final ApprovalStore approvalStore;
    private final SuspensionStore suspensionStore;

    private JdbcStore(Builder builder) {
        StoreThreads own = builder.executor == null ? new StoreThreads() : null;
        this.ownThreads = own;
        this.transactions = new Transactions(
                builder.source,
                own == null ? Objects.requireNonNull(builder.executor) : own,
                builder.timeout,
                new CircuitBreaker(builder.time, builder.failures, builder.pause, builder.listener),
                new Schema(),
                builder.databaseTime);
        LimitRows limits = new LimitRows(builder.maxKeys);
        this.rateLimiter = new JdbcRateLimiter(transactions, limits, Fallback.of(builder.failureMode, builder.time));
        this.limitRecords = new JdbcLimitRecords(transactions, limits);
        SessionRows sessions = new SessionRows(builder.maxSessions);
        this.sessionMemory = new JdbcSessionMemory(transactions, sessions);
        this.sessionRecords = new JdbcSessionRecords(transactions, sessions);
        this.approvalStore = new JdbcApprovalStore(transactions);
        this.suspensionStore = new JdbcSuspensionStore(transactions);
    }

    /** Starts with a source of connections, preferably a pool. */
    public static Builder on(DataSource connections) {
        return new Builder(connections);
    }

    /**
     * Connects, and makes the tables or brings them up to date. Without this, the first call does so. Blocks.
     *
     * @return this store
     * @throws UnavailableException if that fails. Its cause says why; the store can be used even then, and tries again
     */
    public JdbcStore open() {
        transactions.read(transaction -> true);
        return this;
    }

    @Override
    public RateLimiter rateLimiter() {
        return rateLimiter;
    }

    @Override
    public LimitRecords limitRecords() {
        return limitRecords;
    }

    @Override
    public SessionMemory sessionMemory() {
        return sessionMemory;
    }

    @Override
    public SessionRecords sessionRecords() {
        return sessionRecords;
    }

    @Override
    public ApprovalStore approvalStore() {
        return approvalStore;
    }

    @Override
    public SuspensionStore suspensionStore() {
        return suspensionStore;
    }

    /**
     * Ends the store's own threads. Later calls are answered as if the database were lost. The source of connections
     * is the host's to close.
     */
    @Override
    public void close() {
        transactions.close();
        if (ownThreads != null) {
            ownThreads.close();
        }
    }

    /** Settings of a store. */
    public static final class Builder {

        private final DataSource source;
        private @Nullable Executor executor;
        private Duration timeout = Duration.ofSeconds(1);
        private FailureMode failureMode = FailureMode.closed();
        private int failures = 5;
        private Duration pause = Duration.ofSeconds(1);
        private StoreListener listener = StoreListener.NONE;
        private TimeSource time = TimeSource.system();
        private long maxKeys = 1_000_000;
        private long maxSessions = 1_000_000;
        private @Nullable LongSupplier databaseTime;

        private Builder(DataSource source) {
            this.source = source;
        }

        /**
         * The executor on which transactions run, which wait for the database. By default threads of the store's own,
         * at most 64. On Java 21 and later, {@code Executors.newVirtualThreadPerTaskExecutor()} is a good one for
         * PostgreSQL. An executor that rejects a transaction makes it fail.
         */
        public Builder executor(Executor waiting) {
            this.executor = waiting;
            return this;
        }

        /** How long to wait for an answer, which includes the wait for a connection; by default 1 second. */
        public Builder timeout(Duration length) {
            this.timeout = positive("the timeout", length);
            return this;
        }

        /** What happens to calls with limits while the database is unavailable; by default they are denied. */
        public Builder onFailure(FailureMode mode) {
            this.failureMode = mode;
            return this;
        }

        /**
         * When to stop asking the database, and for how long; by default after 5 failures in a row, for a second each
         * time.
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

        /** The listener to notify when the database is lost and when it is back. */
        public Builder listener(StoreListener storeListener) {
            this.listener = storeListener;
            return this;
        }

        /**
         * This process's time, for the pauses of the breaker and the counts of {@link FailureMode#local}. The database
         * has its own.
         */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * How many keys of limits the database may hold; by default a million. Each process looks at their number from
         * time to time, so there may be some thousands more. When there is no room, a call with a new key is refused,
         * and no existing count is dropped. Callers have no shares here: one that can bring any number of keys can take
         * all of them.
         *
         * @throws IllegalArgumentException unless it is at least 1
         */
        public Builder maxKeys(long keys) {
            if (keys < 1) {
                throw new IllegalArgumentException("maxKeys must be at least 1, was " + keys);
            }
            this.maxKeys = keys;
            return this;
        }

        /**
         * How many sessions may have marks at the same time; by default a million. Calls that would set a mark in a
         * further session are denied until some sessions have none left. A session is never forgotten to make room for
         * another. A caller may have one more while it has fewer than a sixteenth of the free places; callers with an
         * identity have at most half of all, and so have those without one.
         *
         * <p>The room that a call has reserved for its marks is kept until the call has ended, or for seven days: its
         * process may have been killed.
         *
         * @throws IllegalArgumentException unless it is at least 1
         */
        public Builder maxSessions(long sessions) {
            if (sessions < 1) {
                throw new IllegalArgumentException("maxSessions must be at least 1, was " + sessions);
            }
            this.maxSessions = sessions;
            return this;
        }

        /** Replaces the database's clock: nanoseconds since 1970. */
        Builder databaseTime(LongSupplier nanos) {
            this.databaseTime = nanos;
            return this;
        }

        /** Creates the store. It connects at the first use: a host starts whether or not the database is there. */
        public JdbcStore build() {
            return new JdbcStore(this);
        }

        private static Duration positive(String what, Duration length) {
            if (length.toMillis() < 1) {
                throw new IllegalArgumentException(what + " must be at least 1 ms, was " + length);
            }
            return length;
        }
    }
}
