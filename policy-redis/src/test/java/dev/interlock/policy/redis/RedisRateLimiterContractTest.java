package dev.interlock.policy.redis;

import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.RateLimiterContract;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** Limits in Redis keep the contract. */
class RedisRateLimiterContractTest extends RateLimiterContract {

    private static final ServerClock CLOCK = new ServerClock(Instant.parse("2027-12-30T23:59:00Z"));

    /** One for all tests, since making one starts threads; what they count is wiped out in between. */
    private static RedisServer server;

    private static RedisStore limiter;

    @BeforeAll
    static void start() throws IOException {
        server = RedisServer.start();
        limiter = RedisStore.server(server.uri())
                .serverTime(CLOCK::text)
                .timeout(RedisServer.PATIENCE)
                .build();
    }

    @AfterAll
    static void stop() throws IOException {
        limiter.close();
        server.close();
    }

    @BeforeEach
    void wipe() throws IOException {
        server.command("FLUSHALL");
        CLOCK.set(Instant.parse("2027-12-30T23:59:00Z"));
    }

    @Override
    protected RateLimiter limiter() {
        return limiter.rateLimiter();
    }

    @Override
    protected void advance(Duration length) {
        CLOCK.advance(length);
    }

    @Override
    protected Instant wall() {
        return CLOCK.now();
    }
}
