package dev.interlock.policy.approval;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Issues tickets, for callers that can't wait as long as a person takes. A call that needs approval is answered at once
 * with a ticket's id. A person answers the ticket through {@link #approve} or {@link #deny}. When the agent makes the
 * same call again, it passes or is denied accordingly.
 *
 * <ul>
 *   <li>A ticket is valid for calls of the same identity, session, server and tool, with the same arguments and other
 *       parameters, in the same context as far as the policy reads it, for which the same rules ask, under the same
 *       policy. Values are the same if they are equal: the order of members doesn't matter, nor whether a number is
 *       written {@code 1} or {@code 1.0}; {@code 1} and {@code "1"} are different. Equal calls share one ticket while
 *       it is pending.
 *   <li>One ticket names all the rules that ask. Its answer counts for all of them.
 *   <li>A yes admits one call and is then used up. It is given back only if that call was never handed to a transport,
 *       and only if no other ticket has been opened for such a call meanwhile.
 *   <li>A no is kept, so that the agent can't ask again at once for what was just denied.
 *   <li>A ticket expires if it is not answered within the rule's {@code approval_timeout}. After the answer it expires
 *       when the same time has passed again. Giving a yes back doesn't make it last longer.
 *   <li>What is kept is bounded. There are bounds for the number of all tickets, for the bytes that callers have
 *       supplied, and for each identity's pending tickets and bytes. Callers without an identity are distinguished by
 *       their session. Beyond a bound no ticket is opened and the call is denied.
 * </ul>
 *
 * <p>Tickets are kept in an {@link ApprovalStore}. One that several processes share makes a ticket good in each of
 * them. While the store can't be reached, calls that need approval are denied, and the methods for the person throw
 * {@link UnavailableException}.
 *
 * <p>Thread-safe. Any code that can reach this object can approve, so keep it out of an agent's reach.
 */
public final class ApprovalTickets implements ApprovalHandler {

    private static final Duration LONGEST = Duration.ofDays(365);

    private final ApprovalStore store;
    private final Supplier<String> ids;
    private final Consumer<Ticket> opened;
    private final TicketBounds bounds;

    private ApprovalTickets(Builder builder) {
        this.store = builder.store == null ? ApprovalStore.inMemory(builder.time) : builder.store;
        this.ids = builder.ids;
        this.opened = builder.opened;
        this.bounds = new TicketBounds(
                builder.maxTickets, builder.maxPendingPerIdentity, builder.maxBytes, builder.maxBytesPerIdentity);
    }

    /** Creates tickets with the default bounds, which are kept in memory. */
    public static ApprovalTickets create() {
        return builder().build();
    }

    /** Starts tickets with custom settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** The result of answering a ticket. */
    public enum AnswerResult {
        /** The answer counts. */
        ACCEPTED,
        /** The ticket was answered before. */
        ALREADY_ANSWERED,
        /** There is no such ticket, or it has expired. */
        UNKNOWN
    }

    // ---- for the engine

