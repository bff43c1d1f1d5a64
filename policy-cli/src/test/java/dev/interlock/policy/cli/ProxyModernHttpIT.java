package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The proxy, and the commands that list tools, before a server of MCP 2026-07-28 over HTTP that checks all headers. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyModernHttpIT {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Interlock interlock;
    private StrictServer server;
    private Process proxy;
    private OutputStream in;
    private BufferedReader out;
    private int ids;

    /** Refuses a request whose headers don't say what its body says. */
    private static final class StrictServer implements AutoCloseable {

        private final HttpServer http;
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final List<String> seen = new CopyOnWriteArrayList<>();
        private final CountDownLatch cancelled = new CountDownLatch(1);
        private final List<String> rooms = new CopyOnWriteArrayList<>();
        private volatile String header = "Room";
        private volatile boolean turned;

        StrictServer() throws IOException {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            http.setExecutor(threads);
            http.createContext("/mcp", this::handle);
            http.start();
        }

        String url() {
            return "http://127.0.0.1:" + http.getAddress().getPort() + "/mcp";
        }

        /** How many calls named this room, whatever became of them. */
        long calls(String room) {
            return rooms.stream().filter(room::equals).count();
        }

        boolean hasSeen(String request) {
            return seen.contains(request);
        }

        private void handle(HttpExchange exchange) throws IOException {
            try (exchange) {
                JsonNode message = JSON.readTree(exchange.getRequestBody().readAllBytes());
                String method = message.path("method").asString("");
                JsonNode params = message.path("params");
                seen.add(method + " " + params.path("name").asString(""));
                Headers headers = exchange.getRequestHeaders();
                String version = params.path("_meta")
                        .path("io.modelcontextprotocol/protocolVersion")
                        .asString("");
                if (headers.containsKey("Mcp-Session-Id") || !method.equals(headers.getFirst("Mcp-Method"))) {
                    error(exchange, message, 400, -32020, "Header mismatch");
                } else if (!message.has("id")) {
                    exchange.sendResponseHeaders(202, -1);
                } else if (!version.equals("2026-07-28") || !version.equals(headers.getFirst("MCP-Protocol-Version"))) {
                    error(exchange, message, 400, -32022, "Unsupported protocol version");
                } else if (!decoded(headers.getFirst("Mcp-Name"))
                        .equals(params.path("name").asString(params.path("uri").asString("")))) {
                    error(exchange, message, 400, -32020, "Mcp-Name differs");
                } else if (method.equals("tools/call")) {
                    call(exchange, message, headers);
                } else {
                    other(exchange, message, method);
                }
            }
        }

        private static String decoded(@Nullable String value) {
            return value == null
                    ? ""
                    : value.startsWith("=?base64?")
                            ? new String(
                                    Base64.getDecoder().decode(value.substring(9, value.length() - 2)),
                                    StandardCharsets.UTF_8)
                            : value;
        }

        private void call(HttpExchange exchange, JsonNode message, Headers headers) throws IOException {
            String tool = message.path("params").path("name").asString();
            JsonNode arguments = message.path("params").path("arguments");
            rooms.add(arguments.path("room").asString(""));
            if (tool.equals("slow")) {
                exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
                untilGone(exchange.getResponseBody());
                cancelled.countDown();
            } else if (tool.equals("stubborn")
                    || (tool.equals("book") && !repeats(headers, header, arguments.path("room")))
                    || (tool.equals("turning") && !repeats(headers, turned ? "B" : "A", arguments.path("a")))) {
                error(exchange, message, 400, -32020, "a header differs");
            } else {
                json(exchange, message, 200, "\"result\":{\"resultType\":\"complete\",\"content\":[]}");
            }
        }

        private static boolean repeats(Headers headers, String name, JsonNode argument) {
            return decoded(headers.getFirst("Mcp-Param-" + name)).equals(argument.asString());
        }

        private static void untilGone(OutputStream body) {
            try {
                while (true) {
                    body.write(Interlock.utf8(": still there\n\n"));
                    body.flush();
                    Thread.sleep(20);
                }
            } catch (IOException e) {
                // The client is gone, which is how it cancels.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void other(HttpExchange exchange, JsonNode message, String method) throws IOException {
            switch (method) {
                case "server/discover" ->
                    json(
                            exchange,
                            message,
                            200,
                            "\"result\":{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],"
                                    + "\"capabilities\":{\"tools\":{}}}");
                case "tools/list" ->
                    json(
                            exchange,
                            message,
                            200,
                            "\"result\":{\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"public\",\"tools\":["
                                    + "{\"name\":\"book\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
                                    + "{\"room\":"
                                    + "{\"type\":\"string\",\"x-mcp-header\":\"" + header + "\"}}},"
                                    + "\"annotations\":{\"readOnlyHint\":true}},"
                                    + "{\"name\":\"broken\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"a\":"
                                    + "{\"type\":\"object\",\"x-mcp-header\":\"no name\"}}}},"
                                    + "{\"name\":\"turning\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
                                    + "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"" + (turned ? "B" : "A")
                                    + "\"}}},\"annotations\":{\"" + (turned ? "destructiveHint" : "readOnlyHint")
                                    + "\":true}},"
                                    + plain("slow") + "," + plain("stubborn") + "," + plain("wërk") + "]}");
                case "resources/read" ->
                    json(exchange, message, 200, "\"result\":{\"resultType\":\"complete\",\"contents\":[]}");
                default -> error(exchange, message, 404, -32601, "Method not found");
            }
        }

        private static String plain(String tool) {
            return "{\"name\":\"" + tool + "\",\"inputSchema\":{\"type\":\"object\"},"
                    + "\"annotations\":{\"readOnlyHint\":true}}";
        }

        private static void error(HttpExchange exchange, JsonNode message, int status, int code, String text)
                throws IOException {
            json(exchange, message, status, "\"error\":{\"code\":" + code + ",\"message\":\"" + text + "\"}");
        }

        private static void json(HttpExchange exchange, JsonNode message, int status, String end) throws IOException {
            byte[] answer = Interlock.utf8("{\"jsonrpc\":\"2.0\",\"id\":" + message.path("id") + "," + end + "}");
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
        }

        @Override
        public void close() {
            http.stop(0);
            threads.shutdownNow();
        }
    }

    @BeforeAll
    void startProxy(@TempDir Path directory) throws IOException {
        server = new StrictServer();
        interlock = new Interlock(directory).file("policy.yaml", """
                version: "1"
                default: allow
                categories:
                  destructive: {rules: [{action: deny}]}
                tools:
                  book:
                    rules:
                      - name: counted
                        conditions: [{path: args.room, op: eq, value: counted}]
                        rate_limit: 2/day
                """);
        proxy = interlock
                .builder("proxy", "policy.yaml", "--url", server.url())
                .redirectError(directory.resolve("err").toFile())
                .start();
        in = proxy.getOutputStream();
        out = proxy.inputReader(StandardCharsets.UTF_8);
    }

    @AfterAll
    void endProxy() {
        proxy.destroyForcibly();
        server.close();
    }

    private int say(String method, String members) throws IOException {
        in.write(Interlock.utf8("{\"jsonrpc\":\"2.0\",\"id\":" + ++ids + ",\"method\":\"" + method + "\",\"params\":{"
                + members + (members.isEmpty() ? "" : ",")
                + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                + "\"io.modelcontextprotocol/clientCapabilities\":{}}}}\n"));
        in.flush();
        return ids;
    }

    private JsonNode ask(String method, String members) throws IOException {
        int id = say(method, members);
        while (true) {
            JsonNode message = JSON.readTree(out.readLine());
            if (message.path("id").asInt(-1) == id) {
                return message;
            }
        }
    }

    @Test
    void headersSayWhatTheBodySays() throws Exception {
        assertThat(ask("server/discover", "").has("result")).isTrue();
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"7\"}")
                        .has("result"))
                .as("a tool that the host has not listed")
                .isTrue();
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"söven \"}")
                        .has("result"))
                .isTrue();
        assertThat(ask("tools/call", "\"name\":\"wërk\",\"arguments\":{}")
                        .path("result")
                        .toString())
                .contains("complete")
                .doesNotContain("isError");
        assertThat(ask("resources/read", "\"uri\":\"file:///ä b\"").has("result"))
                .isTrue();
    }

    @Test
    void aToolThatNoHeaderCanDescribeIsNotListed() throws Exception {
        assertThat(ask("tools/list", "").toString()).contains("book").doesNotContain("broken");
    }

    @Test
    void anErrorThatComesWithAStatusIsTheHostsToSee() throws Exception {
        assertThat(ask("nonsense/method", "").path("error").path("code").asInt())
                .isEqualTo(-32601);
        assertThat(ask("prompts/get", "\"name\":\"x\"").path("error").toString())
                .contains("-32601", "Method not found");
    }

    @Test
    void aCallWhoseHeadersTheServerNoLongerExpectsIsSentOnceMoreAndCountsOnce() throws Exception {
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"counted\"}")
                        .has("result"))
                .isTrue();
        server.header = "Hall";
        long before = server.calls("counted");
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"counted\"}")
                        .path("result")
                        .path("resultType")
                        .asString(""))
                .isEqualTo("complete");
        assertThat(server.calls("counted") - before).isEqualTo(2);
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"counted\"}")
                        .toString())
                .as("two of two")
                .contains("[POLICY DENIED]");
        server.header = "Room";
        assertThat(ask("tools/call", "\"name\":\"book\",\"arguments\":{\"room\":\"7\"}")
                        .has("result"))
                .isTrue();
    }

    @Test
    void aCallThatTheServerRefusesWhateverItsHeadersIsSentOnce() throws Exception {
        assertThat(ask("tools/call", "\"name\":\"stubborn\",\"arguments\":{}")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32020);
        assertThat(server.seen.stream().filter("tools/call stubborn"::equals)).hasSize(1);
    }

    @Test
    void aCallWhoseToolIsNotWhatItWasIsDecidedAgain() throws Exception {
        assertThat(ask("tools/call", "\"name\":\"turning\",\"arguments\":{\"a\":\"1\"}")
                        .has("result"))
                .isTrue();
        server.turned = true;
        assertThat(ask("tools/call", "\"name\":\"turning\",\"arguments\":{\"a\":\"1\"}")
                        .path("error")
                        .path("code")
                        .asInt())
                .as("it is destructive now")
                .isEqualTo(-32020);
        assertThat(server.seen.stream().filter("tools/call turning"::equals)).hasSize(2);
    }

    @Test
    void aCancelledCallEndsItsStream() throws Exception {
        int slow = say("tools/call", "\"name\":\"slow\",\"arguments\":{}");
        while (!server.hasSeen("tools/call slow")) {
            assertThat(ask("server/discover", "").has("result")).isTrue();
        }
        in.write(Interlock.utf8("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":"
                + slow + "}}\n"));
        in.flush();
        assertThat(server.cancelled.await(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        assertThat(ask("server/discover", "").has("result")).isTrue();
    }

    @Test
    void itsToolsAreScannedCheckedAndLocked() throws Exception {
        Interlock.Result scan =
                interlock.run("scan", "--url", server.url(), "--format", "json", "--lock", "tools.lock.json");
        assertThat(scan.err()).isEmpty();
        assertThat(scan.out()).contains("\"name\":\"book\"");
        assertThat(interlock.run("check", "policy.yaml", "--url", server.url()).code())
                .isZero();
        assertThat(interlock
                        .run("lock", "diff", "tools.lock.json", "--url", server.url())
                        .code())
                .isZero();
        assertThat(server.hasSeen("initialize ")).isFalse();
    }
}
