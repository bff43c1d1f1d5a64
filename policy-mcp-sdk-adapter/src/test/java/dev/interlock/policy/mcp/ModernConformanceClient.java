package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.modern.McpSchema;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpHttpRequestCustomizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the conformance suite's servers of MCP 2026-07-28 want of a client: it lists what they have, calls each tool,
 * reads each resource and gets each prompt. A scenario may say what is to be called.
 */
final class ModernConformanceClient {

    private final McpSyncClient client;

    private ModernConformanceClient(McpSyncClient client) {
        this.client = client;
    }

    /** Runs once. Its arguments are the guard and the URL of the server. It prints each call, and each that leaves. */
    public static void main(String[] args) throws IOException {
        HttpClientMcpTransport transport = HttpClientMcpTransport.builder(args[1])
                .requestCustomizer(McpHttpRequestCustomizer.fromSync(
                        (request, headers, context) -> ConformanceSuite.sending(request.body())))
                .build();
        ConformanceGuard guard = ConformanceGuard.valueOf(args[0]);
        McpClientTransport guarded =
                guard == ConformanceGuard.NONE ? transport : EnforcingModernTransport.wrap(transport, guard.engine());
        new ModernConformanceClient(McpClient.sync(guarded)
                        .clientInfo(McpSchema.Implementation.builder("conformance", "1")
                                .build())
                        .formElicitation(request -> ElicitResult.accept(Map.of("confirmed", true, "name", "Ada")))
                        .build())
                .run();
    }

    private void run() throws IOException {
        attempt("server/discover", client::discover);
        List<McpSchema.Tool> tools = new ArrayList<>();
        attempt("tools/list", () -> tools.addAll(client.listTools().list().tools()));
        for (Map<?, ?> call : wanted(tools)) {
            String name = String.valueOf(call.get("name"));
            ConformanceSuite.calling(name);
            attempt(
                    name,
                    () -> client.tool(name)
                            .arguments(arguments(call.get("arguments")))
                            .call());
        }
        attempt(
                "resources",
                () -> client.resources()
                        .list()
                        .resources()
                        .forEach(resource -> client.resource(resource.uri()).read()));
        attempt(
                "prompts",
                () -> client.prompts()
                        .list()
                        .prompts()
                        .forEach(prompt -> client.prompt(prompt.name()).get()));
    }

    /** The calls that the scenario asks for, or else one of each tool. */
    private static List<? extends Map<?, ?>> wanted(List<McpSchema.Tool> tools) throws IOException {
        String context = System.getenv("MCP_CONFORMANCE_CONTEXT");
        if (context != null) {
            Map<String, Object> read = McpJsonDefaults.getMapper().readValue(context, new TypeRef<>() {});
            if (read.get("toolCalls") instanceof List<?> calls) {
                return calls.stream().map(call -> (Map<?, ?>) call).toList();
            }
        }
        return tools.stream()
                .map(tool -> Map.of("name", tool.name(), "arguments", Map.of("a", 5, "b", 3)))
                .toList();
    }

    @SuppressWarnings("unchecked") // JSON, whose keys are strings
    private static Map<String, Object> arguments(Object arguments) {
        return (Map<String, Object>) arguments;
    }

    /** A scenario's server may refuse it on purpose. */
    private static void attempt(String what, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            System.out.println(what + " failed: " + e);
        }
    }
}
