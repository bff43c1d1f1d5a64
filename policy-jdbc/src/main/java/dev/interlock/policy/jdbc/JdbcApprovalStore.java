package dev.interlock.policy.jdbc;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.value.InvalidValueException;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps tickets in the database: one row for each, and one transaction for each method. A row that can't be read back
 * is never a yes; a call that meets it fails with an {@link UnavailableException}, until it expires or is removed.
 */
final class JdbcApprovalStore implements ApprovalStore {

    private static final int LONGEST_ID = 200;

    private final Transactions transactions;
    private final TicketRows rows = new TicketRows();

    JdbcApprovalStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public TicketClaim claim(NewTicket fresh, TicketBounds bounds) {
        return understood(Transactions.await(claiming(fresh, bounds)));
    }

    @Override
    public CompletionStage<TicketClaim> claimAsync(NewTicket fresh, TicketBounds bounds) {
        try {
            return claiming(fresh, bounds).thenApply(JdbcApprovalStore::understood);
        } catch (InvalidValueException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<TicketRows.ClaimedTicket> claiming(NewTicket fresh, TicketBounds bounds) {
        if (!mayBeId(fresh.id())) {
            throw new InvalidValueException("a ticket with such an id can't be kept in a database");
        }
        String request = fresh.request().json();
        return transactions.changeAsync(
                transaction -> rows.claim(transaction, fresh, request, bounds), this::giveBackLate);
    }

    /** The caller was told that there is no yes. A ticket that was opened stays: the same call finds it. */
    private void giveBackLate(TicketRows.ClaimedTicket late) {
        StoredTicket found = late.ticket();
        if (found != null && found.isApproved()) {
            // If that fails, too, the yes stays used.
            CompletableFuture<Boolean> unused =
                    transactions.changeAsync(transaction -> rows.giveBack(transaction, found.id()));
        }
    }

    private static TicketClaim understood(TicketRows.ClaimedTicket claimed) {
        if (claimed.full() != null) {
            return new TicketClaim.Full(claimed.full());
        }
        StoredTicket found = Objects.requireNonNull(claimed.ticket(), "a claim that finds room finds a ticket");
        Ticket ticket = readable(() -> found.ticket(claimed.now()));
        return claimed.opened() ? new TicketClaim.Opened(ticket) : new TicketClaim.Found(ticket);
    }

    @Override
    public void giveBack(String id) {
        if (mayBeId(id)) {
            transactions.change(transaction -> rows.giveBack(transaction, id));
        }
    }

    @Override
    public CompletionStage<@Nullable Void> giveBackAsync(String id) {
        return mayBeId(id)
                ? transactions
                        .changeAsync(transaction -> rows.giveBack(transaction, id))
                        .thenApply(any -> null)
                : CompletableFuture.completedFuture(null);
    }

    @Override
    public List<Ticket> list() {
        return seen(null);
    }

    @Override
    public Optional<Ticket> find(String id) {
        return mayBeId(id) ? seen(id).stream().findFirst() : Optional.empty();
    }

    private List<Ticket> seen(@Nullable String id) {
        TicketRows.SeenTickets seen = transactions.read(transaction -> rows.look(transaction, id));
        if (seen.expired()) {
            // Before the caller learns it: the database's clock may step back.
            transactions.change(rows::sweep);
        }
        return readable(() -> seen.tickets().stream()
                .map(ticket -> ticket.ticket(seen.now()))
                .sorted(Comparator.comparing(Ticket::opened).thenComparing(Ticket::id))
                .toList());
    }

    @Override
    public AnswerResult answer(String id, TicketAnswer answer) {
        if (!mayBeId(id)) {
            return AnswerResult.UNKNOWN;
        }
        String json = StoredTicket.json(answer);
        return transactions.change(transaction -> rows.answer(transaction, id, answer, json));
    }

    @Override
    public boolean remove(String id) {
        return mayBeId(id) && transactions.change(transaction -> rows.remove(transaction, id));
    }

    @Override
    public CompletionStage<Boolean> removeAsync(String id) {
        return mayBeId(id)
                ? transactions.changeAsync(transaction -> rows.remove(transaction, id))
                : CompletableFuture.completedFuture(false);
    }

    /** Whether each database can hold it in a column of text, and in an index. */
    private static boolean mayBeId(String id) {
        return id.length() <= LONGEST_ID && id.equals(TextKey.shown(id));
    }

    private static <T> T readable(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (InvalidValueException e) {
            UnavailableException unavailable = new UnavailableException(String.valueOf(e.getMessage()));
            unavailable.initCause(e);
            throw unavailable;
        }
    }
}
