package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolRequest;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.McpSchema.ToolAnnotations;
import io.modelcontextprotocol.modern.server.McpAsyncResponse;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.feature.McpAsyncTool;
import io.modelcontextprotocol.modern.server.feature.McpAsyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.McpChangeFeed;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import io.modelcontextprotocol.modern.server.transport.StdioMcpTransport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A server of the SDK's modern API. Its tool {@code report} says how often each other has run. */
final class ModernServer {

    /** How long clients may keep its lists, in milliseconds: longer than a guard lets them. */
    private static final long TTL = 3_600_000;

    private final Map<String, Integer> ran = new ConcurrentHashMap<>();
    private final Map<String, McpAsyncTool> tools = Collections.synchronizedMap(new LinkedHashMap<>());
    private final Sinks.Empty<Void> released = Sinks.empty();

    ModernServer() {
        add(tool("report", Map.of()).build(), request -> text(ran()));
        add(tool("copy", Map.of()).build(), this::done);
        add(tool("secret", Map.of()).build(), this::done);
        add(
                tool("tidy", Map.of())
                        .annotations(ToolAnnotations.builder()
                                .destructiveHint(true)
                                .readOnlyHint(false)
                                .build())
                        .build(),
                this::done);
        add(
                tool("route", Map.of("region", Map.of("type", "string", "x-mcp-header", "Region")))
                        .build(),
                this::done);
        add(tool("ask", Map.of()).build(), ModernServer::ask);
        add(
                tool("complain", Map.of()).build(),
                request -> CallToolResult.builder()
                        .addContent(TextContent.builder("it broke").build())
                        .isError(true)
                        .build());
        add(tool("refuse", Map.of()).build(), request -> {
            throw new McpException(-32050, "the tool refused");
        });
        tools.put("wait", McpAsyncTool.of(tool("wait", Map.of()).build(), (context, request) -> {
            ran.merge("wait", 1, Integer::sum);
            return released.asMono().then(Mono.just(McpAsyncResponse.<CallToolOutcome>result(text("released"))));
        }));
        tools.put(
                "stream",
                McpAsyncTool.of(
                        tool("stream", Map.of()).build(),
                        (context, request) -> Mono.just(McpAsyncResponse.streaming(client -> {
                            ran.merge("stream", 1, Integer::sum);
                            return client.progress(1, 2.0, "half")
                                    .then(Mono.fromCallable(() ->
                                            request.requestState() == null ? question("name", "s") : done(request)));
                        }))));
    }

    private interface Handler {
        CallToolOutcome call(CallToolRequest request);
    }

    private void add(Tool tool, Handler handler) {
        tools.put(
                tool.name(),
                McpAsyncTool.of(
                        tool,
                        (context, request) -> Mono.fromCallable(() -> {
                            if (!tool.name().equals("report")) {
                                ran.merge(tool.name(), 1, Integer::sum);
                            }
                            return McpAsyncResponse.result(handler.call(request));
                        })));
    }

    /** Has {@code route} repeat its argument in another header from now on. */
    void repeatIn(String header) {
        add(
                tool("route", Map.of("region", Map.of("type", "string", "x-mcp-header", header)))
                        .build(),
                this::done);
    }

    private static Tool.Builder tool(String name, Map<String, Object> properties) {
        return Tool.builder(name, Map.of("type", "object", "properties", properties));
    }

    private CallToolResult done(CallToolRequest request) {
        return text(request.name() + " " + request.arguments());
    }

    private static CallToolResult text(String text) {
        return CallToolResult.builder()
                .addContent(TextContent.builder(text).build())
                .build();
    }

    /** In two rounds. */
    private static CallToolOutcome ask(CallToolRequest request) {
        String state = request.requestState();
        if (state == null) {
            return question("name", "first");
        }
        return state.equals("first")
                ? question("age", "second")
                : text("asked " + request.inputResponses().keySet());
    }

    private static InputRequiredResult question(String key, String state) {
        return InputRequiredResult.builder()
                .elicit(
                        key,
                        ElicitFormRequest.builder(
                                        "Your " + key + "?",
                                        Map.of("type", "object", "properties", Map.of(key, Map.of("type", "string"))))
                                .build())
                .requestState(state)
                .build();
    }

    /** How often each tool has run. */
    String ran() {
        return new TreeMap<>(ran).toString();
    }

    /** Ends the calls to {@code wait}. */
    void release() {
        released.tryEmitEmpty();
    }

    McpServer server() {
        return McpServer.builder()
                .serverInfo(Implementation.builder("modern", "1").build())
                .feature(ToolsFeature.ofAsync(new Repository()))
                .subscriptions(new McpChangeFeed())
                .build();
    }

    /** Lists in pages of three. */
    private final class Repository implements McpAsyncToolRepository {

        @Override
        public Mono<ToolsPage> list(McpRequestContext context, String cursor) {
            List<Tool> all = new ArrayList<>(
                    tools.values().stream().map(McpAsyncTool::definition).toList());
            int from = cursor == null ? 0 : Integer.parseInt(cursor);
            int to = Math.min(all.size(), from + 3);
            return Mono.just(new ToolsPage(
                    all.subList(from, to), to < all.size() ? String.valueOf(to) : null, TTL, CacheScope.PUBLIC));
        }

        @Override
        public Mono<McpAsyncTool> find(McpRequestContext context, String name) {
            return Mono.justOrEmpty(tools.get(name));
        }
    }

    /** Serves on stdin and stdout until stdin ends. */
    public static void main(String... args) {
        new StdioMcpTransport(new ModernServer().server(), McpJsonDefaults.getMapper())
                .start()
                .block();
    }
}
