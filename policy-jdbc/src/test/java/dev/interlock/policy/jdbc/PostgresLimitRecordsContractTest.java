package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.LimitRecordsContract;
import dev.interlock.policy.limit.RateLimiter;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Counts in a database keep the contract. */
@Tag("servers")
class PostgresLimitRecordsContractTest extends LimitRecordsContract {

    private static PostgresServer server;

    private final StoreFixture fixture = new StoreFixture(PostgresServer.connections(server.freshDatabase()));

    @BeforeAll
    static void startServer() {
        server = PostgresServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @AfterEach
    void close() {
        fixture.close();
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
