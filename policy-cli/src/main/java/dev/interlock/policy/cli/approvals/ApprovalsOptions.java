package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.JsonText;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.state.StoresOption;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Where tickets are: with the proxies that run, and in stores, which proxies may have left them in that are gone. A
 * proxy and its store both know a ticket that is kept.
 */
final class ApprovalsOptions {

    @Option(
            names = "--approvals-dir",
            paramLabel = "DIR",
            description = "Where the proxies have their sockets. Default: ~/.interlock/approvals.")
    private @Nullable Path directory;

    @Mixin
    private StoresOption stores;

    /**
     * Returns each ticket once, as {@link TicketJson} writes it.
     *
     * @throws CliException if a proxy or a store can't be asked
     */
    Collection<ObjectValue> tickets() {
        Map<String, ObjectValue> found = new LinkedHashMap<>();
        for (ObjectValue answer : ask(new Json().put("do", "list"))) {
            Stream<Value> tickets =
                    answer.get("tickets") instanceof Value.Array array ? array.items().stream() : Stream.empty();
            tickets.filter(ObjectValue.class::isInstance)
                    .map(ObjectValue.class::cast)
                    .forEach(ticket -> found.putIfAbsent(String.valueOf(ticket.text("ticket")), ticket));
        }
        for (Named named : stores.stores()) {
            stores.with(named, store -> store.approvalStore().list())
                    .forEach(ticket ->
                            found.putIfAbsent(ticket.id(), TicketJson.of(ticket).value()));
        }
        return found.values();
    }

    /** Returns the answer of each running proxy. None is asked if a store is named, unless its directory is, too. */
    private List<ObjectValue> ask(Json request) {
        List<ObjectValue> answers = new ArrayList<>();
        if (directory == null && stores.isGiven()) {
            return answers;
        }
        for (Path socket : ApprovalDirectory.of(directory).sockets()) {
            ApprovalWire.ask(socket, request.toString()).ifPresent(answer -> {
                if (JsonText.read(answer, "the answer of " + socket) instanceof ObjectValue object) {
                    answers.add(object);
                }
            });
        }
        return answers;
    }

    /**
     * Answers a ticket, wherever it is.
     *
     * @throws CliException if it isn't found, or was answered before
     */
    void answer(String ticket, PersonsAnswer answer) {
        Set<AnswerResult> outcomes = EnumSet.noneOf(AnswerResult.class);
        for (ObjectValue said : ask(answer.request(ticket))) {
            for (AnswerResult outcome : AnswerResult.values()) {
                if (outcome.name().toLowerCase(Locale.ROOT).equals(said.text("outcome"))) {
                    outcomes.add(outcome);
                }
            }
        }
        // One that can't be asked is no reason not to ask the others.
        List<String> failures = new ArrayList<>();
        if (!outcomes.contains(AnswerResult.ACCEPTED)) {
            for (Named named : stores.stores()) {
                try {
                    outcomes.add(
                            stores.with(named, store -> store.approvalStore().answer(ticket, answer.kept())));
                } catch (InvalidValueException e) {
                    throw new CliException("--args: " + e.getMessage());
                } catch (CliException e) {
                    failures.add(e.text());
                }
            }
        }
        if (!outcomes.contains(AnswerResult.ACCEPTED)) {
            throw new CliException(unanswered(Printable.of(ticket), outcomes, failures));
        }
    }

    private static String unanswered(String ticket, Set<AnswerResult> outcomes, List<String> failures) {
        if (outcomes.contains(AnswerResult.ALREADY_ANSWERED)) {
            return "ticket " + ticket + " has been answered already";
        }
        return failures.isEmpty()
                ? "there is no ticket " + ticket + "; it may have expired. See: interlock approvals list"
                : "ticket " + ticket + " was not found:\n" + String.join("\n", failures);
    }
}
