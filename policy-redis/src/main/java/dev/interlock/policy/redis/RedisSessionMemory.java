package dev.interlock.policy.redis;

import dev.interlock.policy.Mark;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Keeps the marks of sessions in Redis, as {@link RedisStore} says. Thread-safe. */
final class RedisSessionMemory implements SessionMemory {

    private static final double IDLE_MICROS = Mark.IDLE.toNanos() / 1e3;
    private static final byte[] CALL = RedisConnection.ascii("call");
    private static final byte[] READ = RedisConnection.ascii("read");
    private static final byte[] NOTHING = {};

    private final RedisAccess access;
    private final KeyNames names;
    private final double leaseMillis;
    private final double toleranceMillis;
    private final double maxSessions;

    RedisSessionMemory(RedisAccess access, KeyNames names, Duration lease, Duration clockTolerance, int maxSessions) {
        this.access = access;
        this.names = names;
        this.leaseMillis = lease.toMillis();
        this.toleranceMillis = clockTolerance.toMillis();
        this.maxSessions = maxSessions;
    }

    /** Room for one call, and which of its changes comes next. */
    private static final class KeptRoom implements MarkRoom.Kept {
        private final RedisSessionMemory owner;
        private final MarkClaim claim;
        private final String id = UUID.randomUUID().toString();
        private final AtomicInteger changes = new AtomicInteger();
        private final AtomicBoolean ended = new AtomicBoolean();

        KeptRoom(RedisSessionMemory owner, MarkClaim claim) {
            this.owner = owner;
            this.claim = claim;
        }
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public SessionMarks call(String session) {
        return RedisAccess.await(look(session, CALL));
    }

    @Override
    public CompletionStage<SessionMarks> callAsync(String session) {
        return access.handedOver(look(session, CALL));
    }

    @Override
    public SessionMarks read(String session) {
        return RedisAccess.await(look(session, READ));
    }

    private CompletableFuture<SessionMarks> look(String session, byte[] how) {
        byte[][] keys = {names.session(names.sessionTag(session), session)};
        return access.ask(Script.SESSION_LOOK, keys, new byte[][] {time(), head(), how})
                .thenApply(answer -> answer.length == 0 ? SessionMarks.NONE : new SessionInRedis(answer).marks());
    }

    @Override
    public MarkRoom reserve(MarkClaim claim) {
        return room(claim, false).join();
    }

    @Override
    public CompletionStage<MarkRoom> reserveAsync(MarkClaim claim) {
        return access.handedOver(room(claim, false));
    }

    @Override
    public MarkRoom.@Nullable Shortage refusal(MarkClaim claim) {
        return room(claim, true).join() instanceof MarkRoom.None none ? none.reason() : null;
    }

