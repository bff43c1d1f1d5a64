package dev.interlock.policy.redis;

import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.state.SuspensionStoreContract;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A suspension in Redis keeps the contract. */
class RedisSuspensionStoreContractTest extends SuspensionStoreContract {

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
        return RedisStore.server(server.uri()).timeout(RedisServer.PATIENCE).build();
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
    }

    @Override
    protected SuspensionStore store() {
        return store.suspensionStore();
    }

    @Override
    protected SuspensionStore other() {
        return other.suspensionStore();
    }
}
