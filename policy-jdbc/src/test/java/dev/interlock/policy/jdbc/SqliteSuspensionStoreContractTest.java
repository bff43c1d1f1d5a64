package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.state.SuspensionStoreContract;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The suspension in a database keeps the contract, seen by two processes. */
class SqliteSuspensionStoreContractTest extends SuspensionStoreContract {

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
    protected SuspensionStore store() {
        return fixture.store.suspensionStore();
    }

    @Override
    protected SuspensionStore other() {
        return other.store.suspensionStore();
    }

    @Test
    void aRowThatAPersonHasChangedSuspends() throws SQLException {
        store().read();
        execute("UPDATE interlock_suspension SET suspended = 1");
        assertThat(store().read()).isEqualTo(new Suspension("", null, Instant.EPOCH));

        execute("UPDATE interlock_suspension SET since = 'yesterday'");
        assertThatExceptionOfType(UnavailableException.class).isThrownBy(() -> store().read());

        execute("DELETE FROM interlock_suspension");
        assertThatExceptionOfType(UnavailableException.class).isThrownBy(() -> store().read());
        assertThatExceptionOfType(UnavailableException.class).isThrownBy(() -> store().resume());
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
