package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.limit.UnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sqlite.SQLiteDataSource;

/** How the tables come about. */
class SchemaTest {

    private final SqliteFile file = SqliteFile.create();

    @AfterEach
    void remove() {
        file.close();
    }

    @Test
    void tablesAreMadeOnceAndTheirVersionIsKept() throws Exception {
        JdbcStore.on(file.connections()).build().open();
        JdbcStore.on(file.connections()).build().open();

        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("SELECT version, script FROM interlock_schema ORDER BY version")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(1);
            assertThat(rows.getString(2)).isEqualTo("001-limits");
        }
    }

    @Test
    void manyMayMakeTheTablesAtTheSameMoment() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            for (int round = 0; round < 3; round++) {
                SqliteFile fresh = SqliteFile.create();
                Callable<Boolean> first = () -> {
                    SQLiteDataSource impatient = new SQLiteDataSource();
                    impatient.setUrl(fresh.url());
                    impatient.setBusyTimeout(0);
                    JdbcStore.on(impatient)
                            .timeout(Duration.ofMinutes(1))
                            .build()
                            .open()
                            .close();
                    return true;
                };
                for (Future<Boolean> opened : pool.invokeAll(Collections.nCopies(16, first))) {
                    assertThat(opened.get()).isTrue();
                }
                fresh.close();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void readersAndAWriterDoNotWaitForEachOther() throws Exception {
        JdbcStore.on(file.connections()).build().open();

        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA journal_mode")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("wal");
        }
    }

    @Test
    void tablesOfALaterVersionAreRefusedAndStayAsTheyAre() throws Exception {
        JdbcStore.on(file.connections()).build().open();
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO interlock_schema VALUES (99, '099-later', 0)");
        }

        assertThatThrownBy(() -> JdbcStore.on(file.connections()).build().open())
                .isInstanceOf(UnavailableException.class)
                .hasStackTraceContaining("the tables are of version 99");
    }

    @Test
    void aScriptThatFailsLeavesNothing() throws Exception {
        try (Connection connection = file.connections().getConnection()) {
            Dialect.SQLITE.begin(connection, true);
            assertThatThrownBy(() ->
                            new Schema(List.of("001-limits", "002-broken")).migrate(connection, Dialect.SQLITE, 0))
                    .isInstanceOf(Exception.class);
            Dialect.SQLITE.rollBack(connection);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM sqlite_master")) {
                row.next();
                assertThat(row.getInt(1)).isZero();
            }
        }
    }
}
