package dev.interlock.policy.jdbc;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Four JVMs on one database. */
@Tag("servers")
class PostgresRaceTest extends StoreRaceContract {

    private static PostgresServer server;
    private static RacingJvms jvms;

    @BeforeAll
    static void start() {
        server = PostgresServer.start();
        jvms = RacingJvms.start(4);
    }

    @AfterAll
    static void stop() {
        jvms.close();
        server.close();
    }

    @Override
    protected RacingJvms jvms() {
        return jvms;
    }

    @Override
    protected String freshDatabase() {
        return server.freshDatabase();
    }

    @Override
    protected JdbcStore open(String at) {
        return patient(PostgresServer.connections(at)).build();
    }
}
