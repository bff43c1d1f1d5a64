package dev.interlock.policy.jdbc;

import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.session.SessionRecordsContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** Sessions in a database keep the contract. */
class SqliteSessionRecordsContractTest extends SessionRecordsContract {

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture fixture = new StoreFixture(file.connections());

    @AfterEach
    void close() {
        fixture.close();
        file.close();
    }

    @Override
    protected SessionMemory memory() {
        return fixture.store.sessionMemory();
    }

    @Override
    protected SessionRecords records() {
        return fixture.store.sessionRecords();
    }

    @Override
    protected void advance(Duration length) {
        fixture.advance(length);
    }
}
