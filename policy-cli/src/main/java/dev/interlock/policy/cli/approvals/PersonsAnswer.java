package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Person;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * What a person answers to a ticket.
 *
 * @param yes whether it is a yes
 * @param by the name that they give, beside the system's; null for none
 * @param reason what the agent is told about a no; null for nothing
 * @param arguments what is approved in place of the call's own arguments; null for those
 */
record PersonsAnswer(
        boolean yes,
        @Nullable String by,
        @Nullable String reason,
        @Nullable Arguments arguments) {

    /** For a proxy, which finds out by itself who asks. */
    Json request(String ticket) {
        Json request = new Json()
                .put("do", yes ? "approve" : "deny")
                .put("ticket", ticket)
                .maybe("by", by)
                .maybe("reason", reason);
        return arguments == null ? request : request.put("args", (Value) arguments.root());
    }

    /** For a store, which believes what it is told. */
    TicketAnswer kept() {
        return new TicketAnswer(yes, Person.running(by), reason, arguments);
    }
}
