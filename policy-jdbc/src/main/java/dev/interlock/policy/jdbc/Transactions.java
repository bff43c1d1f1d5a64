package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.limit.remote.CircuitBreaker;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Runs transactions, each on a thread of the executor's, and answers within the time-out. Thread-safe.
 *
 * <p><b>What a caller can rely on.</b> A transaction whose result is returned has happened as a whole, once. One that
 * fails with an {@link UnavailableException} has not happened, or it is not known; only the database's own failure in
 * the middle of a commit, and no answer since, leaves it unknown. A transaction that only met another one is tried
 * again until it succeeds or the time is up.
 *
 * <p><b>A commit without an answer.</b> A transaction that changed something leaves a row with an id of its own in
 * {@code interlock_commits}. If the connection breaks while it commits, that row is looked for over another one: it is
 * there if and only if the transaction has happened. Where the server may still be at it, a row with the same id is
 * inserted, which waits for the first one and keeps it from coming later.
 *
 * <p><b>The time-out</b> includes the wait for a connection. A transaction that is still running then is rolled back
 * when it comes to its end. One that was just committing counts, and is passed to the caller's {@code late} consumer.
 */
final class Transactions {

    /** How long the row of a transaction is kept, by the database's clock. */
    private static final Duration COMMITS_KEPT = Duration.ofMinutes(5);

    /** One in so many transactions that change something deletes rows of former ones. */
    private static final int SWEEP_ONE_IN = 64;

    /** How often a commit without an answer is asked for. */
    private static final int QUESTIONS = 3;

    /** What is done inside a transaction. It may be run more than once, and only what it does last is kept. */
    @FunctionalInterface
    interface Work<T extends @Nullable Object> {
        T in(Transaction transaction) throws SQLException;
    }

    private final DataSource source;
    private final Executor executor;
    private final Duration timeout;
    private final CircuitBreaker breaker;
    private final Schema schema;
    private final @Nullable LongSupplier givenTime;

    /** SQLite lets waiting processes poll. The threads of this one line up here instead. */
    private final Semaphore writers = new Semaphore(1, true);

    /** Known from the first connection on. */
    private volatile @Nullable Dialect found;

    /** Known once the tables are what they must be. */
    private volatile @Nullable Dialect dialect;

    private volatile boolean closed;

    /**
     * Creates one that has no connection yet.
     *
     * @param givenTime a clock in place of the database's, in nanoseconds since 1970; null for the database's
     */
    Transactions(
            DataSource source,
            Executor executor,
            Duration timeout,
            CircuitBreaker breaker,
            Schema schema,
            @Nullable LongSupplier givenTime) {
        this.source = source;
        this.executor = executor;
        this.timeout = timeout;
        this.breaker = breaker;
        this.schema = schema;
        this.givenTime = givenTime;
    }

    /**
     * Runs a transaction that may change something, and waits for it.
     *
     * @throws UnavailableException if it has not happened, or that is not known
     */
    <T extends @Nullable Object> T change(Work<T> work) {
        return await(start(work, true, late -> {}));
    }

    /**
     * Does the same as {@link #change(Work)}.
     *
     * @param late as in {@link #changeAsync(Work, Consumer)}
     */
    <T extends @Nullable Object> T change(Work<T> work, Consumer<T> late) {
        return await(start(work, true, late));
    }

    /** Does the same as {@link #change(Work)} without blocking the caller. */
    <T extends @Nullable Object> CompletableFuture<T> changeAsync(Work<T> work) {
        return changeAsync(work, late -> {});
    }

    /**
     * Does the same as {@link #changeAsync(Work)}.
     *
     * @param late gets the result of a transaction that was committed after its caller had been told that the database
     *     is unavailable; on a thread of the executor's
     */
    <T extends @Nullable Object> CompletableFuture<T> changeAsync(Work<T> work, Consumer<T> late) {
        return offTheTimer(start(work, true, late));
    }

    /**
     * Runs a transaction that changes nothing, and waits for it. It sees the database as it is at one moment where the
     * database offers that, and locks nothing.
     *
     * @throws UnavailableException if the database did not answer
     */
    <T extends @Nullable Object> T read(Work<T> work) {
        return await(start(work, false, late -> {}));
    }

    /** Does the same as {@link #read} without blocking the caller. */
    <T extends @Nullable Object> CompletableFuture<T> readAsync(Work<T> work) {
        return offTheTimer(start(work, false, late -> {}));
    }

