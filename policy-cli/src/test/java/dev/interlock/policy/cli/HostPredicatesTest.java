package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A policy that asks predicates of a host, where there is no host. */
class HostPredicatesTest {

    @TempDir
    private Path directory;

    @BeforeEach
    void writeFiles() throws IOException {
        write("policy.yaml", """
                version: "1"
                tools:
                  pay:
                    require:
                      - {path: args.iban, op: custom.iban}
                """);
        write("calls.jsonl", "{\"t\": 1767225600000, \"tool\": \"pay\", \"args\": {\"iban\": \"DE\"}}\n");
        write("tests.yaml", """
                cases:
                  - name: an IBAN
                    custom: {iban: true}
                    calls:
                      - {tool: pay, args: {iban: DE}, expect: allowed}
                      - {tool: pay, args: {iban: DE}, custom: {iban: false}, expect: denied}
                      - {tool: pay, args: {iban: DE}, custom: {}, expect: denied}
                  - name: one of which nothing is said
                    calls:
                      - {tool: pay, args: {iban: DE}, expect: denied}
                """);
        write("silent.yaml", """
                cases:
                  - name: n
                    calls:
                      - {tool: pay, args: {iban: DE}, expect: denied}
                """);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private String in(String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void explainTakesTheAnswerFromItsOption() {
        String[] call = {"explain", in("policy.yaml"), "--tool", "pay", "--args", "{\"iban\": \"DE\"}", "--custom"};

        assertThat(run(call, "iban=true").out()).contains("ALLOWED");
        CommandRun no = run(call, "iban=false");
        assertThat(no.code()).isZero();
        assertThat(no.out()).contains("DENIED").contains("args.iban must be accepted by custom.iban: false");
        assertThat(run(call, "iban=perhaps").code()).isEqualTo(2);
    }

    @Test
    void whatDecidesCallsRefusesThePolicyWithoutAnAnswer() {
        assertRefused(CommandRun.of("explain", in("policy.yaml"), "--tool", "pay"));
        assertRefused(CommandRun.of("explain", in("policy.yaml"), "--tool", "pay", "--custom", "bic=true"));
        assertRefused(replay("calls.jsonl"));
        assertRefused(CommandRun.of("test", in("policy.yaml"), in("silent.yaml")));
        assertRefused(CommandRun.of("proxy", in("policy.yaml"), "--", "no-such-server"));
    }

    private static void assertRefused(CommandRun run) {
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out() + run.err()).contains("asks custom.iban").contains("only a host can answer");
    }

    @Test
    void replayTakesOneAnswerForAllCalls() {
        assertThat(replay("calls.jsonl", "--custom", "iban=true").out()).contains("ALLOWED");
        assertThat(replay("calls.jsonl", "--custom", "iban=false").out()).contains("DENIED");
    }

    /** As text: the usual lines go past the command's own output, to that of this process. */
    private CommandRun replay(String calls, String... options) {
        List<String> words = new ArrayList<>(List.of("replay", in("policy.yaml"), in(calls), "--format", "text"));
        words.addAll(List.of(options));
        return CommandRun.of(words.toArray(String[]::new));
    }

    @Test
    void aLineOfARecordingSaysWhatTheyAnsweredThere() throws IOException {
        String call = "{\"tool\": \"pay\", \"args\": {\"iban\": \"DE\"}%s}\n";
        write(
                "said.jsonl",
                call.formatted(", \"custom\": {\"iban\": true}")
                        + call.formatted(", \"custom\": {\"iban\": false}")
                        + call.formatted(""));
        write("damaged.jsonl", call.formatted(", \"custom\": {\"iban\": \"yes\"}"));

        assertThat(verdicts(replay("said.jsonl"))).containsExactly("ALLOWED", "[condition]", "[predicate]");
        assertThat(verdicts(replay("said.jsonl", "--custom", "iban=true")))
                .containsExactly("ALLOWED", "[condition]", "ALLOWED");
        CommandRun damaged = replay("damaged.jsonl");
        assertThat(damaged.code()).isEqualTo(2);
        assertThat(damaged.err()).contains("what 'custom' says of 'iban' must be true or false");
    }

    private static List<String> verdicts(CommandRun replay) {
        return Pattern.compile("ALLOWED|\\[[a-z]+]")
                .matcher(replay.out())
                .results()
                .map(MatchResult::group)
                .toList();
    }

    @Test
    void aTestFileSaysWhatTheyAnswer() {
        CommandRun run = CommandRun.of("test", in("policy.yaml"), in("tests.yaml"));

        assertThat(run.out() + run.err()).contains("2 cases");
        assertThat(run.code()).isZero();
    }

    @Test
    void aTestFileSaysTrueOrFalse() throws IOException {
        write("tests.yaml", """
                cases:
                  - name: n
                    custom: {iban: maybe}
                    calls:
                      - {tool: pay, expect: denied}
                """);

        CommandRun run = CommandRun.of("test", in("policy.yaml"), in("tests.yaml"));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out() + run.err()).contains("the answer of custom.iban is not true or false");
    }

    @Test
    void whatDecidesNoCallsGoesOn() throws IOException {
        write("tools.json", """
                {"tools": [{"name": "pay", "inputSchema": {"type": "object", "properties": {"iban": {"type": "string"}},
                  "required": ["iban"]}}]}
                """);

        assertThat(CommandRun.of("validate", in("policy.yaml")).code()).isZero();
        CommandRun check = CommandRun.of("check", in("policy.yaml"), "--tools", in("tools.json"));
        assertThat(check.code()).as(check.out() + check.err()).isZero();
        assertThat(check.out()).doesNotContain("custom");
    }

    private static CommandRun run(String[] words, String last) {
        String[] all = Arrays.copyOf(words, words.length + 1);
        all[words.length] = last;
        return CommandRun.of(all);
    }
}
