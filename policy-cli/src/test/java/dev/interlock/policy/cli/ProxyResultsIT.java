package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.server.JsonRpc;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the proxy passes on of what a server answers, and what a session has seen, over the pipes of real processes. */
@Timeout(180)
class ProxyResultsIT {

    private static final String POLICY = """
            version: "1"
            tools:
              read: {results: [{name: keys, redact: [{pattern: "SECRET-[0-9]+"}]}]}
              dump:
                results:
                  - name: no keys
                    deny_if: [{path: result.text, op: contains, value: SECRET}]
                    on_deny: It holds a key.
              break: {results: [{name: no errors, deny_if: [{path: result.is_error, op: eq, value: true}]}]}
              long: {results: [{name: short, max_bytes: 300, on_exceed: cut}]}
              browse: {marks: [untrusted]}
              send: {deny_if: [{path: session.untrusted, op: exists, value: true}]}
            methods:
              resources/read: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
            """;

    @TempDir
    private Path directory;

    private Interlock interlock;
    private Process proxy;
    private OutputStream in;
    private BufferedReader out;
    private final StringBuilder read = new StringBuilder();

    /** Keeps every line, and answers each request with what a tool's name says. */
    static final class KeyServer {
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            JsonRpc json = new JsonRpc();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Files.writeString(Path.of(args[0]), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                byte[] bytes = Interlock.utf8(line);
                if (json.read(bytes, 0, bytes.length) instanceof JsonRpc.Message message
                        && message.message() instanceof JSONRPCRequest request) {
                    System.out.println("{\"jsonrpc\":\"2.0\",\"id\":" + request.id() + "," + answer(request) + "}");
                }
            }
        }

        private static String answer(JSONRPCRequest request) {
            Object tool = request.params() instanceof Map<?, ?> params ? params.get("name") : null;
            if (tool == null) {
                return "\"result\":{\"contents\":[{\"uri\":\"x\",\"text\":\"it is SECRET-4\"}]}";
            }
            return switch (tool.toString()) {
                case "break" -> "\"error\":{\"code\":-32050,\"message\":\"SECRET-5\",\"data\":{\"key\":\"SECRET-6\"}}";
                case "long" -> text("x".repeat(1000) + "SECRET-7", "");
                default ->
                    text(
                            "the key is \\u0053ECRET-1, keep it",
                            ",\"structuredContent\":{\"keys\":[\"SECRET-2\",12.50]}");
            };
        }

        private static String text(String text, String more) {
            return "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"" + text + "\"}]" + more + "}";
        }
    }

    @BeforeEach
    void start() throws IOException {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml", "--audit", "audit.jsonl", "--"));
        args.addAll(Interlock.java());
        args.add(KeyServer.class.getName());
        args.add("seen");
        interlock = new Interlock(directory).file("policy.yaml", POLICY).file("seen", "");
        proxy = interlock
                .builder(args.toArray(String[]::new))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        in = proxy.getOutputStream();
        out = proxy.inputReader(StandardCharsets.UTF_8);
    }

    @AfterEach
    void end() {
        proxy.descendants().forEach(ProcessHandle::destroyForcibly);
        proxy.destroyForcibly();
    }

    private String call(int id, String tool) throws IOException {
        return ask(id, "tools/call", "{\"name\":\"" + tool + "\",\"arguments\":{}}");
    }

    private String ask(int id, String method, String params) throws IOException {
        in.write(Interlock.utf8(
                "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}\n"));
        in.flush();
        String line = out.readLine();
        read.append(line).append('\n');
        return line;
    }

    /** What has reached the server of the agent's; the proxy asks it for its tools, too. */
    private List<String> reached() throws IOException {
        return Files.readAllLines(directory.resolve("seen")).stream()
                .filter(line -> !line.contains("\"tools/list\""))
                .toList();
    }

    /** Everything that is on record once the proxy has ended. */
    private String record() throws Exception {
        in.close();
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(out.readLine()).isNull();
        assertThat(interlock.run("audit", "verify", "audit.jsonl").code()).isZero();
        return Files.readString(directory.resolve("audit.jsonl"));
    }

    @Test
    void notAByteOfWhatIsRedactedWithheldOrCutReachesTheAgentOrTheRecord() throws Exception {
        assertThat(call(1, "read")).contains("\"id\":1", "the key is [redacted]", "\"keys\":[\"[redacted]\",12.50]");
        assertThat(call(2, "dump")).contains("\"id\":2", "[RESULT WITHHELD] It holds a key.", "\"isError\":true");
        assertThat(call(3, "break")).contains("\"id\":3", "[RESULT WITHHELD] ", "\"isError\":true");
        assertThat(call(4, "long"))
                .contains("\"id\":4", "xxx", "[cut by the policy: ")
                .hasSizeLessThan(400);
        assertThat(ask(5, "resources/read", "{\"uri\":\"x\"}")).contains("\"id\":5", "it is [redacted]");

        String record = record();
        assertThat(read.toString()).doesNotContain("SECRET", "\\u0053");
        assertThat(record).doesNotContain("SECRET", "\\u0053");
        assertThat(record.lines().filter(line -> line.contains("\"event\":\"result\"")))
                .hasSize(4)
                .anyMatch(line -> line.contains("\"result\":\"redacted\"") && line.contains("\"redactions\""))
                .anyMatch(line -> line.contains("\"result\":\"withheld\"") && line.contains("\"rule\":\"no keys\""))
                .anyMatch(line -> line.contains("\"result\":\"withheld\"") && line.contains("\"rule\":\"no errors\""))
                .anyMatch(line -> line.contains("\"result\":\"cut\"") && line.contains("\"missingBytes\""));
        assertThat(reached()).hasSize(5);
    }

    @Test
    void whatAnAnswerHasMarkedDecidesTheNextCall() throws Exception {
        assertThat(call(1, "send")).contains("the key is");
        call(2, "browse");
        assertThat(call(3, "send")).contains("[POLICY DENIED] ", "\"isError\":true");

        assertThat(record().lines())
                .filteredOn(line -> line.contains("\"event\":\"marks\""))
                .hasSize(1)
                .allMatch(line -> line.contains("untrusted"));
        assertThat(reached()).hasSize(2);
    }
}