    /** Later transactions fail. Connections are the source's, and so are not closed here. */
    void close() {
        closed = true;
    }

    /**
     * Waits for an answer of these transactions.
     *
     * @throws UnavailableException if that is what it failed with
     */
    static <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UnavailableException unavailable) {
                // With the caller's stack, where the one that failed has that of a thread that the caller never saw.
                UnavailableException mine = new UnavailableException(String.valueOf(unavailable.getMessage()));
                mine.initCause(unavailable);
                throw mine;
            }
            if (e.getCause() instanceof RuntimeException other) {
                throw other;
            }
            throw e;
        }
    }

    // ---- one transaction, with its time-out ----

    /** Where a transaction is, which its own thread and its time-out agree on. */
    private enum Stage {
        RUNNING,
        COMMITTING,
        OVER,
        /** The caller was told that there is no answer. */
        GIVEN_UP
    }

    /** One transaction that a caller waits for. */
    private final class Attempt<T extends @Nullable Object> {
        final long end = System.nanoTime() + timeout.toNanos();
        final AtomicReference<Stage> stage = new AtomicReference<>(Stage.RUNNING);
        final Work<T> work;
        final boolean changes;

        Attempt(Work<T> work, boolean changes) {
            this.work = work;
            this.changes = changes;
        }

        boolean isOver() {
            return stage.get() == Stage.GIVEN_UP || System.nanoTime() - end >= 0;
        }

        long nanosLeft() {
            return Math.max(0, end - System.nanoTime());
        }

        void giveUpIfOver() throws SQLException {
            if (isOver()) {
                throw new SQLException("the time is up");
            }
        }
    }

    private <T extends @Nullable Object> CompletableFuture<T> start(Work<T> work, boolean changes, Consumer<T> late) {
        CircuitBreaker.Pass pass = closed ? CircuitBreaker.Pass.NONE : breaker.pass();
        if (pass == CircuitBreaker.Pass.NONE) {
            return CompletableFuture.failedFuture(
                    new UnavailableException("the database was not asked, since it did not answer before"));
        }
        Attempt<T> attempt = new Attempt<>(work, changes);
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            executor.execute(() -> run(attempt, pass, answer, late));
        } catch (RuntimeException e) {
            fail(answer, e);
        }
        return answer.isDone() ? answer : limited(answer, attempt);
    }

    /** What a caller does next with a time-out may be slow, and the thread that times all of them must not be. */
    private <T extends @Nullable Object> CompletableFuture<T> offTheTimer(CompletableFuture<T> answer) {
        return answer.isDone() ? answer : answer.exceptionallyComposeAsync(CompletableFuture::failedFuture, executor);
    }

    private <T extends @Nullable Object> CompletableFuture<T> limited(CompletableFuture<T> answer, Attempt<T> attempt) {
        CompletableFuture.delayedExecutor(attempt.nanosLeft(), TimeUnit.NANOSECONDS, Runnable::run)
                .execute(() -> {
                    if (!answer.isDone()) {
                        attempt.stage.compareAndSet(Stage.RUNNING, Stage.GIVEN_UP);
                        fail(answer, new TimeoutException("no answer from the database in time"));
                    }
                });
        return answer;
    }

    private <T extends @Nullable Object> void run(
            Attempt<T> attempt, CircuitBreaker.Pass pass, CompletableFuture<T> answer, Consumer<T> late) {
        T value;
        try {
            value = whole(attempt);
        } catch (SQLException | RuntimeException | Error e) {
            fail(answer, e);
            return;
        }
        breaker.succeeded(pass);
        if (!answer.complete(value)) {
            late.accept(value);
        }
    }

    private void fail(CompletableFuture<?> answer, Throwable cause) {
        UnavailableException failure = new UnavailableException("the database did not answer as it should");
        failure.initCause(cause);
        // Not twice for one that is told late what its time-out has told already.
        if (answer.completeExceptionally(failure)) {
            breaker.failed(cause);
        }
    }

    /** Runs a transaction until it has happened or can't. */
    private <T extends @Nullable Object> T whole(Attempt<T> attempt) throws SQLException {
        int met = 0;
        int lost = 0;
        while (true) {
            attempt.giveUpIfOver();
            Dialect known = dialect;
            try {
                return known == Dialect.SQLITE && attempt.changes ? inLine(attempt, known) : once(attempt, known);
            } catch (SQLException e) {
                // Processes that use a new file at the same moment meet before it has tables.
                Dialect now = found;
                boolean again = now != null
                        && attempt.stage.get() == Stage.RUNNING
                        && (now.isContention(e) || (now.isLostConnection(e) && lost++ == 0));
                if (!again) {
                    throw e;
                }
                pause(met++, attempt, e);
            }
        }
    }

    private <T extends @Nullable Object> T inLine(Attempt<T> attempt, Dialect known) throws SQLException {
        try {
            if (!writers.tryAcquire(attempt.nanosLeft(), TimeUnit.NANOSECONDS)) {
                throw new SQLException("the time is up");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted", e);
        }
        try {
            return once(attempt, known);
        } finally {
            writers.release();
        }
    }

    /** Lets others finish. Each time a little longer, and not all for the same time. */
    private static void pause(int met, Attempt<?> attempt, SQLException cause) throws SQLException {
        long most = Math.min(attempt.nanosLeft(), 1_000_000L << Math.min(met, 4));
        try {
            TimeUnit.NANOSECONDS.sleep(ThreadLocalRandom.current().nextLong(most + 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cause;
        }
    }

    private <T extends @Nullable Object> T once(Attempt<T> attempt, @Nullable Dialect ready) throws SQLException {
        Session session = new Session(source.getConnection(), timeout);
        try (session) {
            Dialect known = ready == null ? prepared(session) : ready;
            attempt.giveUpIfOver();
            session.begin(known, attempt.changes);
            Transaction transaction = new Transaction(session.connection(), known, givenTime);
            T value = attempt.work.in(transaction);
            if (!attempt.changes || !transaction.isChanged()) {
                session.rollBack(known);
                return value;
            }
            String id = UUID.randomUUID().toString();
            noteCommit(transaction, id);
            if (!attempt.stage.compareAndSet(Stage.RUNNING, Stage.COMMITTING)) {
                throw new SQLException("the time is up");
            }
            try {
                session.commit(known);
            } catch (SQLException e) {
                session.discard();
                if (!hasHappened(id, known, e)) {
                    attempt.stage.set(Stage.RUNNING);
                    throw e;
                }
            }
            attempt.stage.set(Stage.OVER);
            return value;
        }
    }

    /** Finds out which database it is, and makes its tables what they must be. */
    private Dialect prepared(Session session) throws SQLException {
        Connection connection = session.connection();
        Dialect known = Dialect.of(connection);
        found = known;
        known.prepare(connection);
        session.begin(known, true);
        known.lockForMigration(connection);
        if (schema.migrate(connection, known, known.now(connection))) {
            session.commit(known);
        } else {
            session.rollBack(known);
        }
        dialect = known;
        return known;
    }

    private static void noteCommit(Transaction transaction, String id) throws SQLException {
        long now = transaction.now();
        try (PreparedStatement insert = transaction.prepare("INSERT INTO interlock_commits VALUES (?, ?)")) {
            insert.setString(1, id);
            insert.setLong(2, now + COMMITS_KEPT.toNanos());
            insert.executeUpdate();
        }
        if (ThreadLocalRandom.current().nextInt(SWEEP_ONE_IN) == 0) {
            try (PreparedStatement delete = transaction.prepare("DELETE FROM interlock_commits WHERE expires_at < ?")) {
                delete.setLong(1, now);
                delete.executeUpdate();
            }
        }
    }

    /** Whether the transaction with this id was committed, which can't change any more. */
    private boolean hasHappened(String id, Dialect known, SQLException failure) throws SQLException {
        for (int question = 0; question < QUESTIONS; question++) {
            try (Session session = new Session(source.getConnection(), timeout)) {
                session.begin(known, true);
                Transaction transaction = new Transaction(session.connection(), known, givenTime);
                int inserted;
                try (PreparedStatement insert =
                        transaction.prepare("INSERT INTO interlock_commits VALUES (?, ?) ON CONFLICT DO NOTHING")) {
                    insert.setString(1, id);
                    insert.setLong(2, transaction.now() + COMMITS_KEPT.toNanos());
                    inserted = insert.executeUpdate();
                }
                if (inserted == 0) {
                    session.rollBack(known);
                    return true;
                }
                session.commit(known);
                return false;
            } catch (SQLException e) {
                failure.addSuppressed(e);
            }
        }
        throw new SQLException("it is not known whether a transaction was committed", failure);
    }
}
