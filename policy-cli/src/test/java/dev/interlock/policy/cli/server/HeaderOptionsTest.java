package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.cli.CommandRun;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.server.HeaderOptions.Header;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class HeaderOptionsTest {

    private static final String SECRET = "s3cr3t";

    private static final String REFUSED = "Authorization=Bearer s3cr3t\u0001";

    @TempDir
    private Path directory;

    @CommandLine.Command
    private record Holder(@CommandLine.Mixin HeaderOptions options) {}

    private static List<Header> read(String... words) {
        HeaderOptions options = new HeaderOptions();
        new CommandLine(new Holder(options)).parseArgs(words);
        return options.read();
    }

    private String file(String text, String permissions) throws IOException {
        Path file = Files.writeString(directory.resolve("headers.txt"), text);
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        }
        return file.toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "Authorization: Bearer s3cr3t   | Authorization | Bearer s3cr3t",
                "Authorization:Bearer s3cr3t=   | Authorization | Bearer s3cr3t=",
                "Authorization=Bearer s3cr3t:a= | Authorization | Bearer s3cr3t:a=",
                "X-Empty:                       | X-Empty       | \"\"",
                "X-Time: 10:30=noon             | X-Time        | 10:30=noon",
            })
    void aHeaderEndsItsNameWithTheFirstColonOrEqualsSign(String text, String name, String value) {
        assertThat(read("--header", text)).containsExactly(new Header(name, value));
    }

    static Stream<String> noHeaders() {
        return Stream.of(
                "s3cr3t",
                ":s3cr3t",
                "=s3cr3t",
                "two words: s3cr3t",
                "s3cr3t\u00e9: a",
                "",
                REFUSED,
                "A: s3cr3t\nB: c",
                "A: s3cr3t\r\nB: c",
                "A: s3cr3t\n",
                "A: s3cr3t\u0000",
                "A: s3cr3t\u007f",
                "A: s3cr3t\u0085",
                "A: s3cr3t\u2028",
                "A: s3cr3t\u00e9",
                "Host: s3cr3t",
                "content-length: s3cr3t",
                "Mcp-Session-Id: s3cr3t",
                "MCP-Protocol-Version: s3cr3t",
                "Transfer-Encoding: s3cr3t");
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("noHeaders")
    void whatIsNoHeaderIsRefusedAndNothingOfItIsQuoted(String text) throws IOException {
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header", text))
                .withMessageStartingWith("--header: ")
                .withMessageNotContaining(SECRET)
                .withNoCause();
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header", "X-Fine: yes", "--header", text))
                .withMessageStartingWith("--header number 2: ")
                .withMessageNotContaining(SECRET);
        if (!text.isBlank() && !text.contains("\n")) {
            String file = file("X-Fine: yes\n\n" + text + "\n", "rw-------");
            assertThatExceptionOfType(CliException.class)
                    .isThrownBy(() -> read("--header-file", file))
                    .withMessageStartingWith("--header-file " + file + ", line 3: ")
                    .withMessageNotContaining(SECRET);
        }
    }

    @Test
    void aHeaderThatIsGivenTwiceIsRefusedWithoutBeingQuoted() {
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header", "s3cr3t=a", "--header", "S3CR3T: b"))
                .withMessageContaining("twice")
                .withMessageNotContainingAny(SECRET, "S3CR3T");
    }

    @Test
    void aValueIsReadFromTheEnvironment() {
        String name = System.getenv().entrySet().stream()
                .filter(variable -> variable.getValue().matches("[!-~]+"))
                .findFirst()
                .orElseThrow()
                .getKey();
        assertThat(read("--header-env", "X-Key:" + name)).containsExactly(new Header("X-Key", System.getenv(name)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3cr3t", "Authorization: Bearer s3cr3t", "Authorization:s3cr3t", "X-Key:"})
    void aVariableThatIsNoneIsNotQuotedSinceItMayBeAValue(String text) {
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header-env", text))
                .withMessageStartingWith("--header-env: ")
                .withMessageNotContaining(SECRET);
    }

    @Test
    void aFileHasAHeaderOnEachLine() throws IOException {
        String file = file("Authorization: Bearer s3cr3t=\r\n\nX-Key: k\n", "r--------");

        assertThat(read("--header-file", file))
                .containsExactly(new Header("Authorization", "Bearer s3cr3t="), new Header("X-Key", "k"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-"})
    void aFileThatOthersMayReadOrWriteIsRefused(String permissions) throws IOException {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
        String file = file("Authorization: Bearer s3cr3t\n", permissions);

        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header-file", file))
                .withMessageContainingAll("--header-file " + file, "others", "chmod 600")
                .withMessageNotContaining(SECRET);
    }

    @Test
    void aPipeInPlaceOfAFileIsRefusedAndNotWaitedFor() throws Exception {
        Path pipe = directory.resolve("pipe");
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> read("--header-file", pipe.toString()))
                .withMessageContainingAll("--header-file " + pipe, "it is not a regular file");
    }

    @Test
    void aHeaderDoesNotTellItsValue() {
        assertThat(Arrays.asList(new Header("A", SECRET)).toString()).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy", "scan", "check", "lock accept", "lock diff"})
    void everyCommandThatTakesHeadersKeepsThemToItself(String command) throws IOException {
        String policy = Files.writeString(directory.resolve("p.yaml"), "version: \"1\"\n")
                .toString();
        String lock = Files.writeString(directory.resolve("l.json"), "{\"version\": 1, \"tools\": []}\n")
                .toString();
        List<String> words = Stream.concat(
                        Arrays.stream(command.split(" ")),
                        switch (command) {
                            case "scan" -> Stream.<String>of();
                            case "proxy", "check" -> Stream.of(policy);
                            case "lock accept" -> Stream.of(lock, "--all");
                            default -> Stream.of(lock);
                        })
                .toList();
        for (List<String> more : List.of(
                List.of("--url", "http://127.0.0.1:1/", "--header", REFUSED),
                List.of("--url", "http://127.0.0.1:1/", "--header", SECRET),
                List.of("--url", "http://u:" + SECRET + "@127.0.0.1:x/"),
                List.of("--url", "http://u:" + SECRET + "@/ /"),
                List.of("--url", "http://127.0.0.1:1/", "--headers", "A: " + SECRET),
                List.of("--url", "http://127.0.0.1:1/", "--headers=A: " + SECRET),
                List.of("--url", "http://127.0.0.1:1/", "--header-fil=" + SECRET),
                List.of("--header", "A: " + SECRET, "--", "true"))) {
            CommandRun run =
                    CommandRun.of(Stream.concat(words.stream(), more.stream()).toArray(String[]::new));
            assertThat(run.code()).as(more.toString()).isEqualTo(2);
            assertThat(run.out() + run.err()).doesNotContain(SECRET).contains("interlock " + command);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy", "scan", "check"})
    void helpSaysWhichWayIsSafe(String command) {
        assertThat(CommandRun.of(command, "--help").out().replaceAll("\\s+", " "))
                .contains("--header-file")
                .contains("a token is safe in --header-file");
    }
}
