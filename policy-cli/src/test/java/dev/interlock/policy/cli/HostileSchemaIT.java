package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pattern on which an engine that goes back takes longer than anyone waits, and a text that it is to match. */
class HostileSchemaIT {

    private static final String TOOLS = """
            {"tools":[{"name":"t","inputSchema":{"properties":{"a":{"pattern":"(a+)+\\\\1b"}}}}]}
            """;

    private static final String TEXT = "a".repeat(60);

    private static final String REFUSED = "the tool's input schema can't be used: it has a pattern";

    @TempDir
    private Path directory;

    private Interlock interlock;

    @BeforeEach
    void writeFiles() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", """
                        version: "1"
                        tools:
                          t: {rules: [{name: fits, validate: {schema: true}}]}
                        """).file("tools.json", TOOLS);
    }

    @Test
    void explainRefusesTheSchemaInsteadOfMatching() throws Exception {
        Result result = interlock.run(
                "explain", "policy.yaml", "--tools", "tools.json", "--tool", "t", "--args", "{\"a\":\"" + TEXT + "\"}");

        assertThat(result.out()).contains("DENIED by fits", REFUSED);
    }

    @Test
    void replayRefusesTheSchemaInsteadOfMatching() throws Exception {
        interlock.file("calls.jsonl", "{\"tool\":\"t\",\"args\":{\"a\":\"" + TEXT + "\"}}\n");

        Result result = interlock.run("replay", "policy.yaml", "calls.jsonl", "--tools", "tools.json");

        assertThat(result.out()).contains("\"allowed\":false", "\"rule\":\"fits\"", REFUSED);
    }

    @Test
    void testRefusesTheSchemaInsteadOfMatching() throws Exception {
        interlock.file("cases.yaml", """
                tools: [{name: t, inputSchema: {properties: {a: {pattern: '(a+)+\\1b'}}}}]
                cases:
                  - name: a pattern without end
                    calls:
                      - {tool: t, args: {a: %s}, expect: denied by fits}
                """.formatted(TEXT));

        Result result = interlock.run("test", "policy.yaml", "cases.yaml");

        assertThat(result.out()).contains("passed  a pattern without end");
    }

    @Test
    void schemasThatAreSoundAreStillChecked() throws Exception {
        interlock.file("tools.json", TOOLS.replace("(a+)+\\\\1b", "^a+$"));

        assertThat(interlock
                        .run(
                                "explain",
                                "policy.yaml",
                                "--tools",
                                "tools.json",
                                "--tool",
                                "t",
                                "--args",
                                "{\"a\":\"aaa\"}")
                        .out())
                .startsWith("ALLOWED");
        assertThat(interlock
                        .run(
                                "explain",
                                "policy.yaml",
                                "--tools",
                                "tools.json",
                                "--tool",
                                "t",
                                "--args",
                                "{\"a\":\"ab\"}")
                        .out())
                .contains("the arguments do not satisfy the tool's input schema");
    }
}
