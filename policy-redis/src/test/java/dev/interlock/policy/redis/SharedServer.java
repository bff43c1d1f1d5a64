package dev.interlock.policy.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;

/** One server for all tests that do it no harm; each has a prefix of its own. It ends with the JVM. */
final class SharedServer {

    private static final AtomicInteger PREFIXES = new AtomicInteger();

    private SharedServer() {}

    private static final class Holder {
        static final RedisServer SERVER = start();

        private static RedisServer start() {
            try {
                return RedisServer.start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    static RedisServer get() {
        return Holder.SERVER;
    }

    /** A limiter that shares its counts with no other, and does not give up because the machine is busy. */
    static RedisStore.Builder limiter() {
        return RedisStore.server(get().uri())
                .prefix("test-" + PREFIXES.incrementAndGet())
                .timeout(RedisServer.PATIENCE);
    }
}
