package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read(policy, "starter").orThrow())
                .build();
        ObjectValue schema = (ObjectValue) Value.freeze(Map.of("type", "object"));
        engine.tools().learn(null, List.of(ToolDefinition.named(name(tool)).withInputSchema(schema)));
        return engine.decide(ToolCall.of(name(tool), Map.of())).verdict();
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

    /** The tools of a server that drives a browser: 18 of 25 have the hint, all that do more than read. */
    private static final List<String> BROWSER_ACTS = List.of(
            "browser_click: Clicks on an element.",
            "browser_close: Closes the page.",
            "browser_drag: Drags one element onto another.",
            "browser_file_upload: Uploads files through the page's form.",
            "browser_handle_dialog: Answers a dialog.",
            "browser_hover: Moves the pointer over an element.",
            "browser_install: Installs the browser that is configured.",
            "browser_navigate: Opens an address.",
            "browser_navigate_back: Goes back to the page before.",
            "browser_navigate_forward: Goes on to the next page.",
            "browser_pdf_save: Saves the page as a PDF.",
            "browser_press_key: Presses a key.",
            "browser_resize: Resizes the window.",
            "browser_select_option: Selects an option of a list.",
            "browser_tab_close: Closes a tab.",
            "browser_tab_new: Opens a tab.",
            "browser_tab_select: Selects a tab by its number.",
            "browser_type: Types text into an element.");

    private static final List<String> BROWSER_READS = List.of(
            "browser_console_messages: Returns all messages of the console.",
            "browser_generate_playwright_test: Generates a test from the recorded steps.",
            "browser_network_requests: Returns all requests since the page was loaded.",
            "browser_snapshot: Captures what the page shows to screen readers.",
            "browser_tab_list: Lists the tabs.",
            "browser_take_screenshot: Takes a picture of the page.",
            "browser_wait_for: Waits until a text appears.");

    /** The tools of a server for notes and tables: 12 of 24 have the hint, the searches among them. */
    private static final List<String> NOTES_READ = List.of(
            "API-get-user",
            "API-get-users",
            "API-get-self",
            "API-get-block-children",
            "API-retrieve-a-block",
            "API-retrieve-a-page",
            "API-retrieve-a-page-property",
            "API-retrieve-a-comment",
            "API-retrieve-a-database",
            "API-retrieve-a-data-source",
            "API-list-data-source-templates",
            "API-list-comments");

    private static final List<String> NOTES_SEARCH = List.of("API-post-search", "API-query-data-source");

    private static final List<String> NOTES_CHANGE = List.of(
            "API-patch-block-children",
            "API-update-a-block",
            "API-patch-page",
            "API-post-page",
            "API-create-a-comment",
            "API-update-a-data-source",
            "API-create-a-data-source",
            "API-move-page",
            "API-create-a-database");

    private static final String READ_ONLY = "{\"readOnlyHint\": true}";

    /** The starter policy for tools, given as a name or as a name and a description, by their annotations. */
    private String starter(Map<String, List<String>> toolsByHint) throws IOException {
        String tools = toolsByHint.entrySet().stream()
                .flatMap(hint -> hint.getValue().stream().map(tool -> """
                                {"name": "%s", "description": "%s", "inputSchema": {"type": "object"}, "annotations": %s}
                                """.formatted(
                        name(tool), tool.substring(name(tool).length()).replaceFirst("^: ", ""), hint.getKey())))
                .collect(Collectors.joining(",", "{\"tools\": [", "]}"));
        Path file = Files.writeString(directory.resolve("server.json"), tools);
        return CommandRun.of("scan", "--tools", file.toString()).out();
    }

    private static String name(String tool) {
        return tool.split(": ", 2)[0];
    }

    private static List<String> all(List<String> some, List<String> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    @Test
    void noToolOfABrowserIsDenied() throws IOException {
        String policy = starter(Map.of(READ_ONLY, BROWSER_READS, ALL_DESTRUCTIVE, BROWSER_ACTS));

        for (String tool : BROWSER_READS) {
            assertThat(verdict(policy, tool)).as(tool).isEqualTo(Verdict.ALLOWED);
        }
        for (String tool : BROWSER_ACTS) {
            assertThat(verdict(policy, tool)).as(tool).isNotEqualTo(Verdict.DENIED);
        }
        assertThat(policy).contains("18 of the server's 25 tools have that").doesNotContain("- action: deny");
    }

    @Test
    void aBrowserWhoseReadingToolsHaveTheHintIsUsableToo() throws IOException {
        String policy = starter(Map.of(ALL_DESTRUCTIVE, all(BROWSER_READS, BROWSER_ACTS)));

        for (String tool : all(BROWSER_READS, BROWSER_ACTS)) {
            assertThat(verdict(policy, tool)).as(tool).isNotEqualTo(Verdict.DENIED);
        }
    }

    @Test
    void theSearchesOfNotesAreNotDeniedAndTheDeletionIs() throws IOException {
        List<String> hinted = all(all(NOTES_SEARCH, NOTES_CHANGE), List.of("API-delete-a-block"));
        assertThat(hinted).hasSize(12);
        assertThat(NOTES_READ).hasSize(12);
        String policy = starter(Map.of(READ_ONLY, NOTES_READ, ALL_DESTRUCTIVE, hinted));

        for (String tool : NOTES_READ) {
            assertThat(verdict(policy, tool)).as(tool).isEqualTo(Verdict.ALLOWED);
        }
        for (String tool : all(NOTES_SEARCH, NOTES_CHANGE)) {
            assertThat(verdict(policy, tool)).as(tool).isNotEqualTo(Verdict.DENIED);
            assertThat(comment(policy, tool)).as(tool).containsPattern("Not denied: .*destructiveHint");
        }
        assertThat(verdict(policy, "API-delete-a-block")).isEqualTo(Verdict.DENIED);
    }

    /** What the policy says of a tool above its key. */
    private static String comment(String policy, String tool) {
        int begin = policy.indexOf("  # " + tool + ": ");
        assertThat(begin).as(tool).isNotNegative();
        return policy.substring(begin, policy.indexOf("\n    rules:", begin));
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
