package dev.interlock.policy.approval;

import dev.interlock.policy.Policy;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands out tickets, for callers that can't wait as long as a person takes. A call that needs approval is answered at once,
 * with a ticket's id; a person answers the ticket through {@link #approve} or {@link #deny}; and when the agent makes the
 * same call again, it passes or is denied accordingly.
 *
 * <ul>
 *   <li>A ticket is good for calls of the same identity, server, tool and arguments, under the same policy. Arguments are
 *       the same if they are equal by value: the order of members doesn't matter, nor whether one is written {@code 1} or
 *       {@code 1.0}; {@code 1} and {@code "1"} are different. Equal calls share one ticket while it is pending.
 *   <li>A yes admits one call, and is used up by it. It is given back only if that call was surely never sent, and only if
 *       no other ticket has been opened for such a call meanwhile.
 *   <li>A no is kept, so that the agent can't ask again at once what was just denied.
 *   <li>A ticket expires if nobody answers it within the rule's {@code approval_timeout}; and once more that long after the
 *       answer. Giving a yes back doesn't make it last longer.
 *   <li>Memory is bounded: so many tickets in all, so many bytes of arguments, so many pending tickets of one identity.
 *       Past a bound no ticket is opened and the call is denied.
 * </ul>
 *
 * <p>Thread-safe. Whoever can reach this object can approve, so it must not be within an agent's reach.
 */
public final class ApprovalTickets implements ApprovalHandler {

    private static final Duration LONGEST = Duration.ofDays(365);

    private final TimeSource time;
    /** The monotonic clock may stand anywhere; moments counted from here can be put in order. */
    private final long originNanos;

    private final Supplier<String> ids;
    private final Consumer<Ticket> opened;
    private final int maxTickets;
    private final int maxPendingPerIdentity;
    private final long maxBytes;

    private final Map<String, Entry> byId = new HashMap<>();
    /** The tickets that an equal call finds: all but those that are used up. */
    private final Map<Binding, Entry> byCall = new HashMap<>();

    private final TreeSet<Entry> byExpiry = new TreeSet<>(
            Comparator.<Entry>comparingLong(entry -> entry.expiresNanos).thenComparing(entry -> entry.id));
    private final Map<@Nullable String, Integer> pendingByIdentity = new HashMap<>();
    private long bytes;

    private ApprovalTickets(Builder builder) {
        this.time = builder.time;
        this.originNanos = time.monotonicNanos();
        this.ids = builder.ids;
        this.opened = builder.opened;
        this.maxTickets = builder.maxTickets;
        this.maxPendingPerIdentity = builder.maxPendingPerIdentity;
        this.maxBytes = builder.maxBytes;
    }

    /** Tickets with the usual bounds. */
    public static ApprovalTickets create() {
        return builder().build();
    }

    /** Tickets with settings of one's own. */
    public static Builder builder() {
        return new Builder();
    }

    /** What an answer to a ticket came to. */
    public enum Outcome {
        /** It counts. */
        ACCEPTED,
        /** Somebody has answered the ticket before. */
        ALREADY_ANSWERED,
        /** There is no such ticket, or it has expired. */
        UNKNOWN
    }

    /** What a ticket is good for, apart from the policy. */
    private record Binding(
            @Nullable String identity, @Nullable String server, String tool, ObjectValue arguments) {

        static Binding of(ApprovalRequest request) {
            return new Binding(
                    request.identity(),
                    request.server(),
                    request.tool(),
                    request.arguments().root());
        }
    }

    /** A ticket; guarded by the object that it belongs to. */
    private static final class Entry {
        final String id;
        final ApprovalRequest request;
        final Binding binding;
        final Instant opened;
        /** The policy as it was last compared: comparing the same object again takes no time. */
        Policy policy;

        long expiresNanos;
        Ticket.State state = Ticket.State.PENDING;
        /** Whether a call is under way that this ticket has admitted. */
        boolean used;

        @Nullable
        String by;

        @Nullable
        String reason;

        @Nullable
        Arguments arguments;

