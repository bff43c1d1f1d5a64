package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.RateLimiterContract;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;

/** Counts in a database keep the contract. */
class SqliteRateLimiterContractTest extends RateLimiterContract {

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture fixture = new StoreFixture(file.connections());

    @AfterEach
    void close() {
        fixture.close();
        file.close();
    }

    @Override
    protected RateLimiter limiter() {
        return fixture.store.rateLimiter();
    }

    @Override
    protected Instant wall() {
        return fixture.now();
    }

    @Override
    protected void advance(Duration length) {
        fixture.advance(length);
    }
}
