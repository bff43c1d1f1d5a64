package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalStoreContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Tickets in a database keep the contract, seen by two processes. */
@Tag("servers")
class PostgresApprovalStoreContractTest extends ApprovalStoreContract {

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
    protected ApprovalStore store() {
        return fixture.store.approvalStore();
    }

    @Override
    protected ApprovalStore other() {
        return other.store.approvalStore();
    }

    @Override
    protected void advance(Duration length) {
        fixture.advance(length);
        other.advance(length);
    }
}
