package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Mark;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionRecord;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What one session has seen, and the room that is kept for its calls. Thread-safe. Marks are read without a lock unless
 * some of them have lapsed since they were read last.
 */
final class SessionCell {

    private static final long IDLE_NANOS = Mark.IDLE.toNanos();

    private static final VarHandle LAST;

    static {
        try {
            LAST = MethodHandles.lookup().findVarHandle(SessionCell.class, "last", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Set before the cell is shared. */
    Holdings.@Nullable Holding holding;

    private volatile HeldMarks held = HeldMarks.NONE;

    /** When the session's last call was. Never goes back. */
    private volatile long last;

    /** How many calls have room here. Guarded by this. */
    private int rooms;

    /** How many calls have room for a value of a mark; null if none has. Guarded by this. */
    private @Nullable Map<String, Map<String, Integer>> reserved;

    /** Guarded by this. */
    private boolean dead;

    SessionCell(long now) {
        this.last = now;
    }

    /** A session that was kept elsewhere. */
    SessionCell(long last, HeldMarks held) {
        this.last = last;
        this.held = held;
    }

    HeldMarks held() {
        return held;
    }

    long last() {
        return last;
    }

    /** When the last mark ends if the session makes no more calls; {@link Long#MIN_VALUE} if there is none. */
    synchronized long lastEnd(long now) {
        long idle = last + IDLE_NANOS;
        long end = Long.MIN_VALUE;
        for (HeldMark mark : current(now).marks().values()) {
            end = Math.max(end, mark.lastEnd(idle));
        }
        return end;
    }

    /** The marks now, at a call of the session. */
    SessionMarks call(long now) {
        while (true) {
            long before = last;
            if (now - before >= IDLE_NANOS) {
                return callAfterIdling(now);
            }
            if (now <= before || LAST.compareAndSet(this, before, now)) {
                break;
            }
        }
        HeldMarks marks = held;
        return now < marks.firstEnd() ? marks.shown() : current(now).shown();
    }

    private synchronized SessionMarks callAfterIdling(long now) {
        HeldMarks marks = current(now);
        touch(now);
        return marks.shown();
    }

    /** The marks now. */
    SessionMarks read(long now) {
        HeldMarks marks = held;
        return now < marks.firstEnd() && now - last < IDLE_NANOS
                ? marks.shown()
                : current(now).shown();
    }

    private synchronized HeldMarks current(long now) {
        HeldMarks marks = held.at(now, now - last >= IDLE_NANOS);
        held = marks;
        return marks;
    }

    private void touch(long now) {
        long before = last;
        while (now > before && !LAST.compareAndSet(this, before, now)) {
            before = last;
        }
    }

    /** What became of a claim. */
    enum Claimed {
        KEPT,
        TOO_MANY_VALUES,
        DEAD
    }

    /** Keeps room for a call. */
    synchronized Claimed claim(MarkClaim claim, long now) {
        if (dead) {
            return Claimed.DEAD;
        }
        HeldMarks marks = current(now);
        for (Map.Entry<String, Set<String>> entry : claim.values().entrySet()) {
            HeldMark mark = marks.marks().get(entry.getKey());
            Set<String> known = mark == null ? Set.of() : mark.values().keySet();
            if (!HeldMark.fitTogether(known, reserved(entry.getKey()), entry.getValue())) {
                return Claimed.TOO_MANY_VALUES;
            }
        }
        keep(claim);
        return Claimed.KEPT;
    }

    /** Keeps room that fits. */
    synchronized void keep(MarkClaim claim) {
        rooms++;
        claim.values().forEach((mark, values) -> values.forEach(value -> count(mark, value, 1)));
    }

    private Set<String> reserved(String mark) {
        return reserved == null
                ? Set.of()
                : reserved.getOrDefault(mark, Map.of()).keySet();
    }

    private void count(String mark, String value, int more) {
        Map<String, Map<String, Integer>> all = reserved == null ? new HashMap<>() : reserved;
        reserved = all;
        Map<String, Integer> counts = all.computeIfAbsent(mark, name -> new HashMap<>());
        counts.merge(value, more, (one, other) -> one + other == 0 ? null : one + other);
        if (counts.isEmpty()) {
            all.remove(mark);
            reserved = all.isEmpty() ? null : all;
        }
    }

    /**
     * Changes the marks.
     *
     * @param moments gives each change its moment
     */
    synchronized void change(SessionChange change, AtomicLong moments, long now) {
        if (change.clears().isEmpty() && change.marks().isEmpty()) {
            return;
        }
        HeldMarks before = current(now);
        touch(now);
        long moment = moments.incrementAndGet();
        Map<String, HeldMark> marks = new HashMap<>(before.marks());
        for (String cleared : change.clears()) {
            marks.computeIfPresent(cleared, (name, mark) -> mark.after(change.before()));
        }
        for (NewMark mark : change.marks()) {
            long end = mark.lasting() == null
                    ? Lifetime.IDLE
                    : end(now, mark.lasting().toNanos());
            if (end > now) {
                marks.put(mark.name(), HeldMark.set(marks.get(mark.name()), mark, moment, end, reserved(mark.name())));
            }
        }
        held = HeldMarks.of(marks, moment);
    }

    private static long end(long now, long nanos) {
        long end = now + nanos;
        return end < now ? Lifetime.IDLE - 1 : end;
    }

    /** Takes all marks away; false if there are none. What calls have room for stays reserved. */
    synchronized boolean clear(AtomicLong moments, long now) {
        boolean marked = !current(now).marks().isEmpty();
        if (marked) {
            held = HeldMarks.of(Map.of(), moments.incrementAndGet());
        }
        return marked;
    }

    /** What a person is shown. */
    synchronized SessionRecord record(String session, long now) {
        List<SessionRecord.MarkRecord> marks = new ArrayList<>();
        long idle = last + IDLE_NANOS;
        new TreeMap<>(current(now).marks()).forEach((name, mark) -> marks.add(mark.record(name, now, idle)));
        return new SessionRecord(session, marks);
    }

    /** Gives room back. */
    synchronized void giveBack(MarkClaim claim) {
        rooms--;
        claim.values().forEach((mark, values) -> values.forEach(value -> count(mark, value, -1)));
    }

    /** Ends the cell if it keeps nothing. A dead cell stays dead. */
    synchronized boolean dieIfEmpty(long now) {
        if (!dead && rooms == 0 && current(now).marks().isEmpty()) {
            dead = true;
            return true;
        }
        return false;
    }
}
