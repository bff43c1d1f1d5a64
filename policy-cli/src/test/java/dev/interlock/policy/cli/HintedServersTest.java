package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that set one hint on all their tools, or none. */
class HintedServersTest {

    private static final String ALL_DESTRUCTIVE = "{\"readOnlyHint\": false, \"destructiveHint\": true}";

    @TempDir
    private Path directory;

    private CommandRun scan(String annotations, List<String> names, String... more) throws IOException {
        String tools = names.stream()
                .map(name -> "{\"name\": \"" + name + "\", \"inputSchema\": {\"type\": \"object\"}, \"annotations\": "
                        + annotations + "}")
                .collect(Collectors.joining(",", "{\"tools\": [", "]}"));
        Path file = Files.writeString(directory.resolve("tools.json"), tools);
        String[] args = new String[3 + more.length];
        args[0] = "scan";
        args[1] = "--tools";
        args[2] = file.toString();
        System.arraycopy(more, 0, args, 3, more.length);
        return CommandRun.of(args);
    }

    private static Verdict verdict(String policy, String tool) {
        Decision decision = PolicyEngine.builder(
                        PolicyYaml.read(policy, "starter").orThrow())
                .build()
                .decide(ToolCall.of(tool, Map.of()));
        return decision.verdict();
    }

    @Test
    void whereMostToolsAreHintedDestructiveReadersAreLimitedAndOthersAreForAPersonToDecide() throws IOException {
        String policy = scan(ALL_DESTRUCTIVE, List.of("search", "browser_hover", "delete_page"))
                .out();

        assertThat(verdict(policy, "search")).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(policy, "browser_hover")).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(verdict(policy, "delete_page")).isEqualTo(Verdict.DENIED);
        assertThat(policy)
                .contains(
                        "#   Not denied: verb 'search' is believed, and not its destructiveHint, which many servers set"
                                + " on all that isn't read-only.\n  search:")
                .contains(
                        "#   Not denied: only its destructiveHint says that it destroys, and 3 of the server's 3 tools"
                                + " have that; without it, it is rated execute (verb 'hover').");
    }

    @Test
    void theTableAndTheJsonSayWhyAHintIsDoubted() throws IOException {
        List<String> names = List.of("search", "browser_hover", "delete_page");

        assertThat(scan(ALL_DESTRUCTIVE, names, "--format", "table").out())
                .contains("verb 'search' is believed, and not its destructiveHint")
                .contains("3 of the server's 3 tools have that");
        assertThat(scan(ALL_DESTRUCTIVE, names, "--format", "json").out())
                .contains("\"doubt\":\"verb 'search' is believed, and not its destructiveHint", "\"doubt\":null");
    }

    @Test
    void aHintThatTellsToolsApartIsBelievedButAgainstAVerbThatReads() throws IOException {
        String tools = """
                {"tools": [
                  {"name": "frobnicate", "inputSchema": {"type": "object"}, "annotations": {"destructiveHint": true}},
                  {"name": "get_item", "inputSchema": {"type": "object"}, "annotations": {"destructiveHint": true}},
                  {"name": "list_items", "inputSchema": {"type": "object"}},
                  {"name": "read_items", "inputSchema": {"type": "object"}},
                  {"name": "create_item", "inputSchema": {"type": "object"}}]}
                """;
        Path file = Files.writeString(directory.resolve("tools.json"), tools);
        String policy = CommandRun.of("scan", "--tools", file.toString()).out();

        assertThat(verdict(policy, "frobnicate")).isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, "get_item")).isEqualTo(Verdict.ALLOWED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"readOnlyHint\": true}",
                "{\"readOnlyHint\": false}",
                "{\"readOnlyHint\": true, \"destructiveHint\": true}",
                "{\"destructiveHint\": true}",
                "{\"destructiveHint\": false}",
                "{\"openWorldHint\": true}",
                "{\"openWorldHint\": false}",
                "{\"idempotentHint\": true}",
                "{\"idempotentHint\": false}",
                "{\"destructiveHint\": \"yes\"}",
                "{}",
                "null",
            })
    void whateverHintStandsOnAllToolsWhatDeletesIsDeniedAndWhatReadsIsNot(String annotations) throws IOException {
        String policy = scan(annotations, List.of("search_pages", "get_page", "list_pages", "delete_page", "pay_bill"))
                .out();

        assertThat(PolicyYaml.read(policy, "starter").diagnostics()).isEmpty();
        for (String reader : List.of("search_pages", "get_page", "list_pages")) {
            assertThat(verdict(policy, reader)).as(reader).isEqualTo(Verdict.ALLOWED);
        }
        assertThat(verdict(policy, "delete_page")).isEqualTo(Verdict.DENIED);
        assertThat(verdict(policy, "pay_bill")).isEqualTo(Verdict.DENIED);
    }
}
