package dev.interlock.policy.jdbc;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** A store whose database's clock the test moves. */
final class StoreFixture implements AutoCloseable {

    /** 2027-12-30T23:59:00Z. */
    private final AtomicLong nanos = new AtomicLong(1_830_211_140_000_000_000L);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** One party for each transaction, and one for the test. */
    private final Phaser running = new Phaser(1);

    private final DataSource connections;

    final JdbcStore store;

    StoreFixture(DataSource connections) {
        this(connections, 1_000_000);
    }

    StoreFixture(DataSource connections, long maxSessions) {
        this.connections = connections;
        this.store = JdbcStore.on(connections)
                .timeout(Duration.ofMinutes(1))
                .maxSessions(maxSessions)
                .executor(this::run)
                .databaseTime(nanos::get)
                .build();
    }

    private void run(Runnable work) {
        running.register();
        threads.execute(() -> {
            try {
                work.run();
            } finally {
                running.arriveAndDeregister();
            }
        });
    }

    /** Moves the clock when all that was begun is done, also what nothing waits for. */
    void advance(Duration length) {
        running.arriveAndAwaitAdvance();
        nanos.addAndGet(length.toNanos());
    }

    Instant now() {
        return Instant.EPOCH.plusNanos(nanos.get());
    }

    @Override
    public void close() {
        store.close();
        threads.shutdown();
        if (connections instanceof SmallPool pool) {
            pool.close();
        }
    }
}