    private CompletableFuture<MarkRoom> room(MarkClaim claim, boolean onlyAsked) {
        KeptRoom room = new KeptRoom(this, claim);
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(time());
        arguments.add(head(leaseMillis, maxSessions, onlyAsked ? 1 : 0));
        arguments.add(PackedTexts.bytes(claim.session()));
        addClaim(arguments, claim);
        return access.ask(Script.SESSION_ROOM, keys(room), arguments.toArray(byte[][]::new))
                .handle((answer, failure) -> {
                    if (answer == null) {
                        // What was reserved all the same is given back.
                        if (!onlyAsked) {
                            access.tell(Script.SESSION_CHANGE, keys(room), change(room, SessionChange.NONE));
                        }
                        return new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE);
                    }
                    return switch (answer[0]) {
                        case 'K' -> room;
                        case 'V' -> new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_VALUES);
                        case 'S' -> new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_SESSIONS);
                        default -> new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE);
                    };
                });
    }

    private byte[][] keys(KeptRoom room) {
        String session = room.claim.session();
        String tag = names.sessionTag(session);
        return new byte[][] {
            names.session(tag, session),
            names.plain(tag, "moment"),
            names.plain(tag, "room:" + room.id),
            names.sessionValues(tag, session),
            names.sessionsOfCaller(tag, room.claim.caller()),
            names.plain(tag, "sessions-all:" + (room.claim.caller().identified() ? "i" : "s"))
        };
    }

    private static void addClaim(List<byte[]> arguments, MarkClaim claim) {
        claim.values().forEach((mark, values) -> {
            byte[] name = PackedTexts.bytes(mark);
            for (String value : values) {
                arguments.add(name);
                arguments.add(PackedTexts.bytes(value));
            }
        });
    }

    @Override
    public void change(String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        RedisAccess.await(changed(session, room, change));
    }

    @Override
    public CompletionStage<@Nullable Void> changeAsync(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        return access.handedOver(changed(session, room, change));
    }

    private CompletableFuture<@Nullable Void> changed(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        if (room == null) {
            if (change.clears().isEmpty()) {
                return CompletableFuture.completedFuture(null);
            }
            String tag = names.sessionTag(session);
            byte[][] keys = {names.session(tag, session), names.plain(tag, "moment")};
            return done(access.ask(
                    Script.SESSION_CHANGE,
                    keys,
                    change(session, null, 0, new SessionChange(change.clears(), change.before(), List.of(), true))));
        }
        if (!(room instanceof KeptRoom kept) || !kept.owner.equals(this)) {
            throw new IllegalArgumentException("the room is none of this memory");
        }
        if (change.last() ? !kept.ended.compareAndSet(false, true) : kept.ended.get()) {
            return CompletableFuture.completedFuture(null);
        }
        return done(access.ask(Script.SESSION_CHANGE, keys(kept), change(kept, change))
                .whenComplete((answer, failure) -> {
                    if (failure != null && change.last()) {
                        // It may be tried again: if it was made after all, the server knows.
                        kept.ended.set(false);
                    }
                }));
    }

    private static CompletableFuture<@Nullable Void> done(CompletableFuture<byte[]> answer) {
        return answer.thenApply(done -> null);
    }

    private byte[][] change(KeptRoom room, SessionChange change) {
        return change(room.claim.session(), room.claim, room.changes.incrementAndGet(), change);
    }

    private byte[][] change(String session, @Nullable MarkClaim claim, int turn, SessionChange change) {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(time());
        arguments.add(head(leaseMillis, (double) change.before(), turn, change.last() ? 1 : 0));
        arguments.add(PackedTexts.bytes(session));
        arguments.add(number(change.clears().size()));
        change.clears().forEach(mark -> arguments.add(PackedTexts.bytes(mark)));
        arguments.add(number(change.marks().size()));
        for (NewMark mark : change.marks()) {
            List<String> values = mark.values() == null ? List.of() : mark.values();
            arguments.add(PackedTexts.bytes(mark.name()));
            arguments.add(RedisConnection.ascii(kind(mark)));
            arguments.add(mark.lasting() == null ? NOTHING : micros(mark.lasting()));
            arguments.add(number(values.size()));
            values.forEach(value -> arguments.add(PackedTexts.bytes(value)));
        }
        if (claim != null && change.last()) {
            addClaim(arguments, claim);
        }
        return arguments.toArray(byte[][]::new);
    }

    private static String kind(NewMark mark) {
        if (!mark.known()) {
            return mark.values() == null ? "p" : "u";
        }
        return mark.values() == null ? "p" : mark.values().stream().anyMatch(RedisSessionMemory::isTooLong) ? "l" : "v";
    }

    private static boolean isTooLong(String value) {
        return value.length() > LONGEST_VALUE && value.codePointCount(0, value.length()) > LONGEST_VALUE;
    }

    private static byte[] micros(Duration lasting) {
        // Up: what lasts a part of a microsecond does not end before it.
        return number(lasting.plusNanos(999).toNanos() / 1_000);
    }

    private static byte[] number(long number) {
        return RedisConnection.ascii(Long.toString(number));
    }

    private byte[] time() {
        return RedisConnection.ascii(access.serverTime());
    }

    private byte[] head(double... more) {
        double[] head = new double[2 + more.length];
        head[0] = IDLE_MICROS;
        head[1] = toleranceMillis;
        System.arraycopy(more, 0, head, 2, more.length);
        return SlotRequest.doubles(head);
    }
}
