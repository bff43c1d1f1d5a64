package dev.interlock.policy.cli.state;

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

class StateOptionsTest {

    @TempDir
    private Path directory;

    private final StringWriter err = new StringWriter();

    private OpenState open(String line) {
        StateOptions options = new StateOptions();
        new CommandLine(new Holder(options)).parseArgs(line.isEmpty() ? new String[0] : line.split(";", -1));
        return options.open(new PrintWriter(err, true)::println);
    }

    @CommandLine.Command
    private record Holder(@CommandLine.Mixin StateOptions options) {}

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--state;redis://:s3cret pass@host             | --state: the URI of a Redis can't be read",
                "--state;redis://:s3cret/pass@host             | --state: the URI of a Redis can't be read",
                "--state;redis://user:s3cret#pass@host         | --state: the URI of a Redis can't be read",
                "--state;redis://s3cret?pass@host              | --state: the URI of a Redis can't be read",
                "--state;redis-sentinel://:s3cret#pass@a,b#m   | --state: the URI of a Redis can't be read",
                "--state;redis://:s3cret@                      | --state: the URI of a Redis can't be read",
                "--state;postgres://u:s3cret@host               | --state: this must be none, a file, jdbc:",
                "--state;user:s3cret@host                       | --state: this must be none, a file, jdbc:",
                "--state;:s3cret@host                           | --state: this must be none, a file, jdbc:",
                "--state;jdbc:mysql://u:s3cret@host/db          | --state: this must be none, a file, jdbc:",
                "--state;jdbc:sqlite:s.db?password=s3cret       | --state: for SQLite, give the name of a file",
                "--state;none;--state-down;open                 | need --state STORE",
                "--state;redis://:s3cret@h;--state-prefix;{a}  | a prefix must be 1 to 100 of A-Z",
                "--state;redis://:s3cret@h;--state-timeout;0   | the timeout must be at least 1 ms",
                "--state-prefix;a                              | need --state STORE",
                "--state-down;open                             | need --state STORE",
                "--state-timeout;9                             | need --state STORE",
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
        try (OpenState state = open("--state-file;" + file)) {
            assertThat(state.lasts()).isTrue();
        }
        assertThat(err.toString()).contains("the store can't be asked yet").doesNotContain("s3cret");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://:s3cret@h    | rw-r----- | ''                       | others on this machine may read",
                "redis://:s3cret@h    | rw----r-- | ''                       | others on this machine may read",
                "redis://:s3cret@h    | rw------- | ;--state;redis://h       | either --state or --state-file",
                "redis://:s3cret@     | rw------- | ''                       | the URI of a Redis can't be read",
                "' '                  | rw------- | ''                       | there is no address in it",
            })
    void aFileThatMakesNoSenseIsRefusedWithoutThePassword(String text, String permissions, String more, String said)
            throws IOException {
        String file = file(text, permissions);
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> open("--state-file;" + file + more))
                .withMessageContainingAll("--state-file", said)
                .withMessageNotContaining("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ajar", "local", "local:", "local:x", "local:0", "local:1.5", "local:NaN", "Open"})
    void aModeThatIsNoneIsRefused(String mode) {
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> open("--state-down;" + mode))
                .withMessageContaining(mode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"closed", "open", "local:1", "local:0.25"})
    void aModeIsReadAndARedisThatIsNotThereIsTold(String mode) {
        try (OpenState state = open("--state;redis://:s3cret@127.0.0.1:1;--state-down;" + mode)) {
            assertThat(state.lasts()).isTrue();
        }
        assertThat(err.toString())
                .contains("the store can't be asked yet (Unable to connect to 127.0.0.1")
                .doesNotContain("s3cret");
    }

    @Test
    void withoutOneLimitsAreCountedInMemory() {
        try (OpenState state = open("")) {
            assertThat(state.lasts()).isFalse();
            assertThat(state.limiter().blocks()).isFalse();
        }
    }
}
