package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalStoreContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** Tickets in a database keep the contract, seen by two processes. */
class SqliteApprovalStoreContractTest extends ApprovalStoreContract {

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture fixture = new StoreFixture(file.connections());
    private final StoreFixture other = new StoreFixture(file.connections());

    @AfterEach
    void close() {
        fixture.close();
        other.close();
        file.close();
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
