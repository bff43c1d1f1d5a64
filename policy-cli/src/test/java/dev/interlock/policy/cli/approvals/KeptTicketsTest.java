package dev.interlock.policy.cli.approvals;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.CommandRun;
import dev.interlock.policy.cli.state.NamedState;
import dev.interlock.policy.cli.state.OpenState;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code interlock approvals} on tickets that a store keeps, whether a proxy runs or not. */
class KeptTicketsTest {

    private static final String POLICY = """
            version: "1"
            tools:
              pay: {rules: [{name: ask, action: require_approval}]}
            """;

    @TempDir
    private Path directory;

    private OpenState open;
    private ApprovalTickets tickets;
    private PolicyEngine engine;

    @BeforeEach
    void openStore() {
        open = NamedState.open(file(), problem -> {});
        tickets = ApprovalTickets.builder().store(open.store().approvalStore()).build();
        engine = PolicyEngine.builder(PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                .approvals(tickets)
                .build();
    }

    @AfterEach
    void closeStore() {
        open.close();
    }

    private String file() {
        return directory.resolve("state.db").toString();
    }

    private Admission pay(int amount) {
        return engine.admitAsync(
                        ToolCall.of("pay", Map.of("amount", amount)).by("bot"),
                        AdmitOptions.DEFAULT.sendingWhatIsApproved())
                .toCompletableFuture()
                .join();
    }

    private CommandRun approvals(String... args) {
        List<String> words = new ArrayList<>(List.of("approvals"));
        words.addAll(List.of(args));
        words.addAll(List.of("--state", file()));
        return CommandRun.of(words.toArray(String[]::new));
    }

    private String ask(int amount) {
        assertThat(pay(amount).decision().allowed()).isFalse();
        return tickets.list().get(tickets.list().size() - 1).id();
    }

    @Test
    void aTicketIsListedWithWhatItAsksAndPassesOnceWhenItIsApproved() {
        String ticket = ask(5);

        assertThat(approvals("list").out())
                .contains("ticket " + ticket + ": pending, expires in ")
                .contains("  | pay\n", "  | bot\n", "  | \"amount\": 5\n");
        assertThat(approvals("list", "--format", "json").out())
                .contains("\"ticket\":\"" + ticket + "\"", "\"args\":{\"amount\":5}");
        assertThat(approvals("approve", ticket, "--by", "Ada").out())
                .isEqualTo("Approved. The call passes when the agent makes it again.\n");
        assertThat(tickets.find(ticket).map(Ticket::by)).hasValue(System.getProperty("user.name") + ", as Ada");

        assertThat(pay(5).decision().allowed()).isTrue();
        assertThat(pay(5).decision().allowed()).isFalse();
    }

    @Test
    void onlyTheFirstAnswerCounts() {
        String ticket = ask(5);
        assertThat(approvals("deny", ticket, "--reason", "not today").code()).isZero();

        CommandRun late = approvals("approve", ticket);

        assertThat(late.code()).isEqualTo(2);
        assertThat(late.err()).contains("ticket " + ticket + " has been answered already");
        assertThat(pay(5).decision().message()).contains("not today");
    }

    @Test
    void lessIsApprovedThanWasAsked() {
        String ticket = ask(50);

        assertThat(approvals("approve", ticket, "--args", "{\"amount\": 30}").code())
                .isZero();

        Admission admission = pay(50);
        assertThat(admission.decision().allowed()).isTrue();
        assertThat(tickets.list()).isEmpty();
    }

    @Test
    void anAnswerThatIsNoObjectOrToNoTicketIsAnErrorInALine() {
        String ticket = ask(5);

        assertThat(approvals("approve", ticket, "--args", "[1]").err()).contains("--args: this must be a JSON object");
        CommandRun unknown = approvals("approve", "0000-0000-0000-0000");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("there is no ticket 0000-0000-0000-0000");
        assertThat(tickets.find(ticket).map(Ticket::state)).hasValue(Ticket.State.PENDING);
    }

    @Test
    void aStoreThatIsNotThereIsNotMade() {
        Path missing = directory.resolve("missing.db");

        CommandRun list = CommandRun.of("approvals", "list", "--state", missing.toString());

        assertThat(list.code()).isEqualTo(2);
        assertThat(list.err()).contains("missing.db").doesNotContain("\tat ");
        assertThat(missing).doesNotExist();
    }
}
