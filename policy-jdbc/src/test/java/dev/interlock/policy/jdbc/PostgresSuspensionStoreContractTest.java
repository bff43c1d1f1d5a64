package dev.interlock.policy.jdbc;

import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.state.SuspensionStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The suspension in a database keeps the contract, seen by two processes. */
@Tag("servers")
class PostgresSuspensionStoreContractTest extends SuspensionStoreContract {

    private static PostgresServer server;

    private final String database = server.freshDatabase();
    private final StoreFixture fixture = new StoreFixture(PostgresServer.connections(database));
    private final StoreFixture other = new StoreFixture(PostgresServer.connections(database));

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
        other.close();
    }

    @Override
    protected SuspensionStore store() {
        return fixture.store.suspensionStore();
    }

    @Override
    protected SuspensionStore other() {
        return other.store.suspensionStore();
    }
}
