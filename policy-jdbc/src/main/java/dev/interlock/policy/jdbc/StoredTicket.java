package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.StrictJson;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table of tickets, as it was read: who may write to the database may have changed it. It becomes a ticket
 * only if all of it is what this class would have written.
 *
 * @param id the ticket's id
 * @param state one of the states below
 * @param openedAt nanoseconds since 1970
 * @param expiresAt nanoseconds since 1970
 * @param request the question, as JSON
 * @param answer the answer, as JSON; null if there is none
 */
record StoredTicket(
        String id,
        String state,
        long openedAt,
        long expiresAt,
        String request,
        @Nullable String answer) {

    static final String PENDING = "pending";
    static final String APPROVED = "approved";
    static final String DENIED = "denied";
    static final String USED = "used";

    /** As deep as any host allows, and as large. */
    private static final ValueLimits KEPT = new ValueLimits(512, 64 << 20);

    private static final long SECOND = 1_000_000_000;

    /** Whether it has expired at a time of the database's. */
    boolean isExpired(long now) {
        return expiresAt <= now;
    }

    boolean isApproved() {
        return state.equals(APPROVED);
    }

    /** Whether {@link #ticket} gives a ticket. */
    boolean isReadable(long now) {
        try {
            ticket(now);
            return true;
        } catch (InvalidValueException e) {
            return false;
        }
    }

    /**
     * The ticket, at a time of the database's before it expires.
     *
     * @throws InvalidValueException if it can't be read. The message quotes nothing of it but its id
     */
    Ticket ticket(long now) {
        try {
            Ticket.State seen = seen();
            TicketAnswer given = seen == Ticket.State.PENDING ? null : given(seen == Ticket.State.APPROVED);
            if (given == null && answer != null) {
                throw new InvalidValueException("there is an answer to a question that waits for one");
            }
            return new Ticket(
                    id,
                    ApprovalRequest.parse(request),
                    seen,
                    Instant.ofEpochSecond(Math.floorDiv(openedAt, SECOND), Math.floorMod(openedAt, SECOND)),
                    Duration.ofNanos(Math.subtractExact(expiresAt, now)),
                    given == null ? null : given.by(),
                    given == null ? null : given.reason(),
                    given == null ? null : given.arguments());
        } catch (RuntimeException e) {
            InvalidValueException unreadable =
                    new InvalidValueException("ticket " + TextKey.shown(id) + " in the database can't be read");
            unreadable.initCause(e);
            throw unreadable;
        }
    }

    private Ticket.State seen() {
        return switch (state) {
            case PENDING -> Ticket.State.PENDING;
            case APPROVED -> Ticket.State.APPROVED;
            case DENIED -> Ticket.State.DENIED;
            default -> throw new InvalidValueException("there is no such state");
        };
    }

    /**
     * An answer as JSON.
     *
     * @throws InvalidValueException if it would be read otherwise than it is meant
     */
    static String json(TicketAnswer answer) {
        Arguments arguments = answer.arguments();
        if (arguments != null && !arguments.isKnown()) {
            throw new InvalidValueException("arguments that are not known can't be approved");
        }
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("yes", Value.Bool.of(answer.yes()));
        members.put("by", text(answer.by()));
        members.put("reason", text(answer.reason()));
        members.put("arguments", arguments == null ? Value.Nil.NULL : arguments.root());
        String json = ObjectValue.of(members).json();
        ObjectValue again = StrictJson.object(json, KEPT);
        if (again == null
                || !again.equals(ObjectValue.of(members))
                || !again.json().equals(json)) {
            throw new InvalidValueException("the answer can't be written so that it can be read again");
        }
        return json;
    }

    private static Value text(@Nullable String text) {
        return text == null ? Value.Nil.NULL : new Value.Text(text);
    }

    private TicketAnswer given(boolean yes) {
        ObjectValue object = answer == null ? null : StrictJson.object(answer, KEPT);
        if (object == null || !Value.Bool.of(yes).equals(object.get("yes"))) {
            throw new InvalidValueException("the state and the answer contradict each other");
        }
        Value arguments = object.get("arguments");
        Arguments approved = null;
        if (arguments instanceof ObjectValue root) {
            approved = Arguments.of(root);
        } else if (!Value.Nil.NULL.equals(arguments)) {
            throw new InvalidValueException("the arguments are none");
        }
        return new TicketAnswer(yes, textOrNull(object, "by"), textOrNull(object, "reason"), approved);
    }

    private static @Nullable String textOrNull(ObjectValue object, String name) {
        Value value = object.get(name);
        if (value instanceof Value.Text text) {
            return text.value();
        }
        if (Value.Nil.NULL.equals(value)) {
            return null;
        }
        throw new InvalidValueException("member '" + name + "' is no text");
    }
}
