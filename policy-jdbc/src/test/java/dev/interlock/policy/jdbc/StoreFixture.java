package dev.interlock.policy.jdbc;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** A store whose database's clock the test moves. */
final class StoreFixture implements AutoCloseable {

    /** 2027-12-30T23:59:00Z. */
    private final AtomicLong nanos = new AtomicLong(1_830_211_140_000_000_000L);

    final JdbcStore store;

    StoreFixture(DataSource connections) {
        this(connections, 1_000_000);
    }

    StoreFixture(DataSource connections, long maxSessions) {
        this.store = JdbcStore.on(connections)
                .timeout(Duration.ofMinutes(1))
                .maxSessions(maxSessions)
                .databaseTime(nanos::get)
                .build();
    }

    void advance(Duration length) {
        nanos.addAndGet(length.toNanos());
    }

    @Override
    public void close() {
        store.close();
    }
}
