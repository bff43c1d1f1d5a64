package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.BufferedReader;
import java.io.IOException;
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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A host and a server that have no version of MCP in common, with the proxy between them: each request ends, with an
 * error that says what is wrong, and so does a line on the standard error.
 */
@Timeout(300)
class ProxyErasIT {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"h\",\"version\":"
            + "\"1\"}}}";

    @TempDir
    private Path directory;

    private Interlock interlock;

    /** The SDK's server of earlier versions. It leaves calls unanswered that come before {@code initialize}. */
    static final class OlderServer {
        public static void main(String... args) {
            McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper()))
                    .serverInfo("older", "1")
                    .capabilities(
                            McpSchema.ServerCapabilities.builder().tools(false).build())
                    .toolCall(
                            McpSchema.Tool.builder("echo", Map.of("type", "object"))
                                    .build(),
                            (exchange, call) -> McpSchema.CallToolResult.builder()
                                    .addTextContent("echo ran")
                                    .build())
                    .build();
        }
    }

    @BeforeEach
    void writePolicy() throws IOException {
        interlock = new Interlock(directory).file("policy.yaml", "version: \"1\"\ndefault: allow\n");
    }

    private static String modern(int id, String method, String members) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + members
                + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                + "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    }

    private static HttpServer answering(int status, String type, String body) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/mcp", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                exchange.getResponseHeaders().set("Content-Type", type);
                exchange.sendResponseHeaders(status, body.length());
                exchange.getResponseBody().write(Interlock.utf8(body));
            }
        });
        server.start();
        return server;
    }

    private Interlock.Result through(HttpServer server, String request) throws IOException, InterruptedException {
        try {
            return interlock.runWith(
                    request + "\n",
                    "proxy",
                    "policy.yaml",
                    "--url",
                    "http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aLaterHostsRequestsToAnOlderServerEndOverStdio() throws Exception {
        List<String> words = new ArrayList<>(List.of("proxy", "policy.yaml", "--"));
        words.addAll(Interlock.java());
        words.add(OlderServer.class.getName());
        Path errors = directory.resolve("err");
        Process proxy = interlock
                .builder(words.toArray(String[]::new))
                .redirectError(errors.toFile())
                .start();
        try (OutputStream in = proxy.getOutputStream();
                BufferedReader out = proxy.inputReader(StandardCharsets.UTF_8)) {
            in.write(Interlock.utf8(modern(1, "tools/call", "\"name\":\"echo\",\"arguments\":{},") + "\n"));
            in.flush();
            JsonNode call = JSON.readTree(out.readLine());
            assertThat(call.path("id").asInt()).isEqualTo(1);
            assertThat(call.path("error").path("message").asString())
                    .contains("before 2026-07-28", "does not translate");

            in.write(Interlock.utf8(modern(2, "server/discover", "") + "\n"));
            in.flush();
            JsonNode discover = JSON.readTree(out.readLine());
            assertThat(discover.path("error").path("code").asInt())
                    .as("a host that speaks both goes by the server's own code")
                    .isEqualTo(-32601);
            assertThat(discover.path("error").path("message").asString()).contains("before 2026-07-28");
            proxy.getOutputStream().close();
            assertThat(proxy.waitFor(5, TimeUnit.MINUTES))
                    .as("the standard error is complete")
                    .isTrue();
        } finally {
            proxy.descendants().forEach(ProcessHandle::destroyForcibly);
            proxy.destroyForcibly();
        }
        assertThat(Files.readAllLines(errors))
                .filteredOn(line -> line.startsWith("interlock proxy: "))
                .singleElement()
                .asString()
                .contains("the server does not know 'server/discover'");
    }

    @Test
    void aLaterHostsRequestToAnOlderServerEndsOverHttp() throws Exception {
        Interlock.Result result = through(
                answering(400, "text/plain", "Bad Request: no valid session ID"), modern(1, "server/discover", ""));

        assertThat(result.out()).contains("\"id\":1", "\"error\"", "status 400", "before 2026-07-28");
        assertThat(result.err().lines()).singleElement().asString().contains("before 2026-07-28");
    }

    @Test
    void anOlderHostLearnsThatAServerOverHttpSpeaksOnlyTheLaterProtocol() throws Exception {
        Interlock.Result result = through(
                answering(
                        400,
                        "application/json",
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":\"Unsupported\","
                                + "\"data\":{\"supported\":[\"2026-07-28\"]}}}"),
                INITIALIZE);

        JsonNode error = JSON.readTree(result.out()).path("error");
        assertThat(error.path("code").asInt()).isEqualTo(-32022);
        assertThat(error.path("message").asString()).startsWith("Unsupported (").contains("does not translate");
        assertThat(error.path("data").path("supported").path(0).asString()).isEqualTo("2026-07-28");
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("the server refuses 'initialize'", "does not translate");
    }
}
