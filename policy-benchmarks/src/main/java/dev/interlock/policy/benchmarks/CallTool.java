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
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.catalina.LifecycleException;
import org.jspecify.annotations.Nullable;

/**
 * A whole tool call through the SDK's client, with and without the policy in its path.
 *
 * <p>The policy adds only a small part of the time of such a call, less than the time varies from one second to the
 * next and from one JVM to another. So both are measured in one JVM, alternating call by call, each as often first as
 * second. They are compared by their medians, which a pause of the machine doesn't affect.
 */
final class CallTool implements AutoCloseable {

    /** In memory, with a rest before each call of about the length of a call over HTTP, so that the caches are cold. */
    static final String RESTED = "memory after a rest";

    /** What connects client and server: nothing, the pipes of a process, or HTTP on this machine. */
    static final List<String> TRANSPORTS = List.of("memory", RESTED, "stdio", "http");

    private static final long REST_NANOS = 500_000;

    private static final int MOST_SAMPLES = 4_000_000;

    /**
     * How long a call takes, in microseconds.
     *
     * @param without without Interlock
     * @param with with a policy of three conditions and a bucket
     */
    record Cost(double without, double with) {}

    private final String transport;
    private final PolicyEngine engine = Refunds.engine(Refunds.limitedPolicy());
    private final CallToolRequest[] requests = new CallToolRequest[Refunds.CALLS];
    private final @Nullable LocalServer server;
    private final McpSyncClient bare;
    private final McpSyncClient guarded;

    /** Starts the servers and connects both clients. */
    CallTool(String transport) throws LifecycleException, IOException {
        this.transport = transport;
        server = transport.equals("http") ? LocalServer.start() : null;
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
    }

    private static McpSyncClient client(McpClientTransport transport) {
        McpSyncClient client = McpClient.sync(transport).build();
        client.initialize();
        return client;
    }

    private McpClientTransport connect() {
        return switch (transport) {
            case "memory", RESTED -> new AnsweringTransport();
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

    /** Ends everything that was started. */
    @Override
    public void close() throws LifecycleException, IOException {
        guarded.close();
        bare.close();
        if (server != null) {
            server.close();
        }
    }

    /** Alternates calls for this long. */
    private Cost run(long millis) {
        long[] without = new long[1024];
        long[] with = new long[1024];
        int pairs = 0;
        long end = System.nanoTime() + millis * 1_000_000;
        do {
            if (pairs == without.length) {
                without = Arrays.copyOf(without, 2 * pairs);
                with = Arrays.copyOf(with, 2 * pairs);
            }
            CallToolRequest request = requests[pairs & (Refunds.CALLS - 1)];
            if ((pairs & 1) == 0) {
                without[pairs] = nanos(bare, request);
                with[pairs] = nanos(guarded, request);
            } else {
                with[pairs] = nanos(guarded, request);
                without[pairs] = nanos(bare, request);
            }
            pairs++;
        } while (pairs < MOST_SAMPLES && System.nanoTime() < end);
        return new Cost(median(without, pairs) / 1e3, median(with, pairs) / 1e3);
    }

    private long nanos(McpSyncClient client, CallToolRequest request) {
        if (transport.equals(RESTED)) {
            LockSupport.parkNanos(REST_NANOS);
        }
        long start = System.nanoTime();
        CallToolResult result = client.callTool(request);
        long nanos = System.nanoTime() - start;
        if (Boolean.TRUE.equals(result.isError())) {
            throw new IllegalStateException("the call fails");
        }
        return nanos;
    }

    private static double median(long[] values, int count) {
        Arrays.sort(values, 0, count);
        return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
    }

    /** Prints both times. The arguments: the transport, and how many milliseconds to warm up and to measure. */
    public static void main(String[] arguments) throws Exception {
        long warmUpMillis = Long.parseLong(arguments[1]);
        try (CallTool inMemory = new CallTool("memory")) {
            // A transport to another process makes too few calls for the compiler to finish optimizing.
            inMemory.run(warmUpMillis);
        }
        try (CallTool calls = new CallTool(arguments[0])) {
            calls.run(warmUpMillis);
            Cost cost = calls.run(Long.parseLong(arguments[2]));
            System.out.println(cost.without() + " " + cost.with());
        }
        System.exit(0);
    }
}
