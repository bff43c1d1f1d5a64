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
import org.junit.jupiter.api.BeforeEach;
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

    @BeforeEach
    void writePolicy() throws IOException {
        Files.writeString(directory.resolve("policy.yaml"), "version: \"1\"\n");
    }

    private final StringWriter err = new StringWriter();

    private OpenState open(String line) {
        StateOptions options = new StateOptions();
        new CommandLine(new Holder(options)).parseArgs(line.isEmpty() ? new String[0] : line.split(";", -1));
        return options.open(directory.resolve("policy.yaml").toString(), null, new PrintWriter(err, true)::println);
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
                "--state;none;--state-down;open                 | need a store, not none",
                "--state;none;--state-timeout;9                 | need a store, not none",
                "--state;none;--state-prefix;a                  | need a store, not none",
                "--state;jdbc:postgresql://u:s3cret@host/db     | a user and a password come after the database",
                "--state;redis://:s3cret@h;--state-prefix;{a}  | a prefix must be 1 to 100 of A-Z",
                "--state;redis://:s3cret@h;--state-timeout;0   | the timeout must be at least 1 ms",
                "--state-prefix;a                              | --state-prefix is for Redis",
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
    void withNoneLimitsAreCountedInMemory() {
        try (OpenState state = open("--state;none")) {
            assertThat(state.lasts()).isFalse();
            assertThat(state.store().rateLimiter().blocks()).isFalse();
        }
    }

    @Test
    void withoutOneTheProxiesOfAPolicyShareAFile() {
        try (OpenState state = open("")) {
            assertThat(state.lasts()).isTrue();
            assertThat(state.store().sessionMemory().blocks()).isTrue();
        }
        StateHome.Kept kept = StateHome.of(System.getenv())
                .of(directory.resolve("policy.yaml").toString(), null);
        assertThat(kept.file()).exists();
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw-rw----"})
    void aFileThatOthersCouldHaveWrittenOrReadIsRefused(String permissions) throws IOException {
        StateHome home = StateHome.of(System.getenv());
        StateHome.Kept kept = home.of(directory.resolve("policy.yaml").toString(), null);
        home.make(kept);
        Files.setPosixFilePermissions(kept.file(), PosixFilePermissions.fromString(permissions));
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> open(""))
                .withMessageContainingAll("that no one else may read or write", permissions, "--state none");
    }

    @Test
    void aLinkInThePlaceOfTheFileIsRefused() throws IOException {
        StateHome home = StateHome.of(System.getenv());
        StateHome.Kept kept = home.of(directory.resolve("policy.yaml").toString(), "linked");
        home.make(kept);
        Files.delete(kept.file());
        Files.createSymbolicLink(kept.file(), Files.writeString(directory.resolve("other"), ""));
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> home.make(kept))
                .withMessageContaining("must be a file of this user's");
    }

    @Test
    void aFileThatIsNoDatabaseIsRefused() throws IOException {
        Path file = Files.writeString(directory.resolve("notes.txt"), "These are notes. ".repeat(100));
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> open("--state;" + file))
                .withMessageContainingAll(file.toString(), "can't be opened");
    }
}