        Entry(String id, ApprovalRequest request, Instant opened, long expiresNanos) {
            this.id = id;
            this.request = request;
            this.binding = Binding.of(request);
            this.opened = opened;
            this.policy = request.policy();
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

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        Ticket fresh = null;
        ApprovalAnswer answer;
        synchronized (this) {
            long now = sweep();
            Entry entry = byCall.get(Binding.of(request));
            if (entry != null && !isUnder(entry, request.policy())) {
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
            opened.accept(fresh);
        }
        return CompletableFuture.completedFuture(answer);
    }

    // The same object first: to compare two policies of equal content takes long.
    @SuppressWarnings("ReferenceEquality")
    private static boolean isUnder(Entry entry, Policy policy) {
        if (entry.policy == policy) {
            return true;
        }
        boolean equal = entry.policy.equals(policy);
        if (equal) {
            entry.policy = policy;
        }
        return equal;
    }

    private @Nullable String reachedBound(ApprovalRequest request) {
        if (pendingByIdentity.getOrDefault(request.identity(), 0) >= maxPendingPerIdentity) {
            return "too many of this caller's tickets wait for an answer already";
        }
        boolean full = byId.size() >= maxTickets || bytes + request.arguments().bytes() > maxBytes;
        return full ? "no more tickets can be held at the moment" : null;
    }

    private Entry open(ApprovalRequest request, long now) {
        Entry entry =
                new Entry(ids.get(), request, Instant.ofEpochMilli(time.wallMillis()), now + nanos(request.timeout()));
        if (byId.putIfAbsent(entry.id, entry) != null) {
            throw new IllegalStateException("the source of ids gave one twice");
        }
        byCall.put(entry.binding, entry);
        byExpiry.add(entry);
        pendingByIdentity.merge(entry.binding.identity(), 1, Integer::sum);
        bytes += request.arguments().bytes();
        return entry;
    }

    private ApprovalAnswer answer(Entry entry, long now) {
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
        Entry entry = yes.ticket() == null ? null : byId.get(yes.ticket());
        if (entry == null || !entry.used) {
            return;
        }
        entry.used = false;
        if (byCall.putIfAbsent(entry.binding, entry) != null) {
            remove(entry);
        }
    }

    // ---- for the person

    /** The tickets that have not expired and are not used up, the oldest first. */
    public synchronized List<Ticket> list() {
        long now = sweep();
        return byCall.values().stream()
                .map(entry -> entry.seen(now))
                .sorted(Comparator.comparing(Ticket::opened).thenComparing(Ticket::id))
                .toList();
    }

    /** The ticket of that id; empty if there is none, or it has expired or is used up. */
    public synchronized Optional<Ticket> find(String id) {
        long now = sweep();
        Entry entry = byId.get(id);
        return entry == null || entry.used ? Optional.empty() : Optional.of(entry.seen(now));
    }

    /**
     * Says yes.
     *
     * @param by who says so, for the record
     */
    public Outcome approve(String id, @Nullable String by) {
        return answer(id, Ticket.State.APPROVED, by, null, null);
    }

    /**
     * Says yes to other arguments. When the agent makes its call again, these are decided on and sent in the place of
     * its own.
     *
     * @param by who says so, for the record
     */
    public Outcome approve(String id, @Nullable String by, Arguments narrower) {
        return answer(id, Ticket.State.APPROVED, by, null, narrower);
    }

    /**
     * Says no.
     *
     * @param by who says so, for the record
     * @param reason what the agent is told; null for nothing
     */
    public Outcome deny(String id, @Nullable String by, @Nullable String reason) {
        return answer(id, Ticket.State.DENIED, by, reason, null);
    }

    /**
     * Forgets a ticket, also one that is answered: a yes that has not been used is taken back.
     *
     * @return whether there was such a ticket
     */
    public synchronized boolean expire(String id) {
        sweep();
        Entry entry = byId.get(id);
        if (entry == null || entry.used) {
            return false;
        }
        remove(entry);
        return true;
    }

    private synchronized Outcome answer(
            String id,
            Ticket.State state,
            @Nullable String by,
            @Nullable String reason,
            @Nullable Arguments arguments) {
        long now = sweep();
        Entry entry = byId.get(id);
        if (entry == null) {
            return Outcome.UNKNOWN;
        }
        if (!entry.isPending()) {
            return Outcome.ALREADY_ANSWERED;
        }
        noLongerPending(entry);
        entry.state = state;
        entry.by = by;
        entry.reason = reason;
        entry.arguments = arguments;
        byExpiry.remove(entry);
        entry.expiresNanos = now + nanos(entry.request.timeout());
        byExpiry.add(entry);
        return Outcome.ACCEPTED;
    }

    // ---- bookkeeping

    /** Forgets what has expired; answers what time it is. */
    private long sweep() {
        long now = time.monotonicNanos() - originNanos;
        while (!byExpiry.isEmpty() && byExpiry.first().expiresNanos <= now) {
            remove(byExpiry.first());
        }
        return now;
    }

    private void remove(Entry entry) {
        byExpiry.remove(entry);
        byId.remove(entry.id);
        byCall.remove(entry.binding, entry);
        bytes -= entry.request.arguments().bytes();
        if (entry.isPending()) {
            noLongerPending(entry);
        }
    }

    private void noLongerPending(Entry entry) {
        pendingByIdentity.computeIfPresent(
                entry.binding.identity(), (identity, count) -> count == 1 ? null : count - 1);
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

        private Builder() {}

        /** Where time comes from. Default: the JVM's clocks. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        /** Where ids come from; nobody must be able to guess them. Default: 80 bits of {@link java.security.SecureRandom}. */
        public Builder ids(Supplier<String> idSource) {
            this.ids = idSource;
            return this;
        }

        /**
         * Who is told of each new ticket, on the thread that decides: it must be quick. If it throws, the call is denied and
         * the engine's listener told; the ticket stays. Default: nobody.
         */
        public Builder onOpened(Consumer<Ticket> listener) {
            this.opened = listener;
            return this;
        }

        /** How many tickets are held at most, answered ones included. Default: 10,000. */
        public Builder maxTickets(int max) {
            this.maxTickets = positive("maxTickets", max);
            return this;
        }

        /** How many tickets of one identity may wait for an answer; callers without one count as one. Default: 20. */
        public Builder maxPendingPerIdentity(int max) {
            this.maxPendingPerIdentity = positive("maxPendingPerIdentity", max);
            return this;
        }

        /** How many bytes all arguments together may have, as JSON; in memory they take several times as much. Default: 16 MiB. */
        public Builder maxArgumentBytes(int max) {
            this.maxBytes = positive("maxArgumentBytes", max);
            return this;
        }

        /** The tickets. */
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
