package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.approval.ApprovalText;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.value.Value;
import java.util.Locale;

/** Tickets as programs read them. */
final class TicketJson {

    private TicketJson() {}

    static Json of(Ticket ticket) {
        return new Json()
                .put("ticket", ticket.id())
                .put("state", ticket.state().name().toLowerCase(Locale.ROOT))
                .put("secondsLeft", ticket.left().toSeconds())
                .put("tool", ticket.request().tool())
                .put("server", ticket.request().server())
                .put("identity", ticket.request().identity())
                .put("session", ticket.request().session())
                .put("rules", ticket.request().rules(), TicketJson::rule)
                .put("context", (Value) ticket.request().bound())
                .put("args", (Value) ticket.request().arguments().root())
                .put("parameters", (Value) ticket.request().parameters())
                .put("text", ApprovalText.of(ticket.request()));
    }

    private static Json rule(AskingRule rule) {
        return new Json()
                .put("name", rule.name())
                .put("place", rule.place().path())
                .put("message", rule.message());
    }
}
