package dev.interlock.examples.plainsdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.redis.RedisServer;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlainHostTest {

    /** A machine that is slow must not see the bucket fill up meanwhile. */
    private static final class Standstill implements TimeSource {

        @Override
        public long wallMillis() {
            return 0;
        }

        @Override
        public long monotonicNanos() {
            return 0;
        }
    }

    @Test
    void itPrintsWhatItsReadmeSays() throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PlainHost.run(
                Path.of("policy.yaml"),
                InMemoryRateLimiter.builder().time(new Standstill()).build(),
                new PrintStream(printed, true, StandardCharsets.UTF_8));

        assertThat(Files.readString(Path.of("README.md")))
                .contains("```\n" + text(printed.toString(StandardCharsets.UTF_8)) + "```\n");
    }

    @Test
    void hostsThatShareARedisShareTheLimit(@TempDir Path directory) throws IOException {
        // Here time is the server's: the bucket must not fill up while the processes start.
        Path policy = directory.resolve("policy.yaml");
        Files.writeString(policy, Files.readString(Path.of("policy.yaml")).replace("window: 60", "window: 86400"));
        try (RedisServer redis = RedisServer.start()) {
            Process one = host(policy, redis);
            Process other = host(policy, redis);
            String printed = output(one) + output(other);
            assertThat(printed.lines().filter("allowed create_refund"::equals)).hasSize(2);
            assertThat(printed.lines().filter("denied create_refund"::equals)).hasSize(6);

            assertThat(Files.readString(Path.of("README.md")))
                    .contains(
                            "```\n" + text(output(host(policy, redis))).replace("2 per 24 h", "2 per 60 s") + "```\n");
        }
    }

    private static Process host(Path policy, RedisServer redis) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PlainHost.class.getName(),
                        policy.toString(),
                        "--redis",
                        redis.uri())
                .redirectErrorStream(true)
                .start();
    }

    private static String output(Process host) throws IOException {
        try (InputStream printed = host.getInputStream()) {
            return new String(printed.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            host.destroyForcibly();
        }
    }

    /** As long as it takes, the bucket fills up. */
    private static String text(String printed) {
        return printed.lines()
                .map(line -> line.replaceAll("in \\d+ (s|h|min)\\b.*\\.", "in 30 s.") + "\n")
                .collect(Collectors.joining());
    }

    @Test
    void itsPolicyHasNoMistakes() {
        assertThat(PolicyYaml.read(Path.of("policy.yaml")).diagnostics()).isEmpty();
    }
}
