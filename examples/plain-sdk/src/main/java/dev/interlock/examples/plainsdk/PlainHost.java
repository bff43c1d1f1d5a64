package dev.interlock.examples.plainsdk;

import dev.interlock.examples.shop.ShopServer;
import dev.interlock.policy.Policy;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.redis.RedisStore;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A host on the MCP Java SDK. It makes the calls of an agent one after the other. */
public final class PlainHost {

    private PlainHost() {}

    /**
     * Takes the path of a policy, and {@code --redis URI} to share its limits with all hosts that use the same Redis.
     */
    public static void main(String... args) {
        Path policyFile = Path.of(args[0]);
        if (args.length == 1) {
            run(policyFile, InMemoryRateLimiter.create(), System.out);
        } else if (args.length == 3 && args[1].equals("--redis")) {
            try (RedisStore limits = RedisStore.server(args[2])
                    .prefix("plain-host")
                    .timeout(Duration.ofMinutes(1)) // the host is just starting, and no user waits for it
                    .build()) {
                run(policyFile, limits.rateLimiter(), System.out);
            }
        } else {
            throw new IllegalArgumentException("expected: POLICY [--redis URI]");
        }
    }

    static void run(Path policyFile, RateLimiter limits, PrintStream out) {
        // begin
        Policy policy = PolicyYaml.read(policyFile).orThrow();
        PolicyEngine engine = PolicyEngine.builder(policy)
                .rateLimiter(limits) // InMemoryRateLimiter.create(), or one in Redis for many hosts together
                .observer(event -> print(event, out))
                .build();

        EnforcingClientTransport guarded = EnforcingClientTransport.builder(shop(), engine)
                .server("shop")
                .identity("support-bot")
                .build();
        try (McpSyncClient client = McpClient.sync(guarded).build()) {
            client.initialize();
            guarded.selfTest(); // throws, should calls be able to leave undecided
            // end
            out.println("tools: " + names(client.listTools().tools()));
            call(client, out, "get_customer", Map.of("id", "c-1"));
            call(client, out, "create_refund", Map.of("customer", "c-1", "amount", 40));
            call(client, out, "create_refund", Map.of("customer", "c-1", "amount", 400));
            call(client, out, "create_refund", Map.of("customer", "c-1", "amount", 50));
            call(client, out, "create_refund", Map.of("customer", "c-1", "amount", 60));
            call(client, out, "delete_customer", Map.of("id", "c-1"));
            call(client, out, "get_customer", Map.of("id", "c-1"));
        }
    }

    private static void call(McpSyncClient client, PrintStream out, String tool, Map<String, Object> arguments) {
        CallToolResult result = client.callTool(
                CallToolRequest.builder(tool).arguments(arguments).build());
        out.println("  agent reads: " + ((TextContent) result.content().get(0)).text());
    }

    private static void print(AuditEvent event, PrintStream out) {
        if (event instanceof AuditEvent.Decided decided) {
            boolean readable = decided.decision().code() != Decision.Code.MALFORMED;
            out.println(
                    decided.outcome().text() + " " + (readable ? decided.call().tool() : "a call that can't be read"));
        }
    }

    private static List<String> names(List<Tool> tools) {
        return tools.stream().map(Tool::name).sorted().toList();
    }

    /** The server runs in a separate process, started from the same jars. */
    private static McpClientTransport shop() {
        return new StdioClientTransport(
                ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                .toString())
                        .args(
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                ShopServer.class.getName())
                        .build(),
                McpJsonDefaults.getMapper());
    }
}
