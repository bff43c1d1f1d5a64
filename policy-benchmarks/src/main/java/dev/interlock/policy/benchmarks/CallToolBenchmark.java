package dev.interlock.policy.benchmarks;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A whole call of a tool through the SDK's client, with and without the policy in its way. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Thread)
public class CallToolBenchmark {

    /** What is between client and server: nothing, the pipes of a process, or HTTP on this machine. */
    @Param({"memory", "stdio", "http"})
    public String transport;

    private final PolicyEngine engine = Refunds.engine(Refunds.limitedPolicy());
    private final CallToolRequest[] requests = new CallToolRequest[Refunds.CALLS];
    private @Nullable LocalServer server;
    private McpSyncClient bare;
    private McpSyncClient guarded;
    private int next;

    /** Starts the servers and connects both clients. */
    @Setup
    public void setUp() throws Exception {
        if (transport.equals("http")) {
            server = LocalServer.start();
        }
        bare = client(connect());
        guarded = client(EnforcingClientTransport.builder(connect(), engine)
                .server("billing")
                .identity("support-bot")
                .build());
        for (int i = 0; i < requests.length; i++) {
            requests[i] = CallToolRequest.builder(Refunds.TOOL)
                    .arguments(Refunds.arguments(i))
                    .build();
        }
        if (Boolean.TRUE.equals(withPolicy().isError())
                || Boolean.TRUE.equals(without().isError())) {
            throw new IllegalStateException("the call fails");
        }
    }

    private static McpSyncClient client(McpClientTransport transport) {
        McpSyncClient client = McpClient.sync(transport).build();
        client.initialize();
        return client;
    }

    private McpClientTransport connect() {
        return switch (transport) {
            case "memory" -> new AnsweringTransport();
            case "stdio" ->
                new StdioClientTransport(
                        ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString())
                                .args("-cp", System.getProperty("java.class.path"), RefundServer.class.getName())
                                .build(),
                        McpJsonDefaults.getMapper());
            case "http" ->
                HttpClientStreamableHttpTransport.builder(server == null ? "" : server.url())
                        .build();
            default -> throw new IllegalArgumentException("no transport '" + transport + "'");
        };
    }

    /** Ends what was started. */
    @TearDown
    public void tearDown() throws Exception {
        guarded.close();
        bare.close();
        if (server != null) {
            server.close();
        }
    }

    private CallToolRequest next() {
        next = (next + 1) & (Refunds.CALLS - 1);
        return requests[next];
    }

    /** The call as it is without Interlock. */
    @Benchmark
    public CallToolResult without() {
        return bare.callTool(next());
    }

    /** The call under a policy of three conditions and a bucket. */
    @Benchmark
    public CallToolResult withPolicy() {
        return guarded.callTool(next());
    }
}
