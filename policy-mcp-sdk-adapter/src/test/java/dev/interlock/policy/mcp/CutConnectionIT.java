package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import jakarta.servlet.http.HttpServlet;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The network between a client and a server breaks while a call runs, with a policy at both ends. */
class CutConnectionIT {

    /** What runs over HTTP and answers a call while it is open. */
    @SuppressWarnings("deprecation") // SSE is, and still spoken
    enum Http {
        STREAMABLE {
            @Override
            HttpServlet serve(GuardedServer server) {
                HttpServletStreamableServerTransportProvider provider =
                        HttpServletStreamableServerTransportProvider.builder().build();
                server.on(provider);
                return provider;
            }

            @Override
            McpClientTransport connect(String url) {
                return HttpClientStreamableHttpTransport.builder(url).build();
            }
        },
        SSE {
            @Override
            HttpServlet serve(GuardedServer server) {
                HttpServletSseServerTransportProvider provider = HttpServletSseServerTransportProvider.builder()
                        .messageEndpoint("/message")
                        .build();
                server.on(provider);
                return provider;
            }

            @Override
            McpClientTransport connect(String url) {
                return HttpClientSseClientTransport.builder(url).build();
            }
        };

        abstract HttpServlet serve(GuardedServer server);

        abstract McpClientTransport connect(String url);
    }

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void theClientCountsTheCallAsLostAndTheServerByHowItReallyEndsAndNeitherHoldsAnything(Http kind) throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().tool("wait", Policies.limit(10)).policy())
                .rateLimiter(limiter)
                .build();
        GuardedServer server = new GuardedServer();
        ExecutorService agent = Executors.newSingleThreadExecutor();
        try (HttpServer http = HttpServer.of(kind.serve(server), directory);
                Cable cable = new Cable(http.url())) {
            EnforcingClientTransport transport = EnforcingClientTransport.wrap(kind.connect(cable.url()), engine);
            McpSyncClient client = McpClient.sync(transport)
                    .requestTimeout(Await.PATIENCE)
                    .initializationTimeout(Await.PATIENCE)
                    .build();
            client.initialize();
            Future<?> call = agent.submit(() -> client.callTool(
                    CallToolRequest.builder("wait").arguments(Map.of()).build()));
            server.awaitWaiting();
            assertThat(limiter.settlements()).isEmpty();

            cable.cut();
            Await.until(() -> !limiter.settlements().isEmpty());
            Await.until(() -> transport.pendingRequests() == 0);
            assertThat(server.limiter.settlements()).isEmpty();
            call.cancel(true);
            client.close();
            server.release();
            Await.until(() -> server.inPlace.runningCalls() == 0);

            assertThat(limiter.settlements()).containsExactly(CallOutcome.UNKNOWN);
            assertThat(limiter.settledEachOnce()).isTrue();
            assertThat(server.limiter.settlements()).containsExactly(CallOutcome.SUCCEEDED);
        } finally {
            agent.shutdownNow();
            server.stop();
        }
    }
}
