package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are not there, can't be read, or are something else than what is expected. */
class OperandsTest {

    private static final String POLICY = "version: \"1\"\ntools:\n  get_item: {}\n";

    @TempDir
    private Path directory;

    @BeforeEach
    void writeFiles() throws IOException {
        write("policy.yaml", POLICY);
        write("policy.json", "{\"version\": \"1\", \"tools\": {\"get_item\": {}}}");
        write("commented.yaml", "# what it is for\n\n" + POLICY);
        write("tests.yaml", "cases:\n  - name: n\n    calls:\n      - {tool: get_item, expect: allowed}\n");
        write("calls.jsonl", "{\"t\": 1767225600000, \"tool\": \"get_item\", \"args\": {}}\n");
        write("steps.jsonl", "{\"id\": 1, \"policy\": \"get_item: {}\", \"steps\": [{\"tool\": \"get_item\"}]}\n");
        write("audit.jsonl", "{\"seq\":1,\"prev\":\"00\",\"t\":\"1970-01-01T00:00:00Z\",\"event\":\"open\"}\n");
        write("tools.json", "{\"tools\": [{\"name\": \"get_item\", \"inputSchema\": {\"type\": \"object\"}}]}");
        write("lock.json", "{\n  \"version\": 1,\n  \"tools\": []\n}\n");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(Files.readAllBytes(directory.resolve("audit.jsonl")));
        }
        Files.write(directory.resolve("audit.jsonl.gz"), packed.toByteArray());
        Files.createDirectory(directory.resolve("dir"));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    /** A word with a dot, and {@code dir}, is a file's name. */
    private CommandRun run(String line) {
        return CommandRun.of(Arrays.stream(line.split(" "))
                .map(word -> word.contains(".") || word.equals("dir")
                        ? directory.resolve(word).toString()
                        : word)
                .toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"nope.yaml", "dir", "nope.yaml policy.yaml", "policy.yaml nope.yaml", "nope.yaml none.yaml"})
    void aPolicyThatCannotBeReadIsNeverWithoutProblems(String files) {
        CommandRun text = run("validate " + files);
        assertThat(text.code()).isEqualTo(2);
        assertThat(text.out()).contains("can't be read").doesNotContain("no problems");
        assertThat(text.err()).containsAnyOf("there is no such file", "it can't be read");

        CommandRun json = run("validate --format json " + files);
        assertThat(json.code()).isEqualTo(2);
        assertThat(json.out()).contains("\"valid\":false,\"failure\":").doesNotContain("\"unreadable\":0");
    }

    @Test
    void whatIsSaidOfTheOtherFilesStands() {
        assertThat(run("validate nope.yaml policy.yaml").out())
                .isEqualToIgnoringNewLines("2 files: 1 can't be read; 0 errors and 0 warnings in the other");
        assertThat(run("validate nope.yaml none.yaml").out()).isEqualToIgnoringNewLines("2 files: 2 can't be read");
    }

