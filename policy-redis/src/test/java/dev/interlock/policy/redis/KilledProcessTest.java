package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.state.Suspension;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a person has said outlives the process that told Redis, also if that is killed. */
class KilledProcessTest {

    private static final String PREFIX = "killed-process";
    private static final LimitKey KEY = new LimitKey("reset", "s");
    private static final Charge CHARGE =
            new Charge(KEY, new LimitRule.SlidingWindow(Amount.ONE, Duration.ofDays(1)), Amount.ONE, ChargeMode.SENT);
    private static final Suspension STOPPED = new Suspension("Stopped.", "ada", Instant.EPOCH);

    private static RedisStore store(String uri) {
        return RedisStore.server(uri)
                .prefix(PREFIX)
                .timeout(RedisServer.PATIENCE)
                .build();
    }

    @Test
    void aSuspensionAndAResetOutliveTheProcessThatMadeThem() throws IOException {
        try (RedisStore store = store(SharedServer.get().uri())) {
            assertThat(store.rateLimiter().reserve(new Batch("first", List.of(CHARGE))))
                    .isInstanceOf(Reservation.Granted.class);
            assertThat(store.rateLimiter().reserve(new Batch("second", List.of(CHARGE))))
                    .isInstanceOf(Reservation.NotGranted.class);
            Process person = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Person.class.getName(),
                            SharedServer.get().uri())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader output = person.inputReader(StandardCharsets.UTF_8)) {
                assertThat(output.readLine()).isEqualTo("reset true");
            } finally {
                person.destroyForcibly();
            }

            assertThat(store.suspensionStore().read()).isEqualTo(STOPPED);
            assertThat(store.rateLimiter().reserve(new Batch("third", List.of(CHARGE))))
                    .isInstanceOf(Reservation.Granted.class);
            assertThat(store.suspensionStore().resume()).isEqualTo(STOPPED);
        }
    }

    /** Suspends calls, resets a count, and waits to be killed. */
    static final class Person {

        private Person() {}

        public static void main(String[] arguments) throws IOException {
            try (RedisStore store = store(arguments[0])) {
                store.suspensionStore().suspend(STOPPED);
                System.out.println("reset " + store.limitRecords().reset(KEY));
                if (System.in.read() >= 0) {
                    throw new IOException("nothing is said to this process");
                }
            }
        }
    }
}
