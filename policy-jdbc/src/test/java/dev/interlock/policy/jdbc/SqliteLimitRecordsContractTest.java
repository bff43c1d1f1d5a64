package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.LimitRecordsContract;
import dev.interlock.policy.limit.RateLimiter;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** Counts in a database keep the contract. */
class SqliteLimitRecordsContractTest extends LimitRecordsContract {

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
    protected LimitRecords records() {
        return fixture.store.limitRecords();
    }

    @Override
    protected void advance(Duration length) {
        fixture.advance(length);
    }
}
