package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Engines in two processes, whose tickets are in one database. */
class TicketsInEnginesTest {

    private static final Policy POLICY = PolicyYaml.read("""
                    version: "1"
                    default: deny
                    tools:
                      refund:
                        rules:
                          - name: a person
                            action: require_approval
                    """, "policy.yaml").orThrow();

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture one = new StoreFixture(file.connections());
    private final StoreFixture two = new StoreFixture(file.connections());
    private final List<Ticket> told = new ArrayList<>();
    private final ApprovalTickets tickets = tickets(one);
    private final ApprovalTickets otherTickets = tickets(two);
    private final PolicyEngine here = engine(tickets);
    private final PolicyEngine there = engine(otherTickets);

    @AfterEach
    void close() {
        one.close();
        two.close();
        file.close();
    }

    private ApprovalTickets tickets(StoreFixture fixture) {
        return ApprovalTickets.builder()
                .store(fixture.store.approvalStore())
                .onOpened(told::add)
                .build();
    }

    private static PolicyEngine engine(ApprovalTickets tickets) {
        return PolicyEngine.builder(POLICY).approvals(tickets).build();
    }

    private static ToolCall refund(String by) {
        return ToolCall.of("refund", Map.of("amount", 5)).by(by);
    }

    private static Admission admit(PolicyEngine engine, ToolCall call) {
        return engine.admitAsync(call).toCompletableFuture().join();
    }

    @Test
    void aCallThatIsAskedAboutHereIsApprovedThereAndPassesOnce() {
        Decision asked = admit(here, refund("bot")).decision();
        assertThat(asked.allowed()).isFalse();
        assertThat(admit(there, refund("bot")).decision().allowed()).isFalse();
        assertThat(told).hasSize(1);
        String id = otherTickets.list().get(0).id();
        assertThat(told.get(0).id()).isEqualTo(id);
        otherTickets.approve(id, "Ada");

        Admission passed = admit(here, refund("bot"));
        assertThat(passed.decision().allowed()).isTrue();
        assertThat(admit(there, refund("bot")).decision().allowed()).isFalse();
        passed.succeeded();
        assertThat(told).as("the next call is another question").hasSize(2);
    }

    @Test
    void aYesToACallThatWasNotSentIsGoodInTheOtherProcess() {
        admit(here, refund("bot"));
        tickets.approve(tickets.list().get(0).id(), "Ada");
        Admission unsent = admit(here, refund("bot"));
        assertThat(unsent.decision().allowed()).isTrue();
        unsent.unsent();
        // Given back without waiting for it; a transaction on the same file comes after it or before it.
        while (otherTickets.list().isEmpty()) {
            Thread.onSpinWait();
        }

        assertThat(admit(there, refund("bot")).decision().allowed()).isTrue();
        assertThat(admit(here, refund("bot")).decision().allowed()).isFalse();
    }

    @Test
    void aYesIsOnlyForWhomItWasGiven() {
        admit(here, refund("bot"));
        tickets.approve(tickets.list().get(0).id(), "Ada");

        for (String other : List.of("Bot", "bot ", "bot\u0000", "bob")) {
            assertThat(admit(there, refund(other)).decision().allowed())
                    .as(other)
                    .isFalse();
        }
        assertThat(admit(there, refund("bot")).decision().allowed()).isTrue();
    }

    @Test
    void withoutTheDatabaseCallsThatNeedAPersonAreDenied() {
        admit(here, refund("bot"));
        tickets.approve(tickets.list().get(0).id(), "Ada");
        one.close();

        Decision decision = admit(here, refund("bot")).decision();
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.APPROVAL);
        assertThat(decision.message()).contains("tickets can't be reached");
        assertThat(admit(there, refund("bot")).decision().allowed()).isTrue();
    }
}
