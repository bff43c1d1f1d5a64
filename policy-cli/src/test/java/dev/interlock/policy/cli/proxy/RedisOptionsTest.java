package dev.interlock.policy.cli.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.cli.io.CliException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class RedisOptionsTest {

    @TempDir
    private Path directory;

    private final StringWriter err = new StringWriter();

    private RedisOptions.Limits open(String line) {
        RedisOptions options = new RedisOptions();
        new CommandLine(new Holder(options)).parseArgs(line.isEmpty() ? new String[0] : line.split(";", -1));
        return options.open(new PrintWriter(err, true));
    }

    @CommandLine.Command
    private record Holder(@CommandLine.Mixin RedisOptions options) {}

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--redis;redis://:s3cret pass@host             | --redis: the URI of a Redis can't be read",
                "--redis;redis://:s3cret/pass@host             | --redis: the URI of a Redis can't be read",
                "--redis;redis://user:s3cret#pass@host         | --redis: the URI of a Redis can't be read",
                "--redis;redis://s3cret?pass@host              | --redis: the URI of a Redis can't be read",
                "--redis;redis-sentinel://:s3cret#pass@a,b#m   | --redis: the URI of a Redis can't be read",
                "--redis;redis://:s3cret@                      | --redis: the URI of a Redis can't be read",
                "--redis;s3cret                                | --redis: the URI of a Redis can't be read",
                "--redis;redis://:s3cret@h;--redis-prefix;{a}  | a prefix must be 1 to 100 of A-Z",
                "--redis;redis://:s3cret@h;--redis-timeout;0   | the timeout must be at least 1 ms",
                "--redis-prefix;a                              | need --redis URI",
                "--redis-down;open                             | need --redis URI",
                "--redis-timeout;9                             | need --redis URI",
            })
    void whatMakesNoSenseIsSaidWithoutThePassword(String line, String said) {
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> open(line))
                .withMessageContaining(said)
                .withMessageNotContaining("s3cret");
    }

    private String file(String text, String permissions) throws IOException {
        Path file = Files.writeString(directory.resolve("redis"), text);
        assumeTrue(Files.getFileStore(file).supportsFileAttributeView("posix"));
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions))
                .toString();
    }

    @Test
    void theUriMayStandInAFileThatOnlyItsOwnerMayRead() throws IOException {
        String file = file("redis://:s3cret@127.0.0.1:1\n", "rw-------");
        try (RedisOptions.Limits limits = open("--redis-file;" + file)) {
            assertThat(limits.inRedis()).isNotNull();
        }
        assertThat(err.toString()).contains("Redis can't be asked yet").doesNotContain("s3cret");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://:s3cret@h    | rw-r----- | ''                       | others on this machine may read",
                "redis://:s3cret@h    | rw----r-- | ''                       | others on this machine may read",
                "redis://:s3cret@h    | rw------- | ;--redis;redis://h       | either --redis or --redis-file",
                "redis://:s3cret@     | rw------- | ''                       | the URI of a Redis can't be read",
                "' '                  | rw------- | ''                       | there is no URI in it",
            })
    void aFileThatMakesNoSenseIsRefusedWithoutThePassword(String text, String permissions, String more, String said)
            throws IOException {
        String file = file(text, permissions);
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> open("--redis-file;" + file + more))
                .withMessageContainingAll("--redis-file", said)
                .withMessageNotContaining("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ajar", "local", "local:", "local:x", "local:0", "local:1.5", "local:NaN", "Open"})
    void aModeThatIsNoneIsRefused(String mode) {
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> open("--redis-down;" + mode))
                .withMessageContaining(mode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"closed", "open", "local:1", "local:0.25"})
    void aModeIsReadAndARedisThatIsNotThereIsTold(String mode) {
        try (RedisOptions.Limits limits = open("--redis;redis://:s3cret@127.0.0.1:1;--redis-down;" + mode)) {
            assertThat(limits.inRedis()).isNotNull();
        }
        assertThat(err.toString())
                .contains("Redis can't be asked yet (Unable to connect to 127.0.0.1")
                .doesNotContain("s3cret");
    }

    @Test
    void withoutOneLimitsAreCountedInMemory() {
        try (RedisOptions.Limits limits = open("")) {
            assertThat(limits.inRedis()).isNull();
            assertThat(limits.limiter().blocks()).isFalse();
        }
    }
}
