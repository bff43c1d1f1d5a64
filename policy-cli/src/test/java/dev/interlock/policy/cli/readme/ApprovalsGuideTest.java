package dev.interlock.policy.cli.readme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the guide to approvals to what it says. */
class ApprovalsGuideTest {

    private static final ToolCall REFUND = ToolCall.of("create_refund", Map.of("amount", 250));

    private final String guide = Files.readString(Path.of("../docs/approvals.md"));

    ApprovalsGuideTest() throws IOException {}

    private static List<String> matches(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        List<String> found = new ArrayList<>();
        while (matcher.find()) {
            found.add(matcher.group(1).replaceAll("\\s+", " ").strip());
        }
        return found;
    }

    @Test
    void itsJavaIsWhatIsCompiledHere() throws IOException {
        String compiled = Files.readString(Path.of("src/test/java/dev/interlock/policy/cli/readme/AskAPerson.java"));

        assertThat(matches(Pattern.compile("(?ms)^```java\\n(.*?)^```$"), guide))
                .hasSizeGreaterThan(5)
                .isEqualTo(matches(Pattern.compile("(?s)// begin\\n(.*?)// end"), compiled));
    }

    @Test
    void itsPolicyAsksAsItSaysAndItsTicketsAnswer() {
        Matcher yaml = Pattern.compile("(?ms)^```yaml\\n(.*?)^```$").matcher(guide);
        assertThat(yaml.find()).isTrue();
        List<String> shown = new ArrayList<>();
        AskAPerson.Ticketed host = AskAPerson.tickets(
                PolicyYaml.read(yaml.group(1), "approvals.md").orThrow(), shown::add);
        PolicyEngine engine = host.engine();
        ApprovalTickets tickets = host.tickets();

        String asked = engine.admit(REFUND).decision().message();
        Ticket ticket = tickets.list().get(0);
        assertThat(guide).contains("[APPROVAL REQUIRED] " + asked.replace(ticket.id(), "4k9m-tz2q-0d7x-b1hn"));
        assertThat(shown).hasSize(1);
        assertThat(guide).contains(shown.get(0));

        AskAPerson.answer(tickets, ticket.id(), AskAPerson.Answer.YES, Map.of());
        try (Admission admission = engine.admit(REFUND)) {
            assertThat(admission.decision().code()).isEqualTo(Code.APPROVED);
        }
        assertThat(engine.admit(REFUND).decision().code()).isEqualTo(Code.APPROVAL_PENDING);
    }
}
