package dev.interlock.policy.approval;

import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
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
 *   <li>Memory is bounded. There are bounds for the number of all tickets, for the bytes that callers have supplied,
 *       and for each identity's pending tickets and bytes. Callers without an identity are distinguished by their
 *       session. Beyond a bound no ticket is opened and the call is denied.
 * </ul>
 *
 * <p>Thread-safe. Any code that can reach this object can approve, so keep it out of an agent's reach.
 */
public final class ApprovalTickets implements ApprovalHandler {

    private static final Duration LONGEST = Duration.ofDays(365);

    private final TimeSource time;
    /** The monotonic clock may start anywhere. Times counted from this origin can be compared. */
    private final long originNanos;

    private final Supplier<String> ids;
    private final Consumer<Ticket> opened;
    private final int maxTickets;
    private final int maxPendingPerIdentity;
    private final long maxBytes;
    private final long maxBytesPerIdentity;

    private final Map<String, TicketEntry> byId = new HashMap<>();
    /** The tickets that an equal call finds: all except those that are used up. */
    private final Map<Binding, TicketEntry> byCall = new HashMap<>();

    private final TreeSet<TicketEntry> byExpiry = new TreeSet<>(
            Comparator.<TicketEntry>comparingLong(entry -> entry.expiresNanos).thenComparing(entry -> entry.id));
    private final Map<TicketHolder, Share> shares = new HashMap<>();
    private long bytes;

    private ApprovalTickets(Builder builder) {
        this.time = builder.time;
        this.originNanos = time.monotonicNanos();
        this.ids = builder.ids;
        this.opened = builder.opened;
        this.maxTickets = builder.maxTickets;
        this.maxPendingPerIdentity = builder.maxPendingPerIdentity;
        this.maxBytes = builder.maxBytes;
        this.maxBytesPerIdentity = builder.maxBytesPerIdentity;
    }

    /** Creates tickets with the default bounds. */
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

    /** What a ticket is valid for, apart from the policy. */
    private record Binding(
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            String tool,
            ObjectValue arguments,
            ObjectValue parameters,
            ObjectValue context,
            List<AskingRule> rules) {

        static Binding of(ApprovalRequest request) {
            return new Binding(
                    request.identity(),
                    request.session(),
                    request.server(),
                    request.tool(),
                    request.arguments().root(),
                    request.parameters(),
                    request.bound(),
                    request.rules());
        }
    }

    /** The owner of tickets: an identity or, without one, a session. */
    private record TicketHolder(
            @Nullable String identity, @Nullable String session) {

        static TicketHolder of(ApprovalRequest request) {
            return new TicketHolder(request.identity(), request.identity() == null ? request.session() : null);
        }
    }

    /** How much of the bounded places one holder uses. */
    private static final class Share {
        int tickets;
        int pending;
        long bytes;
    }

    /** A ticket. Guarded by the enclosing object. */
    private static final class TicketEntry {
        final String id;
        final ApprovalRequest request;
        final Binding binding;
        final TicketHolder holder;
        final long bytes;
        final Instant opened;
        long expiresNanos;
        Ticket.State state = Ticket.State.PENDING;
        /** Whether this ticket has admitted a call that is still under way. */
        boolean used;

        @Nullable
        String by;

        @Nullable
        String reason;

        @Nullable
        Arguments arguments;

        TicketEntry(String id, ApprovalRequest request, Instant opened, long expiresNanos) {
            this.id = id;
            this.request = request;
            this.binding = Binding.of(request);
            this.holder = TicketHolder.of(request);
            this.bytes = bytes(request);
            this.opened = opened;
            this.expiresNanos = expiresNanos;
        }

        boolean isPending() {
            return state == Ticket.State.PENDING;
        }

        Ticket seen(long nowNanos) {
            Duration left = Duration.ofNanos(expiresNanos - nowNanos);
            return new Ticket(id, request, state, opened, left, by, reason, arguments);
        }
    }

    // ---- for the engine

