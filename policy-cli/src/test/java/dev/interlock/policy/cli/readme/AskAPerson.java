package dev.interlock.policy.cli.readme;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalText;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.ConsoleApprovals;
import dev.interlock.policy.approval.webhook.ApprovalWebhook;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The Java of the guide to approvals, between the markers. */
final class AskAPerson {

    private AskAPerson() {}

    /** Some way to reach people. */
    interface Chat {
        void ask(String question, Consumer<Boolean> answer);
    }

    enum Answer {
        YES,
        NO,
        LESS,
        NEVER_MIND
    }

    record Ticketed(ApprovalTickets tickets, PolicyEngine engine) {}

    static Ticketed tickets(Policy policy, Consumer<String> notifier) {
        // begin
        ApprovalTickets tickets = ApprovalTickets.builder()
                .onOpened(ticket -> notifier.accept(ApprovalText.of(ticket.request())))
                .build();
        PolicyEngine engine = PolicyEngine.builder(policy).approvals(tickets).build();
        // end
        return new Ticketed(tickets, engine);
    }

    static void answer(ApprovalTickets tickets, String id, Answer answer, Map<String, ?> smaller) {
        // begin
        switch (answer) {
            case YES -> tickets.approve(id, "ada@example.com");
            case NO -> tickets.deny(id, "ada@example.com", "not without an invoice");
            case LESS -> tickets.approve(id, "ada@example.com", Arguments.freeze(smaller, ValueLimits.DEFAULT));
            case NEVER_MIND -> tickets.expire(id);
        }
        // end
    }

    static ApprovalHandler handler(Chat chat) {
        // begin
        ApprovalHandler handler = request -> {
            CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
            chat.ask(
                    ApprovalText.of(request),
                    yes -> answer.complete(
                            yes ? ApprovalAnswer.approved("finance") : ApprovalAnswer.refused("finance", null)));
            return answer;
        };
        // end
        return handler;
    }

    static McpSyncClient client(McpClientTransport transport, PolicyEngine engine) {
        // begin
        McpClientTransport guarded = EnforcingClientTransport.builder(transport, engine)
                .approvalWait(Duration.ofMinutes(9))
                .build();
        McpSyncClient client =
                McpClient.sync(guarded).requestTimeout(Duration.ofMinutes(10)).build();
        // end
        return client;
    }

    static McpServerTransportProvider elicited(McpServerTransportProvider provider, PolicyEngine engine) {
        // begin
        McpServerTransportProvider elicited = EnforcingServerTransports.builder(engine)
                .elicitApprovals()
                .approvalWait(Duration.ofMinutes(2))
                .wrap(provider);
        // end
        return elicited;
    }

    static PolicyEngine console(Policy policy, BufferedReader terminal, PrintWriter screen, Executor executor) {
        // begin
        PolicyEngine asking = PolicyEngine.builder(policy)
                .approvals(new ConsoleApprovals(terminal, screen, executor))
                .build();
        // end
        return asking;
    }

    static ApprovalTickets webhook(byte[] secret, Consumer<Throwable> reporter) {
        // begin
        ApprovalWebhook webhook = ApprovalWebhook.builder(
                        URI.create("https://chat.example.com/hooks/approvals"),
                        secret,
                        (ticket, failure) -> reporter.accept(failure))
                .build();
        ApprovalTickets posted = ApprovalTickets.builder().onOpened(webhook).build();
        // end
        return posted;
    }
}
