package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Four processes hammer one limit. */
class FourJvmTest {

    private static final int PROCESSES = 4;
    private static final int LIMIT = 2_000;
    private static final int CALLS_OF_EACH = 1_200;
    private static final int IN_FLIGHT = 32;

    /** Each call is charged to all; what is refused by the last leaves no trace in the others. */
    private static final List<Charge> CHARGES = List.of(
            charge("bucket", new LimitRule.TokenBucket(Amount.of(10_000), Duration.ofDays(366))),
            charge("sliding", new LimitRule.SlidingWindow(Amount.of(1_000_000), Duration.ofDays(366))),
            charge("fixed", new LimitRule.FixedWindow(Amount.of(LIMIT), new Window.Length(Duration.ofDays(366)))));

    @Test
    void whatFourProcessesAreAdmittedAddsUpToExactlyTheLimit() throws Exception {
        String prefix = "four-jvms";
        List<Process> processes = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                processes.add(new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Xmx128m",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Hammer.class.getName(),
                                SharedServer.get().uri(),
                                prefix,
                                "jvm-" + i)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start());
            }
            List<BufferedReader> outputs = processes.stream()
                    .map(process ->
                            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
                    .toList();
            for (BufferedReader output : outputs) {
                assertThat(output.readLine()).isEqualTo("ready");
            }
            for (Process process : processes) {
                try (OutputStream in = process.getOutputStream()) {
                    in.write('\n');
                }
            }
            int sum = 0;
            for (BufferedReader output : outputs) {
                sum += Integer.parseInt(output.readLine());
            }
            assertThat(sum).isEqualTo(LIMIT);
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
        try (RedisStore limiter = RedisStore.server(SharedServer.get().uri())
                .prefix(prefix)
                .timeout(RedisServer.PATIENCE)
                .build()) {
            // Less than a call flows back into the bucket meanwhile: that takes the better part of an hour.
            assertThat(limiter.rateLimiter().usage(CHARGES))
                    .allSatisfy(usage -> assertThat(usage.used()).isEqualTo(Amount.of(LIMIT)));
        }
    }

    private static Charge charge(String limit, LimitRule rule) {
        return new Charge(new LimitKey(limit, ""), rule, Amount.ONE, ChargeMode.SENT);
    }

    /** One of the processes. */
    static final class Hammer {

        private Hammer() {}

        public static void main(String[] arguments) throws IOException {
            try (RedisStore limiter = RedisStore.server(arguments[0])
                    .prefix(arguments[1])
                    .timeout(RedisServer.PATIENCE)
                    .build()) {
                limiter.rateLimiter().usage(CHARGES);
                System.out.println("ready");
                if (System.in.read() < 0) {
                    throw new IOException("no one said go");
                }
                int admitted = 0;
                for (int i = 0; i < CALLS_OF_EACH; i += IN_FLIGHT) {
                    String name = arguments[2] + "-" + i + "-";
                    List<CompletableFuture<Reservation>> answers = IntStream.range(0, IN_FLIGHT)
                            .mapToObj(j -> limiter.rateLimiter()
                                    .reserveAsync(new Batch(name + j, CHARGES))
                                    .toCompletableFuture())
                            .toList();
                    for (CompletableFuture<Reservation> answer : answers) {
                        Reservation reservation = answer.join();
                        if (reservation instanceof Reservation.Granted granted) {
                            limiter.rateLimiter().settle(granted, CallOutcome.SUCCEEDED);
                            admitted++;
                        } else if (((Reservation.NotGranted) reservation).reason() != Reservation.Reason.NO_ROOM) {
                            throw new IllegalStateException("refused for another reason: " + reservation);
                        }
                    }
                }
                System.out.println(admitted);
            }
        }
    }
}
