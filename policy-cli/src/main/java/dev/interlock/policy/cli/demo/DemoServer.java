package dev.interlock.policy.cli.demo;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * An MCP server with the tools of AWS HealthImaging and nothing behind them. It counts the calls that reach it, and
 * returns the count when {@link #CALLS} is read. That is a resource, since one more tool would make it a different
 * server.
 */
final class DemoServer {

    /** The resource with the count of calls: a JSON object with the number of calls by tool. */
    static final String CALLS = "demo://calls";

    private final McpJsonMapper json = McpJsonDefaults.getMapper();
    private final Map<String, Integer> calls = new ConcurrentHashMap<>();

    /** Serves until {@code in} ends. */
    void serve(InputStream in, OutputStream out) throws IOException, InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        StdioServerTransportProvider stdio = new StdioServerTransportProvider(json, new Watched(in, ended), out);
        var server = McpServer.sync(stdio)
                .serverInfo("healthimaging-demo", "1")
                .capabilities(ServerCapabilities.builder()
                        .tools(false)
                        .resources(false, false)
                        .build())
                // Loading a validator takes longer than starting the rest of the server.
                .validateToolInputs(false)
                .jsonSchemaValidator(Unvalidated.INSTANCE)
                .immediateExecution(true)
                .resources(new SyncResourceSpecification(
                        Resource.builder(CALLS, "calls").build(), this::counts));
        for (Tool tool : tools()) {
            server.toolCall(tool, this::call);
        }
        server.build();
        ended.await();
    }

    private List<Tool> tools() throws IOException {
        List<Tool> tools = new ArrayList<>();
        try (InputStream resource = DemoServer.class.getResourceAsStream("aws-healthimaging-tools.json")) {
            byte[] text = Objects.requireNonNull(resource, "the list of tools is not in the jar")
                    .readAllBytes();
            Map<String, List<Map<String, Object>>> document = json.readValue(text, new TypeRef<>() {});
            for (Map<String, Object> tool : document.getOrDefault("tools", List.of())) {
                @SuppressWarnings("unchecked")
                Map<String, Object> schema = (Map<String, Object>) tool.get("inputSchema");
                tools.add(Tool.builder((String) tool.get("name"), schema)
                        .description((String) tool.get("description"))
                        .build());
            }
        }
        return tools;
    }

    private CallToolResult call(McpSyncServerExchange exchange, CallToolRequest request) {
        int number = calls.merge(request.name(), 1, Integer::sum);
        Map<String, Object> arguments = request.arguments() == null ? Map.of() : request.arguments();
        return CallToolResult.builder()
                .addTextContent(write(CannedAnswers.to(request.name(), arguments, number)))
                .build();
    }

    private ReadResourceResult counts(McpSyncServerExchange exchange, ReadResourceRequest request) {
        return ReadResourceResult.builder(List.of(TextResourceContents.builder(CALLS, write(calls))
                        .mimeType("application/json")
                        .build()))
                .build();
    }

    private String write(Object value) {
        try {
            return json.writeValueAsString(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reports when a stream has ended; the SDK's transport doesn't. */
    private static final class Watched extends FilterInputStream {

        private final CountDownLatch ended;

        Watched(InputStream in, CountDownLatch ended) {
            super(in);
            this.ended = ended;
        }

        @Override
        public int read() throws IOException {
            return noting(super.read());
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            return noting(super.read(to, offset, length));
        }

        private int noting(int answer) {
            if (answer == -1) {
                ended.countDown();
            }
            return answer;
        }
    }
}
