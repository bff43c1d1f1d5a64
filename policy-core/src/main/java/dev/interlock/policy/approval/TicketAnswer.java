package dev.interlock.policy.approval;

import dev.interlock.policy.value.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * A person's answer to a ticket.
 *
 * @param yes whether it is a yes
 * @param by who answers, for the record; null if that is not known
 * @param reason what the agent is told about a no; null for nothing
 * @param arguments the arguments that are approved instead of the ones in question; null for those in question
 */
public record TicketAnswer(
        boolean yes,
        @Nullable String by,
        @Nullable String reason,
        @Nullable Arguments arguments) {}
