package dev.interlock.policy.jdbc;

import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionMemoryContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Sessions in a database keep the contract. */
@Tag("servers")
class PostgresSessionMemoryContractTest extends SessionMemoryContract {

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
    protected SessionMemory memory() {
        return fixture.store.sessionMemory();
    }

    @Override
    protected void advance(Duration length) {
        fixture.advance(length);
    }
}
