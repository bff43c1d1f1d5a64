package dev.interlock.policy.redis;

import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.session.SessionRecordsContract;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** What a person sees and resets in Redis keeps the contract. */
class RedisSessionRecordsContractTest extends SessionRecordsContract {

    private static final ServerClock CLOCK = new ServerClock(Instant.parse("2027-12-30T23:59:00Z"));

    /** One for all tests, since making one starts threads; what they keep is wiped out in between. */
    private static RedisServer server;

    private static RedisStore store;
    private static RedisStore other;

    @BeforeAll
    static void start() throws IOException {
        server = RedisServer.start();
        store = open();
        other = open();
    }

    private static RedisStore open() {
        return RedisStore.server(server.uri())
                .serverTime(CLOCK::text)
                .timeout(RedisServer.PATIENCE)
                .build();
    }

    @AfterAll
    static void stop() throws IOException {
        store.close();
        other.close();
        server.close();
    }

    @BeforeEach
    void wipe() throws IOException {
        server.command("FLUSHALL");
        CLOCK.set(Instant.parse("2027-12-30T23:59:00Z"));
    }

    @Override
    protected SessionMemory memory() {
        return store.sessionMemory();
    }

    @Override
    protected SessionRecords records() {
        return store.sessionRecords();
    }

    @Override
    protected void advance(Duration length) {
        CLOCK.advance(length);
    }
}
