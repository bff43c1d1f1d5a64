package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.cli.Interlock.Result;
import dev.interlock.policy.cli.server.JsonRpc;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How calls through the proxy end, as its audit log has it, and what its host hears of another policy. */
class CallsOnRecordIT {

    private static final String POLICY = """
            version: "1"
            default: allow
            tools:
              pay:
                rules: [{name: budget, spend: {daily: 100, from: args.amount, charge: success}}]
              ask:
                rules: [{name: a person, action: require_approval}]
            """;

    @TempDir
    private Path directory;

    private Interlock interlock;

    /** Has a card that is declined; dies in the middle of a call to {@code die}; never answers one of {@code hang}. */
    static final class Shop {
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            JsonRpc json = new JsonRpc();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                byte[] bytes = Interlock.utf8(line);
                if (json.read(bytes, 0, bytes.length) instanceof JsonRpc.Message message
                        && message.message() instanceof JSONRPCRequest request) {
                    answer(request);
                }
            }
        }

        private static void answer(JSONRPCRequest request) {
            String result = switch (request.method()) {
                case "initialize" ->
                    "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
                            + "\"serverInfo\":{\"name\":\"shop\",\"version\":\"1\"}}";
                case "tools/list" ->
                    "{\"tools\":[{\"name\":\"pay\",\"inputSchema\":{\"type\":\"object\"}},"
                            + "{\"name\":\"danger\",\"inputSchema\":{\"type\":\"object\"}}]}";
                case "tools/call" -> called(String.valueOf(((Map<?, ?>) request.params()).get("name")));
                default -> "{}";
            };
            if (!result.isEmpty()) {
                System.out.println("{\"jsonrpc\":\"2.0\",\"id\":"
                        + Value.freeze(request.id()).json() + ",\"result\":" + result + "}");
            }
        }

        private static String called(String tool) {
            switch (tool) {
                case "die" -> Runtime.getRuntime().halt(9);
                case "hang" -> System.err.println("hangs");
                default -> {
                    return "{\"content\":[{\"type\":\"text\",\"text\":\"card declined\"}],\"isError\":true}";
                }
            }
            return "";
        }
    }

    @BeforeEach
    void writePolicy() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", POLICY);
    }

    private static String[] proxy() {
        List<String> args = new ArrayList<>(List.of("proxy", "policy.yaml", "--audit", "audit.jsonl"));
        args.addAll(List.of("--audit-args", "args.amount", "--"));
        args.addAll(Interlock.java());
        args.add(Shop.class.getName());
        return args.toArray(String[]::new);
    }

    private static String call(int id, String tool, int amount) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{\"amount\":" + amount + "}}}\n";
    }

    private List<String> settlements() throws IOException {
        return Files.readAllLines(directory.resolve("audit.jsonl")).stream()
                .filter(line -> line.contains("\"event\":\"settlement\""))
                .map(line -> line.replaceAll(".*\"outcome\":\"(\\w+)\",\"tool\":\"(\\w+)\".*", "$2 $1"))
                .toList();
    }

    @Test
    void aResultThatSaysThatTheToolFailedIsAToolErrorInLogStatsTailAndReplayAndStaysCharged() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(answer(in, out, call(1, "pay", 60))).contains("card declined");
            assertThat(answer(in, out, call(2, "pay", 60))).contains("Limit of 100 per day reached");
        }
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

        assertThat(settlements()).containsExactly("pay tool_error");
        assertThat(interlock.run("audit", "stats", "audit.jsonl").out()).contains("ended: 1 tool_error\n");
        assertThat(interlock
                        .run("audit", "stats", "audit.jsonl", "--format", "json")
                        .out())
                .containsPattern("\"endings\"\\s*:\\s*\\{\\s*\"tool_error\"\\s*:\\s*1\\s*}");
        assertThat(interlock.run("audit", "tail", "audit.jsonl", "-n", "100").out())
                .contains("ended    pay  tool_error, after ");
        Result replayed = interlock.run("replay", "policy.yaml", "audit.jsonl");
        assertThat(replayed.err()).contains("2 calls: 1 allowed, 1 denied");
    }

    @Test
    void aCallWhoseServerDiesHasItsEndOnRecordOnce() throws Exception {
        Result result = interlock.runWith(call(1, "die", 1), proxy());

        assertThat(result.out()).contains("\"id\":1", "\"error\"");
        assertThat(settlements()).containsExactly("die unknown");
        assertThat(interlock.run("audit", "stats", "audit.jsonl").out()).contains("ended: 1 unknown\n");
        assertThat(interlock.run("audit", "verify", "audit.jsonl").code()).isZero();
    }

    @Test
    void aCallUnderWayWhenTheProxyIsEndedByASignalHasItsEndOnRecordOnce() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            in.write(Interlock.utf8(call(1, "hang", 1)));
            in.flush();
            assertThat(err.readLine()).isEqualTo("hangs");

            proxy.destroy();

            assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
        assertThat(settlements()).containsExactly("hang unknown");
        assertThat(interlock.run("audit", "verify", "audit.jsonl").code()).isZero();
    }

    @Test
    void aCallWhoseHttpServerBreaksOffOrEndsItsStreamWithoutAnAnswerHasItsEndOnRecordOnce() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/mcp", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (new String(body, StandardCharsets.UTF_8).contains("\"ends\"")) {
                exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
            } else if (exchange.getRequestMethod().equals("POST")) {
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, 100);
            } else {
                exchange.sendResponseHeaders(405, -1);
            }
            exchange.close();
        });
        server.start();
        try {
            Result result = interlock.runWith(
                    call(1, "breaks", 1) + call(2, "ends", 1),
                    "proxy",
                    "policy.yaml",
                    "--audit",
                    "audit.jsonl",
                    "--url",
                    "http://localhost:" + server.getAddress().getPort() + "/mcp");
            assertThat(result.code()).isZero();
        } finally {
            server.stop(0);
        }
        assertThat(settlements()).containsExactlyInAnyOrder("breaks unknown", "ends unknown");
    }

    @Test
    void aCallThatNoOneCanBeAskedAboutIsOnRecordAsDenied() throws Exception {
        Result result = interlock.runWith(call(1, "ask", 1), proxy());

        assertThat(result.out()).contains("[POLICY DENIED]", "No one could be asked.");
        assertThat(interlock.run("audit", "stats", "audit.jsonl").out())
                .contains("1 denied")
                .doesNotContain("asked")
                .doesNotContain("ended");
    }

    @Test
    void theHostHearsThatItsListHasChangedWhenAnotherPolicyIsTakenUpAndThatItMayWhenItInitializes() throws Exception {
        Process proxy = interlock.builder(proxy()).start();
        try (BufferedReader err = proxy.errorReader(StandardCharsets.UTF_8);
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8);
                OutputStream in = proxy.getOutputStream()) {
            assertThat(answer(
                            in,
                            out,
                            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\","
                                    + "\"params\":{\"protocolVersion\":"
                                    + "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\","
                                    + "\"version\":\"1\"}}}\n"))
                    .contains("\"capabilities\":{\"tools\":{\"listChanged\":true}}");
            assertThat(answer(in, out, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n"))
                    .contains("\"danger\"");

            interlock.file("policy.yaml", POLICY + "hide: [danger]\n");
            assertThat(err.readLine()).contains("policy.yaml was changed, and is in force");

            assertThat(out.readLine())
                    .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
            assertThat(answer(in, out, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n"))
                    .doesNotContain("\"danger\"");
        } finally {
            proxy.destroy();
        }
        assertThat(proxy.waitFor(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    private static String answer(OutputStream in, BufferedReader out, String line) throws IOException {
        in.write(Interlock.utf8(line));
        in.flush();
        return out.readLine();
    }
}