    /** The person who answers a ticket sees all its rules, and answers for all of them. */
    @Override
    public boolean asksForAllRules() {
        return true;
    }

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        Ticket fresh = null;
        ApprovalAnswer answer;
        synchronized (this) {
            long now = sweep();
            TicketEntry entry = byCall.get(Binding.of(request));
            if (entry != null && !entry.request.policy().equals(request.policy())) {
                remove(entry);
                entry = null;
            }
            if (entry == null) {
                String bound = reachedBound(request);
                if (bound != null) {
                    return CompletableFuture.completedFuture(new ApprovalAnswer.Unasked(bound));
                }
                entry = open(request, now);
                fresh = entry.seen(now);
            }
            answer = answer(entry, now);
        }
        if (fresh != null) {
            tell(fresh);
        }
        return CompletableFuture.completedFuture(answer);
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
                expire(fresh.id());
            }
        }
    }

    private @Nullable String reachedBound(ApprovalRequest request) {
        Share share = shares.get(TicketHolder.of(request));
        if (share != null && share.pending >= maxPendingPerIdentity) {
            return "too many of this caller's tickets wait for an answer already";
        }
        long size = bytes(request);
        if ((share == null ? 0 : share.bytes) + size > maxBytesPerIdentity) {
            return "this caller's tickets hold too much already";
        }
        boolean full = byId.size() >= maxTickets || bytes + size > maxBytes;
        return full ? "no more tickets can be held at the moment" : null;
    }

    /** How much of a ticket's content the caller has chosen, as bytes of JSON. */
    private static long bytes(ApprovalRequest request) {
        long parameters = request.parameters().size() == 0
                ? 0
                : request.parameters().json().getBytes(StandardCharsets.UTF_8).length;
        return request.arguments().bytes() + parameters;
    }

    private TicketEntry open(ApprovalRequest request, long now) {
        TicketEntry entry = new TicketEntry(
                ids.get(), request, Instant.ofEpochMilli(time.wallMillis()), now + nanos(request.timeout()));
        if (byId.putIfAbsent(entry.id, entry) != null) {
            throw new IllegalStateException("the source of ids gave one twice");
        }
        byCall.put(entry.binding, entry);
        byExpiry.add(entry);
        Share share = shares.computeIfAbsent(entry.holder, holder -> new Share());
        share.tickets++;
        share.pending++;
        share.bytes += entry.bytes;
        bytes += entry.bytes;
        return entry;
    }

    private ApprovalAnswer answer(TicketEntry entry, long now) {
        return switch (entry.state) {
            case PENDING -> new ApprovalAnswer.Pending(entry.id, Duration.ofNanos(entry.expiresNanos - now));
            case DENIED -> new ApprovalAnswer.Refused(entry.by, entry.reason, entry.id);
            case APPROVED -> {
                entry.used = true;
                byCall.remove(entry.binding, entry);
                yield new ApprovalAnswer.Approved(entry.by, entry.arguments, entry.id);
            }
        };
    }

    @Override
    public synchronized void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
        sweep();
        TicketEntry entry = yes.ticket() == null ? null : byId.get(yes.ticket());
        if (entry == null || !entry.used) {
            return;
        }
        entry.used = false;
        if (byCall.putIfAbsent(entry.binding, entry) != null) {
            remove(entry);
        }
    }

    // ---- for the person

    /** Returns the tickets that have not expired and are not used up, the oldest first. */
    public synchronized List<Ticket> list() {
        long now = sweep();
        return byCall.values().stream()
                .map(entry -> entry.seen(now))
                .sorted(Comparator.comparing(Ticket::opened).thenComparing(Ticket::id))
                .toList();
    }

    /** Returns the ticket with this id; empty if there is none, or if it has expired or is used up. */
    public synchronized Optional<Ticket> find(String id) {
        long now = sweep();
        TicketEntry entry = byId.get(id);
        return entry == null || entry.used ? Optional.empty() : Optional.of(entry.seen(now));
    }

    /**
     * Says yes to a ticket.
     *
     * @param by who says so, for the record
     */
    public AnswerResult approve(String id, @Nullable String by) {
        return answer(id, Ticket.State.APPROVED, by, null, null);
    }

    /**
     * Says yes to other arguments. When the agent makes its call again, the policy decides on these arguments, and they
     * are sent instead of the agent's own.
     *
     * @param by who says so, for the record
     */
    public AnswerResult approve(String id, @Nullable String by, Arguments narrower) {
        return answer(id, Ticket.State.APPROVED, by, null, narrower);
    }

    /**
     * Says no to a ticket.
     *
     * @param by who says so, for the record
     * @param reason what the agent is told; null for nothing
     */
    public AnswerResult deny(String id, @Nullable String by, @Nullable String reason) {
        return answer(id, Ticket.State.DENIED, by, reason, null);
    }

    /**
     * Removes a ticket, even one that is answered. A yes that has not been used is taken back.
     *
     * @return whether there was such a ticket
     */
    public synchronized boolean expire(String id) {
        sweep();
        TicketEntry entry = byId.get(id);
        if (entry == null || entry.used) {
            return false;
        }
        remove(entry);
        return true;
    }

    private synchronized AnswerResult answer(
            String id,
            Ticket.State state,
            @Nullable String by,
            @Nullable String reason,
            @Nullable Arguments arguments) {
        long now = sweep();
        TicketEntry entry = byId.get(id);
        if (entry == null) {
            return AnswerResult.UNKNOWN;
        }
        if (!entry.isPending()) {
            return AnswerResult.ALREADY_ANSWERED;
        }
        noLongerPending(entry);
        entry.state = state;
        entry.by = by;
        entry.reason = reason;
        entry.arguments = arguments;
        byExpiry.remove(entry);
        entry.expiresNanos = now + nanos(entry.request.timeout());
        byExpiry.add(entry);
        return AnswerResult.ACCEPTED;
    }

    // ---- bookkeeping

    /** Forgets what has expired, and returns the current time. */
    private long sweep() {
        long now = time.monotonicNanos() - originNanos;
        while (!byExpiry.isEmpty() && byExpiry.first().expiresNanos <= now) {
            remove(byExpiry.first());
        }
        return now;
    }

    private void remove(TicketEntry entry) {
        byExpiry.remove(entry);
        byId.remove(entry.id);
        byCall.remove(entry.binding, entry);
        bytes -= entry.bytes;
        if (entry.isPending()) {
            noLongerPending(entry);
        }
        Share share = share(entry);
        share.bytes -= entry.bytes;
        share.tickets--;
        if (share.tickets == 0) {
            shares.remove(entry.holder);
        }
    }

    private void noLongerPending(TicketEntry entry) {
        share(entry).pending--;
    }

    private Share share(TicketEntry entry) {
        return Objects.requireNonNull(shares.get(entry.holder), "each holder of a ticket has a share");
    }

    private static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    /** Settings; each has a safe default. Not thread-safe. */
    public static final class Builder {

        private TimeSource time = TimeSource.system();
        private Supplier<String> ids = new TicketIds();
        private Consumer<Ticket> opened = ticket -> {};
        private int maxTickets = 10_000;
        private int maxPendingPerIdentity = 20;
        private long maxBytes = 16L << 20;
        private long maxBytesPerIdentity = 2L << 20;

        private Builder() {}

        /** Sets where time comes from. Default: the JVM's clocks. */
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
         * Sets how many bytes all arguments and other parameters together may have, as JSON. In memory they take
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