    /** The person who answers a ticket sees all its rules, and answers for all of them. */
    @Override
    public boolean asksForAllRules() {
        return true;
    }

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        try {
            NewTicket fresh = fresh(request);
            return store.blocks()
                    ? askElsewhere(fresh)
                    : CompletableFuture.completedFuture(answer(store.claim(fresh, bounds)));
        } catch (InvalidValueException | UnavailableException e) {
            return CompletableFuture.completedFuture(unasked(e));
        }
    }

    private NewTicket fresh(ApprovalRequest request) {
        Duration lasting = request.timeout().compareTo(LONGEST) > 0 ? LONGEST : request.timeout();
        String holder = request.identity() != null
                ? "identity " + request.identity()
                : request.session() != null ? "session " + request.session() : "";
        return new NewTicket(ids.get(), TicketBinding.of(request), holder, request, bytes(request), lasting);
    }

    /**
     * The result is not derived from the store's stage: if the engine stops waiting and cancels it, a yes that the
     * store has used for this question must be given back all the same.
     */
    private CompletionStage<ApprovalAnswer> askElsewhere(NewTicket fresh) {
        CompletableFuture<ApprovalAnswer> result = new CompletableFuture<>();
        store.claimAsync(fresh, bounds).thenApply(this::answer).whenComplete((answer, failure) -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof UnavailableException || cause instanceof InvalidValueException) {
                result.complete(unasked(cause));
            } else if (cause != null) {
                result.completeExceptionally(cause);
            } else if (!result.complete(answer) && answer instanceof ApprovalAnswer.Approved yes) {
                unsent(fresh.request(), yes);
            }
        });
        return result;
    }

    private static ApprovalAnswer unasked(Throwable failure) {
        return new ApprovalAnswer.Unasked(
                failure instanceof UnavailableException
                        ? "tickets can't be reached at the moment"
                        : "it has something that a ticket can't hold");
    }

    private ApprovalAnswer answer(TicketClaim claim) {
        if (claim instanceof TicketClaim.Full full) {
            return new ApprovalAnswer.Unasked(
                    switch (full.bound()) {
                        case PENDING_OF_HOLDER -> "too many of this caller's tickets wait for an answer already";
                        case BYTES_OF_HOLDER -> "this caller's tickets hold too much already";
                        case TOTAL -> "no more tickets can be held at the moment";
                    });
        }
        if (claim instanceof TicketClaim.Opened fresh) {
            tell(fresh.ticket());
            return new ApprovalAnswer.Pending(
                    fresh.ticket().id(), fresh.ticket().left());
        }
        Ticket ticket = ((TicketClaim.Found) claim).ticket();
        return switch (ticket.state()) {
            case PENDING -> new ApprovalAnswer.Pending(ticket.id(), ticket.left());
            case DENIED -> new ApprovalAnswer.Refused(ticket.by(), ticket.reason(), ticket.id());
            case APPROVED -> new ApprovalAnswer.Approved(ticket.by(), ticket.arguments(), ticket.id());
        };
    }

    /**
     * If the listener throws, the ticket is removed. No person and no agent knows of it, so it must not occupy a place.
     */
    private void tell(Ticket fresh) {
        boolean told = false;
        try {
            opened.accept(fresh);
            told = true;
        } finally {
            if (!told) {
                withdraw(fresh.id());
            }
        }
    }

    /** One that can't be removed now expires by itself. */
    private void withdraw(String id) {
        if (store.blocks()) {
            store.removeAsync(id);
            return;
        }
        try {
            store.remove(id);
        } catch (UnavailableException e) {
            // What the listener threw matters more.
        }
    }

    /** How much of a ticket's content the caller has chosen, as bytes of JSON. */
    private static long bytes(ApprovalRequest request) {
        long parameters = request.parameters().size() == 0
                ? 0
                : request.parameters().json().getBytes(StandardCharsets.UTF_8).length;
        return request.arguments().bytes() + parameters;
    }

    /** While the store can't be reached, the yes stays used: that is the safe side. */
    @Override
    public void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
        String id = yes.ticket();
        if (id == null) {
            return;
        }
        if (store.blocks()) {
            store.giveBackAsync(id);
            return;
        }
        try {
            store.giveBack(id);
        } catch (UnavailableException e) {
            // See above.
        }
    }

    // ---- for the person

    /**
     * Returns the tickets that have not expired and are not used up, the oldest first.
     *
     * @throws UnavailableException if the store can't be reached
     */
    public List<Ticket> list() {
        return store.list();
    }

    /**
     * Returns the ticket with this id; empty if there is none, or if it has expired or is used up.
     *
     * @throws UnavailableException if the store can't be reached
     */
    public Optional<Ticket> find(String id) {
        return store.find(id);
    }

    /**
     * Says yes to a ticket.
     *
     * @param by who says so, for the record
     * @throws UnavailableException if the store can't be reached, or it is not known whether the answer counts
     */
    public AnswerResult approve(String id, @Nullable String by) {
        return store.answer(id, new TicketAnswer(true, by, null, null));
    }

    /**
     * Says yes to other arguments. When the agent makes its call again, the policy decides on these arguments, and they
     * are sent instead of the agent's own.
     *
     * @param by who says so, for the record
     * @throws UnavailableException if the store can't be reached, or it is not known whether the answer counts
     */
    public AnswerResult approve(String id, @Nullable String by, Arguments narrower) {
        return store.answer(id, new TicketAnswer(true, by, null, narrower));
    }

    /**
     * Says no to a ticket.
     *
     * @param by who says so, for the record
     * @param reason what the agent is told; null for nothing
     * @throws UnavailableException if the store can't be reached, or it is not known whether the answer counts
     */
    public AnswerResult deny(String id, @Nullable String by, @Nullable String reason) {
        return store.answer(id, new TicketAnswer(false, by, reason, null));
    }

    /**
     * Removes a ticket, even one that is answered. A yes that has not been used is taken back.
     *
     * @return whether there was such a ticket
     * @throws UnavailableException if the store can't be reached
     */
    public boolean expire(String id) {
        return store.remove(id);
    }

    /** Settings; each has a safe default. Not thread-safe. */
    public static final class Builder {

        private @Nullable ApprovalStore store;
        private TimeSource time = TimeSource.system();
        private Supplier<String> ids = new TicketIds();
        private Consumer<Ticket> opened = ticket -> {};
        private int maxTickets = 10_000;
        private int maxPendingPerIdentity = 20;
        private long maxBytes = 16L << 20;
        private long maxBytesPerIdentity = 2L << 20;

        private Builder() {}

        /**
         * Sets where tickets are kept. One that several processes share makes a ticket good in each of them. Default:
         * memory, so that tickets are gone when the process ends.
         */
        public Builder store(ApprovalStore approvalStore) {
            this.store = approvalStore;
            return this;
        }

        /** Sets the clocks of tickets in memory. Other stores have their own. Default: the JVM's clocks. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /**
         * Sets where ids come from. No one must be able to guess them. Default: 80 bits of
         * {@link java.security.SecureRandom}.
         */
        public Builder ids(Supplier<String> idSource) {
            this.ids = idSource;
            return this;
        }

        /**
         * Sets the listener for new tickets. It runs on the thread that decides, so it must be quick. If it throws, the
         * call is denied, the engine's listener is notified, and the ticket is removed. Default: none.
         */
        public Builder onOpened(Consumer<Ticket> listener) {
            this.opened = listener;
            return this;
        }

        /** Sets how many tickets are held at most, including answered ones. Default: 10,000. */
        public Builder maxTickets(int max) {
            this.maxTickets = positive("maxTickets", max);
            return this;
        }

        /**
         * Sets how many tickets of one identity may wait for an answer. For callers without an identity, the bound
         * applies to each session. Default: 20.
         */
        public Builder maxPendingPerIdentity(int max) {
            this.maxPendingPerIdentity = positive("maxPendingPerIdentity", max);
            return this;
        }

        /**
         * Sets how many bytes all arguments and other parameters together may have, as JSON. Kept, they take
         * several times as much. Default: 16 MiB.
         */
        public Builder maxArgumentBytes(int max) {
            this.maxBytes = positive("maxArgumentBytes", max);
            return this;
        }

        /**
         * Sets how many of these bytes the tickets of one identity may have, including answered ones. For callers
         * without an identity, the bound applies to each session. Default: 2 MiB.
         */
        public Builder maxArgumentBytesPerIdentity(int max) {
            this.maxBytesPerIdentity = positive("maxArgumentBytesPerIdentity", max);
            return this;
        }

        /** Creates the tickets. */
        public ApprovalTickets build() {
            return new ApprovalTickets(this);
        }

        private static int positive(String name, int value) {
            if (value <= 0) {
                throw new IllegalArgumentException(name + " must be positive, was " + value);
            }
            return value;
        }
    }
}