    @Test
    void aFileThatMayNotBeReadAndAnEmptyNameAreFailures() throws IOException {
        assertThat(CommandRun.of("validate", "").code()).isEqualTo(2);
        assertThat(CommandRun.of("validate", "").err()).contains("the name of a file is empty");
        Path secret = directory.resolve("secret.yaml");
        Files.writeString(secret, POLICY);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        // Root may read everything.
        if (!Files.isReadable(secret)) {
            assertThat(run("validate secret.yaml").err()).contains("no permission to read it");
            assertThat(run("validate secret.yaml").code()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"validate", "replay", "test", "test policy.yaml", "explain policy.yaml", "audit stats", "check"})
    void whoLeavesAnOperandOutIsShownHowTheCommandIsCalled(String line) {
        CommandRun run = run(line);

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("Missing required", "Usage: interlock " + line.replaceAll(" policy.yaml", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"policy.yaml", "commented.yaml", "policy.json"})
    void aPolicyAloneHasNoCallsToReplay(String policy) {
        CommandRun run = run("replay " + policy);

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .contains(policy + " is a policy, and no calls were given to replay", "interlock replay", "CALLS");
    }

    @Test
    void anAuditLogAloneHasNoPolicy() {
        assertThat(run("replay audit.jsonl").err()).contains("no policy was given", "interlock replay POLICY");
        assertThat(run("replay --against policy.yaml audit.jsonl").err()).contains("no policy was given");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    replay policy.yaml policy.json        | policy.json looks like a policy, but a recording of calls is expected
                    replay policy.yaml tests.yaml         | tests.yaml looks like a file of tests
                    replay policy.yaml audit.jsonl.gz     | audit.jsonl.gz looks like a compressed file
                    replay policy.yaml tools.json         | tools.json looks like a list of tools
                    replay tests.yaml                     | tests.yaml looks like a file of tests
                    replay calls.jsonl policy.yaml        | calls.jsonl looks like recorded calls, but a policy is expected
                    replay audit.jsonl policy.yaml        | audit.jsonl looks like an audit log, but a policy is expected
                    replay policy.yaml dir                | dir: it can't be read
                    test policy.yaml policy.json          | policy.json looks like a policy, but a file of tests is expected
                    test policy.yaml calls.jsonl          | calls.jsonl looks like recorded calls, but a file of tests is expected
                    test tests.yaml policy.yaml           | tests.yaml looks like a file of tests, but a policy is expected
                    explain calls.jsonl --tool get_item   | calls.jsonl looks like recorded calls, but a policy is expected
                    explain lock.json --tool get_item     | lock.json looks like a lock file, but a policy is expected
                    check tools.json --tools policy.yaml  | tools.json looks like a list of tools, but a policy is expected
                    check policy.yaml --tools policy.yaml | policy.yaml looks like a policy, but a list of tools is expected
                    scan --tools audit.jsonl              | audit.jsonl looks like an audit log, but a list of tools is expected
                    explain policy.yaml --tool t --tools calls.jsonl | calls.jsonl looks like recorded calls, but a list of tools
                    lock diff policy.yaml --tools tools.json | policy.yaml looks like a policy, but a lock file is expected
                    audit stats policy.yaml               | policy.yaml looks like a policy, but an audit log is expected
                    audit tail calls.jsonl                | calls.jsonl looks like recorded calls, but an audit log is expected
                    audit verify tests.yaml               | tests.yaml looks like a file of tests, but an audit log is expected
                    audit stats audit.jsonl.gz            | audit.jsonl.gz looks like a compressed file
                    validate audit.jsonl                  | audit.jsonl looks like an audit log, but a policy is expected
                    """)
    void whatIsGivenInPlaceOfSomethingElseIsNamedForWhatItIs(String line, String said) {
        CommandRun run = run(line);

        assertThat(run.code()).isPositive();
        assertThat(run.err()).contains(said.strip()).doesNotContain("this is not valid JSON", "\tat ");
    }

    @Test
    void whatIsWhatItShouldBePasses() {
        for (String line : List.of(
                "replay --format text policy.yaml calls.jsonl",
                "replay --format text steps.jsonl",
                "test policy.yaml tests.yaml",
                "check policy.json --tools tools.json",
                "lock diff lock.json --tools tools.json",
                "audit stats audit.jsonl")) {
            assertThat(run(line).err()).as(line).doesNotContain("looks like", "is a policy");
        }
    }

    @Test
    void whatIsWrongWithAPolicyIsShownWithoutCodesForColours() throws IOException {
        write("bad.yaml", "version: \"1\"\ntools: 5\n");

        CommandRun run = run("explain bad.yaml --tool t");

        assertThat(run.err()).contains("bad.yaml:2:8: error").doesNotContain("\\u001b");
        assertThat(run.err().getBytes(StandardCharsets.UTF_8)).doesNotContain((byte) 0x1B);
    }
}
