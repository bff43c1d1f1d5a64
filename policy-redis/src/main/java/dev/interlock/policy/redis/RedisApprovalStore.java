package dev.interlock.policy.redis;

import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.StrictJson;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps tickets in Redis, all in one slot, as {@link RedisStore} says. Thread-safe. */
final class RedisApprovalStore implements ApprovalStore {

    private static final ValueLimits KEPT = new ValueLimits(512, 64 << 20);
    private static final Duration LONGEST = Duration.ofDays(365);

    /** How many tickets one answer has. */
    private static final int SHOWN = 50;

    private final RedisAccess access;
    private final KeyNames names;
    private final byte[] toleranceMillis;
    private final byte[] tickets;
    private final byte[] sums;

    RedisApprovalStore(RedisAccess access, KeyNames names, Duration clockTolerance) {
        this.access = access;
        this.names = names;
        this.toleranceMillis = number(clockTolerance.toMillis());
        this.tickets = names.plain(names.commonTag(), "tickets");
        this.sums = names.plain(names.commonTag(), "ticket-sums");
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public TicketClaim claim(NewTicket fresh, TicketBounds bounds) {
        return RedisAccess.await(claimed(fresh, bounds));
    }

    @Override
    public CompletionStage<TicketClaim> claimAsync(NewTicket fresh, TicketBounds bounds) {
        return access.handedOver(claimed(fresh, bounds));
    }

    private CompletableFuture<TicketClaim> claimed(NewTicket fresh, TicketBounds bounds) {
        // The id of a ticket is new with each claim, so it tells a claim that is sent again.
        byte[] claim = done(fresh.id());
        Duration lasting = fresh.lasting().compareTo(LONGEST) > 0 ? LONGEST : fresh.lasting();
        return asked(
                        claim,
                        "claim",
                        PackedTexts.bytes(fresh.id()),
                        PackedTexts.bytes(fresh.binding()),
                        PackedTexts.bytes(fresh.holder()),
                        PackedTexts.bytes(fresh.request().json()),
                        number(fresh.bytes()),
                        number(lasting.toNanos() / 1_000),
                        number(bounds.tickets()),
                        number(bounds.pendingOfHolder()),
                        number(bounds.bytes()),
                        number(bounds.bytesOfHolder()))
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        // A yes that was used all the same admits nothing.
                        access.tell(Script.TICKETS, keys(claim), arguments("cancel"));
                    }
                })
                .thenApply(RedisApprovalStore::claim);
    }

    private static TicketClaim claim(PackedTexts answer) {
        String kind = answer.text();
        return switch (kind) {
            case "O" -> new TicketClaim.Opened(ticket(answer.text(), answer));
            case "F" -> new TicketClaim.Found(ticket(answer.text(), answer));
            case "P" -> new TicketClaim.Full(TicketClaim.Bound.PENDING_OF_HOLDER);
            case "B" -> new TicketClaim.Full(TicketClaim.Bound.BYTES_OF_HOLDER);
            case "T" -> new TicketClaim.Full(TicketClaim.Bound.TOTAL);
            case "D" -> throw new IllegalStateException("the source of ids gave one twice");
            default -> throw new UnavailableException("Redis was not asked in time for a ticket");
        };
    }

    private static Ticket ticket(String id, PackedTexts answer) {
        Ticket.State state = Ticket.State.valueOf(answer.text().toUpperCase(Locale.ROOT));
        Instant opened = Instant.EPOCH.plus(answer.number(), ChronoUnit.MICROS);
        Duration left = Duration.ofNanos(1_000 * answer.number());
        String by = answer.next();
        String reason = answer.next();
        String arguments = answer.next();
        ApprovalRequest request = ApprovalRequest.parse(answer.text());
        return new Ticket(id, request, state, opened, left, by, reason, arguments == null ? null : parsed(arguments));
    }

    private static Arguments parsed(String json) {
        ObjectValue root = StrictJson.object(json, KEPT);
        if (root == null) {
            throw new InvalidValueException("the arguments of a ticket in Redis can't be read");
        }
        return Arguments.of(root);
    }

    @Override
    public void giveBack(String id) {
        RedisAccess.await(asked(done(null), "give back", PackedTexts.bytes(id)));
    }

    @Override
    public CompletionStage<@Nullable Void> giveBackAsync(String id) {
        CompletableFuture<@Nullable Void> done =
                asked(done(null), "give back", PackedTexts.bytes(id)).thenApply(answer -> null);
        return access.handedOver(done);
    }

    /** Fifty are read at one moment, and the others of a longer list after them, as far as they are still there. */
    @Override
    public List<Ticket> list() {
        List<Ticket> all = new ArrayList<>();
        List<byte[]> others = read(RedisAccess.await(asked(null, "read")), all);
        List<CompletableFuture<PackedTexts>> pages = new ArrayList<>();
        for (int i = 0; i < others.size(); i += SHOWN) {
            byte[][] page =
                    others.subList(i, Math.min(others.size(), i + SHOWN)).toArray(byte[][]::new);
            pages.add(asked(null, "read", page));
        }
        pages.forEach(page -> read(RedisAccess.await(page), all));
        all.sort(Comparator.comparing(Ticket::opened).thenComparing(Ticket::id));
        return List.copyOf(all);
    }

    /** Adds the tickets of an answer, and returns the ids of those that are not in it. */
    private static List<byte[]> read(PackedTexts answer, List<Ticket> all) {
        int count = (int) answer.number() / 8;
        for (int i = 0; i < count; i++) {
            all.add(ticket(answer.text(), answer));
        }
        List<byte[]> others = new ArrayList<>();
        while (answer.hasNext()) {
            others.add(PackedTexts.bytes(answer.text()));
        }
        return others;
    }

    @Override
    public Optional<Ticket> find(String id) {
        List<Ticket> found = new ArrayList<>();
        read(RedisAccess.await(asked(null, "read", PackedTexts.bytes(id))), found);
        return found.stream().findFirst();
    }

    @Override
    public AnswerResult answer(String id, TicketAnswer answer) {
        List<byte[]> what = new ArrayList<>();
        what.add(PackedTexts.bytes(id));
        what.add(RedisConnection.ascii(answer.yes() ? "approved" : "denied"));
        add(what, "by", answer.by());
        add(what, "reason", answer.reason());
        add(what, "arguments", answer.arguments() == null ? null : written(answer.arguments()));
        return AnswerResult.valueOf(RedisAccess.await(asked(done(null), "answer", what.toArray(byte[][]::new)))
                .text());
    }

    private static void add(List<byte[]> what, String name, @Nullable String text) {
        if (text != null) {
            what.add(RedisConnection.ascii(name));
            what.add(PackedTexts.bytes(text));
        }
    }

    /** Refuses what would be read otherwise than it was meant. */
    private static String written(Arguments arguments) {
        String json = arguments.root().json();
        if (!parsed(json).equals(arguments)) {
            throw new InvalidValueException("the arguments can't be kept in Redis as they are");
        }
        return json;
    }

    @Override
    public boolean remove(String id) {
        return RedisAccess.await(removed(id));
    }

    @Override
    public CompletionStage<Boolean> removeAsync(String id) {
        return access.handedOver(removed(id));
    }

    private CompletableFuture<Boolean> removed(String id) {
        return asked(done(null), "remove", PackedTexts.bytes(id))
                .thenApply(answer -> answer.text().equals("1"));
    }

    /** The record of a request, so that it is carried out once even if it is sent twice. */
    private byte[] done(@Nullable String id) {
        String name = id == null ? UUID.randomUUID().toString() : id;
        return names.call(names.commonTag(), "ticket " + name);
    }

    private CompletableFuture<PackedTexts> asked(byte @Nullable [] done, String command, byte[]... what) {
        return access.ask(Script.TICKETS, keys(done), arguments(command, what)).thenApply(PackedTexts::new);
    }

    private byte[][] keys(byte @Nullable [] done) {
        return done == null ? new byte[][] {tickets, sums} : new byte[][] {tickets, sums, done};
    }

    private byte[][] arguments(String command, byte[]... what) {
        byte[][] arguments = new byte[4 + what.length][];
        arguments[0] = RedisConnection.ascii(access.serverTime());
        arguments[1] = number(RedisAccess.REMEMBERED.toMillis());
        arguments[2] = toleranceMillis;
        arguments[3] = RedisConnection.ascii(command);
        System.arraycopy(what, 0, arguments, 4, what.length);
        return arguments;
    }

    private static byte[] number(long number) {
        return RedisConnection.ascii(Long.toString(number));
    }
}
