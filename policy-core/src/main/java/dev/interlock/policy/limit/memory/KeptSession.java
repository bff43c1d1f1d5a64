package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One session of a store that keeps sessions as bytes: it reads one, lets it decide as {@link InMemorySessionMemory}
 * does, and writes it again, while no one else has it. All times are nanoseconds by the store's clock, and at least 0.
 * For one thread.
 *
 * <p>Room has an id here, since the process that has reserved it may end before its call. Room that is not given back
 * is kept for {@value #ROOM_DAYS} days; a call that lasts longer sets what it sets all the same.
 */
public final class KeptSession {

    private static final int FORMAT = 1;
    private static final int ROOM_DAYS = 7;
    private static final long ROOM_NANOS = Duration.ofDays(ROOM_DAYS).toNanos();

    /** More than any session has: room for so many values that a damaged count is noticed before memory is full. */
    private static final int MOST = 1 << 24;

    private final SessionCell cell;
    private final HeldMarks before;
    private final AtomicLong moment;
    private final Map<String, Room> rooms;
    private final long now;
    private boolean roomsChanged;

    /** What one call has room for. */
    private record Room(long until, Map<String, Set<String>> values) {

        MarkClaim claim() {
            return new MarkClaim("", Caller.of(null, ""), values);
        }
    }

    private KeptSession(HeldMarks marks, long moment, Map<String, Room> rooms, long lastCall, long now) {
        this.cell = new SessionCell(lastCall, marks);
        this.before = marks;
        this.moment = new AtomicLong(moment);
        this.rooms = rooms;
        this.now = now;
        rooms.values().forEach(room -> cell.keep(room.claim()));
        List<String> ended = new ArrayList<>();
        rooms.forEach((id, room) -> {
            if (room.until <= now) {
                ended.add(id);
            }
        });
        ended.forEach(this::giveBack);
    }

    /**
     * A session that nothing is known of.
     *
     * @param moment no moment of this session was ever later
     */
    public static KeptSession fresh(long moment, long now) {
        return new KeptSession(HeldMarks.NONE, moment, new LinkedHashMap<>(), now, now);
    }

    /**
     * A session that was kept.
     *
     * @param state what {@link #state} returned
     * @param lastCall what {@link #lastCall} returned, or returned later when only a call was noted
     * @param now what the clock shows now, not before any time at which the session was kept
     * @throws IllegalArgumentException if these are not bytes that this class has written
     */
    public static KeptSession of(byte[] state, long lastCall, long now) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(state))) {
            require(in.readUnsignedByte() == FORMAT);
            long moment = in.readLong();
            long shown = in.readLong();
            Map<String, HeldMark> marks = new HashMap<>();
            for (int left = count(in); left > 0; left--) {
                marks.put(readText(in), readMark(in));
            }
            Map<String, Room> rooms = new LinkedHashMap<>();
            for (int left = count(in); left > 0; left--) {
                rooms.put(readText(in), readRoom(in));
            }
            require(in.read() < 0);
            return new KeptSession(HeldMarks.of(marks, shown), moment, rooms, lastCall, now);
        } catch (IOException e) {
            throw new IllegalArgumentException("a session that was kept can't be read: its bytes are cut short", e);
        }
    }

    /** Returns the marks as they are now, at a call of the session. */
    public SessionMarks call() {
        return cell.call(now);
    }

    /** Returns the marks as they are now. */
    public SessionMarks read() {
        return cell.read(now);
    }

    /** Returns whether it matters to some mark when the session's last call was. */
    public boolean isKeptByCalls() {
        return cell.held().hasIdling();
    }

    /**
     * Reserves room for a call; false if a mark would have too many values. Room with this id is reserved once.
     *
     * @param id the room's own, of all rooms
     */
    public boolean claim(String id, MarkClaim claim) {
        if (rooms.containsKey(id)) {
            return true;
        }
        if (cell.claim(claim, now) != SessionCell.Claimed.KEPT) {
            return false;
        }
        rooms.put(id, new Room(now + ROOM_NANOS, claim.values()));
        roomsChanged = true;
        return true;
    }

    /**
     * Changes the marks as a call does.
     *
     * @param id the room of the call, which is given back after its last change; null if it only clears
     */
    public void change(@Nullable String id, SessionChange change) {
        List<NewMark> marks = id == null ? List.of() : change.marks();
        cell.change(new SessionChange(change.clears(), change.before(), marks, true), moment, now);
        if (id != null && change.last()) {
            giveBack(id);
        }
    }

    private void giveBack(String id) {
        Room room = rooms.remove(id);
        if (room != null) {
            cell.giveBack(room.claim());
            roomsChanged = true;
        }
    }

    /** Takes all marks away; false if there are none. */
    public boolean clear() {
        return cell.clear(moment, now);
    }

    /** Returns what a person is shown. */
    public SessionRecord record(String session) {
        return cell.record(session, now);
    }

    /** Returns the names of the marks, for a person who looks at the store, in their order and with commas between. */
    public String names() {
        cell.read(now);
        return String.join(", ", new TreeSet<>(cell.held().marks().keySet()));
    }

    /** Returns how many calls have room. */
    public int rooms() {
        return rooms.size();
    }

    /** Returns whether {@link #state} is another one than what was read. */
    @SuppressWarnings("ReferenceEquality") // Whatever changes something makes a new one.
    public boolean isStateChanged() {
        return cell.held() != before || roomsChanged;
    }

    /** Returns the time that it was read with. */
    public long now() {
        return now;
    }

    /** Returns when the session's last call was. */
    public long lastCall() {
        return cell.last();
    }

    /** Returns the latest moment at which its marks were changed. */
    public long moment() {
        return moment.get();
    }

    /** Returns when nothing of it is left if nothing more happens; at most now if nothing is. */
    public long emptyAt() {
        long end = now;
        for (Room room : rooms.values()) {
            end = Math.max(end, room.until);
        }
        return Math.max(end, cell.lastEnd(now));
    }

    /** Returns all that must be kept, but for {@link #lastCall}. */
    public byte[] state() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            cell.read(now);
            HeldMarks held = cell.held();
            out.writeByte(FORMAT);
            out.writeLong(moment.get());
            out.writeLong(held.shown().moment());
            out.writeInt(held.marks().size());
            for (Map.Entry<String, HeldMark> entry : held.marks().entrySet()) {
                writeText(out, entry.getKey());
                write(out, entry.getValue());
            }
            out.writeInt(rooms.size());
            for (Map.Entry<String, Room> entry : rooms.entrySet()) {
                writeText(out, entry.getKey());
                write(out, entry.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, HeldMark mark) throws IOException {
        out.writeBoolean(mark.valued());
        write(out, mark.name());
        write(out, mark.unknown());
        out.writeInt(mark.values().size());
        for (Map.Entry<String, Lifetime> value : mark.values().entrySet()) {
            writeText(out, value.getKey());
            write(out, value.getValue());
        }
    }

    private static HeldMark readMark(DataInputStream in) throws IOException {
        boolean valued = in.readBoolean();
        Lifetime name = readLifetime(in);
        Lifetime unknown = readLifetime(in);
        Map<String, Lifetime> values = new LinkedHashMap<>();
        for (int left = count(in); left > 0; left--) {
            String value = readText(in);
            Lifetime lifetime = readLifetime(in);
            if (lifetime == null) {
                throw damaged();
            }
            values.put(value, lifetime);
        }
        return new HeldMark(valued, name, unknown, values);
    }

    private static void write(DataOutputStream out, @Nullable Lifetime lifetime) throws IOException {
        int parts = 0;
        for (Lifetime part = lifetime; part != null; part = part.older()) {
            parts++;
        }
        out.writeInt(parts);
        for (Lifetime part = lifetime; part != null; part = part.older()) {
            out.writeLong(part.set());
            out.writeLong(part.end());
        }
    }

    private static @Nullable Lifetime readLifetime(DataInputStream in) throws IOException {
        List<Lifetime> parts = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            parts.add(new Lifetime(in.readLong(), in.readLong(), null));
        }
        Lifetime whole = null;
        for (int i = parts.size() - 1; i >= 0; i--) {
            whole = new Lifetime(parts.get(i).set(), parts.get(i).end(), whole);
        }
        return whole;
    }

    private static void write(DataOutputStream out, Room room) throws IOException {
        out.writeLong(room.until);
        out.writeInt(room.values.size());
        for (Map.Entry<String, Set<String>> mark : room.values.entrySet()) {
            writeText(out, mark.getKey());
            out.writeInt(mark.getValue().size());
            for (String value : mark.getValue()) {
                writeText(out, value);
            }
        }
    }

    private static Room readRoom(DataInputStream in) throws IOException {
        long until = in.readLong();
        Map<String, Set<String>> values = new HashMap<>();
        for (int marks = count(in); marks > 0; marks--) {
            String mark = readText(in);
            Set<String> texts = new HashSet<>();
            for (int left = count(in); left > 0; left--) {
                texts.add(readText(in));
            }
            values.put(mark, texts);
        }
        return new Room(until, values);
    }

    /** Any text, also one with half a surrogate pair. */
    private static void writeText(DataOutputStream out, String text) throws IOException {
        out.writeInt(text.length());
        out.writeChars(text);
    }

    private static String readText(DataInputStream in) throws IOException {
        int length = count(in);
        StringBuilder text = new StringBuilder(Math.min(length, 256));
        for (int left = length; left > 0; left--) {
            text.append(in.readChar());
        }
        return text.toString();
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        require(count >= 0 && count < MOST);
        return count;
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw damaged();
        }
    }

    private static IllegalArgumentException damaged() {
        return new IllegalArgumentException("a session that was kept can't be read: its bytes are damaged");
    }

    /** Says how many calls have room; never a mark or a value. */
    @Override
    public String toString() {
        return "a session with room for " + rooms.size() + " calls";
    }
}
