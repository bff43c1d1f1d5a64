package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.BreakingServer;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.exception.ToolExecutionException;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.transport.http.HttpMcpTransport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's transport for SSE sends a message again over a new connection when one that it has kept breaks. */
@Timeout(120)
@SuppressWarnings({"deprecation", "removal"}) // SSE is, and still spoken
class SentAgainTest {

    private static final String POLICY = """
            version: "1"
            tools:
              pay:
                rules:
                  - {name: one a month, rate_limit: {max: 1, window: 30d, algorithm: sliding_window}}
                  - {name: ask, action: require_approval}
            """;

    private final List<CallOutcome> settlements = new CopyOnWriteArrayList<>();
    private final ApprovalTickets tickets = ApprovalTickets.create();

    private final PolicyEngine engine = PolicyEngine.builder(
                    PolicyYaml.read(POLICY, "test").orThrow())
            .approvals(tickets)
            .audit(event -> {
                if (event instanceof AuditEvent.Settled settled) {
                    settlements.add(settled.outcome());
                }
            })
            .build();

    private static void pay(McpClient client) {
        client.executeTool(
                ToolExecutionRequest.builder().name("pay").arguments("{}").build());
    }

    @Test
    void oneApprovalAndOneUnitOfALimitAreGoodForOneRunOfTheCall() throws Exception {
        try (SseBreakingServer server = new SseBreakingServer()) {
            McpClient client = DefaultMcpClient.builder()
                    .transport(EnforcingMcpTransport.wrap(
                            HttpMcpTransport.builder()
                                    .sseUrl(server.url() + "/sse")
                                    .build(),
                            engine))
                    .build();
            assertThatThrownBy(() -> pay(client)).isInstanceOf(ToolExecutionException.class);
            tickets.approve(tickets.list().get(0).id(), "Ada");

            assertThatThrownBy(() -> pay(client)).isInstanceOf(RuntimeException.class);
            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            assertThat(tickets.list()).noneMatch(ticket -> ticket.state() == Ticket.State.APPROVED);

            server.listen();
            client.checkHealth();
            assertThatThrownBy(() -> pay(client)).isInstanceOf(ToolExecutionException.class);

            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            client.close();
        }
    }

    /** A {@link BreakingServer} over SSE that resets the connection. */
    private static final class SseBreakingServer extends BreakingServer {

        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        SseBreakingServer() throws IOException {
            super("2024-11-05");
            listen();
        }

        @Override
        protected void answer(String head, String body, OutputStream out) throws IOException, InterruptedException {
            if (head.startsWith("GET")) {
                write(out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
                write(out, "event: endpoint\ndata: /message\n\n");
                while (true) {
                    write(out, "event: message\ndata: " + events.take() + "\n\n");
                }
            }
            String response = response(body);
            if (response != null) {
                events.add(response);
            }
            write(out, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
        }

        @Override
        protected void end(Socket connection, OutputStream out) throws IOException {
            reset(connection);
        }
    }
}
