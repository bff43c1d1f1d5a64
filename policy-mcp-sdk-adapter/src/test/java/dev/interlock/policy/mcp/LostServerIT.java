package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.RecordingLimiter;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A server's process is killed while a call runs, and the client is not closed. */
class LostServerIT {

    private final List<AuditEvent> events = new CopyOnWriteArrayList<>();

    private List<CallOutcome> ends() {
        return events.stream()
                .filter(Settled.class::isInstance)
                .map(event -> ((Settled) event).outcome())
                .toList();
    }

    private static CallToolRequest hang() {
        return CallToolRequest.builder("hang").arguments(Map.of()).build();
    }

    @Test
    void aCallWhoseServersProcessIsKilledHasItsEndOnRecordOnceAndLaterCallsFailAtOnce() throws Exception {
        RecordingLimiter limiter = new RecordingLimiter();
        PolicyEngine engine = PolicyEngine.builder(
                        new Policies().tool("hang", Policies.limit(10)).policy())
                .rateLimiter(limiter)
                .audit(events::add)
                .build();
        ServerParameters java = ServerParameters.builder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TestServer.class.getName())
                .build();
        EnforcingClientTransport transport =
                EnforcingClientTransport.wrap(new StdioClientTransport(java, McpJsonDefaults.getMapper()), engine);
        Set<Long> before = children();
        ExecutorService agent = Executors.newSingleThreadExecutor();
        McpSyncClient client = McpClient.sync(transport)
                .requestTimeout(Await.PATIENCE)
                .initializationTimeout(Await.PATIENCE)
                .build();
        try {
            client.initialize();
            Future<?> unused = agent.submit(() -> client.callTool(hang()));
            Await.until(() -> transport.pendingRequests() == 1);

            ProcessHandle.current()
                    .children()
                    .filter(child -> !before.contains(child.pid()))
                    .forEach(ProcessHandle::destroyForcibly);
            Await.until(() -> !ends().isEmpty());

            assertThat(ends()).containsExactly(CallOutcome.UNKNOWN);
            assertThat(transport.pendingRequests()).isZero();
            assertThatThrownBy(() -> client.callTool(hang())).isInstanceOf(RuntimeException.class);
            client.close();
            assertThat(ends()).containsExactly(CallOutcome.UNKNOWN, CallOutcome.UNSENT);
            assertThat(limiter.settledEachOnce()).isTrue();
        } finally {
            agent.shutdownNow();
            client.close();
        }
    }

    private static Set<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }
}
