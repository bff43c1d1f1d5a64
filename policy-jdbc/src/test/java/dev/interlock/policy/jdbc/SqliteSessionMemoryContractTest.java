package dev.interlock.policy.jdbc;

import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionMemoryContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** Sessions in a database keep the contract. */
class SqliteSessionMemoryContractTest extends SessionMemoryContract {

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
    protected void advance(Duration length) {
        fixture.advance(length);
    }
}
