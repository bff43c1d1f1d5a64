package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.server.JsonRpc;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Methods, notifications and embedded requests that pass the proxy, over the pipes of real processes. */
class ProxyMethodsIT {

    private static final String POLICY = """
            version: "1"
            methods:
              "resources/*": deny
              "elicitation/*": deny
              notifications/message: deny
              notifications/roots/list_changed: deny
            """;

    @TempDir
    private Path directory;

    /** Keeps every line, and answers a call in the way that its tool's name says. */
    static final class AskingServer {
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            JsonRpc json = new JsonRpc();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Files.writeString(Path.of(args[0]), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                byte[] bytes = Interlock.utf8(line);
                if (json.read(bytes, 0, bytes.length) instanceof JsonRpc.Message message
                        && message.message() instanceof JSONRPCRequest request) {
                    String end = line.contains("\"ask\"")
                            ? "\"result\":{\"resultType\":\"input_required\",\"inputRequests\":"
                                    + "{\"e\":{\"method\":\"elicitation/create\"}}}}"
                            : line.contains("\"url\"")
                                    ? "\"error\":{\"code\":-32042,\"message\":\"log in\"}}"
                                    : "\"result\":{\"content\":[]}}";
                    System.out.println("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
                    System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + request.id() + "," + end);
                }
            }
        }
    }

    private Result proxied(String... lines) throws Exception {
        return proxiedBy(POLICY, lines);
    }

    private Result proxiedBy(String policy, String... lines) throws Exception {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml", "--audit", "audit.jsonl", "--"));
        args.addAll(Interlock.java());
        args.add(AskingServer.class.getName());
        args.add("seen");
        Files.writeString(directory.resolve("seen"), "");
        return new Interlock(directory)
                .file("policy.yaml", policy)
                .runWith(String.join("\n", lines) + "\n", args.toArray(String[]::new));
    }

    private static String message(String id, String method, String params) {
        return "{\"jsonrpc\":\"2.0\"," + id + "\"method\":" + method + ",\"params\":" + params + "}";
    }

    @Test
    void whatIsDeniedOrInDisguisePassesInNeitherDirectionAndIsOnRecord() throws Exception {
        Result result = proxied(
                message("\"id\":1,", "\"Resources/Read\"", "{\"uri\":\"x\"}"),
                message("\"id\":2,", "\" resources/read\"", "{\"uri\":\"x\"}"),
                message("\"id\":3,", "\"tools/call\\u00a0\"", "{\"name\":\"wipe\"}"),
                message("\"id\":4,", "\"\\ufefftools/call\"", "{\"name\":\"wipe\"}"),
                message("\"id\":5,", "\"tools/call\\u0000\"", "{\"name\":\"wipe\"}"),
                message("\"id\":6,", "null", "{}"),
                message("\"id\":7,", "5", "{}"),
                message("\"id\":8,", "\"\"", "{}"),
                message("", "\"tools/call\\u2007\"", "{\"name\":\"wipe\"}"),
                message("", "\"notifications/roots/list_changed\"", "{}"),
                message("", "\"notifications/progress\"", "{}"),
                message("\"id\":9,", "\"tools/call\"", "{\"name\":\"plain\",\"arguments\":{}}"));

        assertThat(Files.readAllLines(directory.resolve("seen")))
                .hasSize(2)
                .anyMatch(line -> line.contains("notifications/progress"))
                .anyMatch(line -> line.contains("plain"));
        assertThat(result.out()).doesNotContain("notifications/message");
        assertThat(result.out().lines().filter(line -> line.contains("\"error\"")))
                .hasSize(8);
        assertThat(Files.readString(directory.resolve("audit.jsonl"))
                        .lines()
                        .filter(line ->
                                line.contains("\"event\":\"method\"") && line.contains("\"decision\":\"denied\"")))
                .hasSize(9);
    }

    @Test
    void whatAnAnswerAsksIsDecidedAndOnRecord() throws Exception {
        Result result = proxied(
                message("\"id\":1,", "\"tools/call\"", "{\"name\":\"ask\",\"arguments\":{}}"),
                message("\"id\":2,", "\"tools/call\"", "{\"name\":\"url\",\"arguments\":{}}"),
                message("\"id\":3,", "\"prompts/get\"", "{\"name\":\"ask\"}"));

        assertThat(result.out().lines())
                .hasSize(3)
                .noneMatch(line -> line.contains("inputRequests") || line.contains("-32042"))
                .anyMatch(line -> line.contains("\"id\":1") && line.contains("\"resultType\":\"complete\""))
                .anyMatch(line -> line.contains("\"id\":2") && line.contains("\"isError\":true"))
                .anyMatch(line -> line.contains("\"id\":3") && line.contains("\"error\""));
        assertThat(Files.readString(directory.resolve("audit.jsonl")).lines())
                .filteredOn(line -> line.contains("\"embedded\":true"))
                .hasSize(3);
        assertThat(new Interlock(directory).run("audit", "tail", "audit.jsonl").out())
                .contains("elicitation/create (within an answer)");
    }

    @Test
    void mapsOfMethodsAskAndCountAndWhatCannotWaitIsDenied() throws Exception {
        Result result = proxiedBy(
                """
                version: "1"
                methods:
                  prompts/get:
                    ask_if: [{path: params.name, op: eq, value: secret}]
                  notifications/progress:
                    ask_if: [{path: params.progress, op: exists, value: true}]
                  completion/complete:
                    limits: [{counter: n, window: 1h, max: 1, algorithm: sliding_window}]
                """,
                message("\"id\":1,", "\"prompts/get\"", "{\"name\":\"secret\"}"),
                message("\"id\":2,", "\"prompts/get\"", "{\"name\":\"open\"}"),
                message("", "\"notifications/progress\"", "{\"progress\":1}"),
                message("\"id\":3,", "\"completion/complete\"", "{}"),
                message("\"id\":4,", "\"completion/complete\"", "{}"));

        assertThat(Files.readAllLines(directory.resolve("seen")))
                .hasSize(2)
                .anyMatch(line -> line.contains("\"open\""))
                .anyMatch(line -> line.contains("completion/complete"));
        assertThat(result.out().lines())
                .anyMatch(line -> line.contains("\"id\":1,") && line.contains("needs a person's approval"))
                .anyMatch(line -> line.contains("\"id\":4,") && line.contains("Limit of 1"));
    }
}
