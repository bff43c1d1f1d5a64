package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.customizer.McpHttpClientAuthorizationErrorHandler;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers that run a call and then make the transport send it again in vain. */
@Timeout(120)
class SentAgainTest {

    private final List<CallOutcome> settlements = new CopyOnWriteArrayList<>();
    private final ApprovalTickets tickets = ApprovalTickets.create();

    private final PolicyEngine engine = PolicyEngine.builder(new Policies()
                    .tool("pay", Policies.limit(1), Policies.ask())
                    .policy())
            .approvals(tickets)
            .audit(event -> {
                if (event instanceof AuditEvent.Settled settled) {
                    settlements.add(settled.outcome());
                }
            })
            .build();

    private static CallToolResult pay(McpSyncClient client) {
        return client.callTool(
                CallToolRequest.builder("pay").arguments(Map.of()).build());
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings("removal") // what hosts with OAuth set
    void oneApprovalAndOneUnitOfALimitAreGoodForOneRunHoweverTheServerEndsIt(StreamableBreakingServer.Ending ending)
            throws Exception {
        try (StreamableBreakingServer server = new StreamableBreakingServer(ending)) {
            HttpClientStreamableHttpTransport http = HttpClientStreamableHttpTransport.builder(server.url())
                    .customizeClient(client -> client.followRedirects(HttpClient.Redirect.NORMAL))
                    .authorizationErrorHandler(
                            McpHttpClientAuthorizationErrorHandler.fromSync((response, context) -> true))
                    .build();
            McpSyncClient client =
                    McpClient.sync(EnforcingClientTransport.wrap(http, engine)).build();
            client.initialize();
            assertThat(pay(client).isError()).isTrue();
            tickets.approve(tickets.list().get(0).id(), "Ada");

            assertThatThrownBy(() -> pay(client)).isInstanceOf(RuntimeException.class);
            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            assertThat(tickets.list()).noneMatch(ticket -> ticket.state() == Ticket.State.APPROVED);

            server.listen();
            client.initialize();
            CallToolResult again = pay(client);

            assertThat(again.isError()).isTrue();
            assertThat(server.ran()).isEqualTo(1);
            assertThat(settlements).containsExactly(CallOutcome.UNKNOWN);
            client.close();
        }
    }
}
