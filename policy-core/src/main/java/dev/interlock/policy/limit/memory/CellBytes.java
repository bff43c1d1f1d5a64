package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.LimitRule;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Cells as bytes: a format, a letter for the class, and what the class writes. Times are those of the cell's clock,
 * numbers are big-endian.
 *
 * <p>Reads one cell, strictly. What it reads was written by this class, or by someone who may write to the store: it
 * need not make sense, but it must not break the arithmetic.
 */
final class CellBytes {

    static final int BUCKET = 'B';
    static final int EXACT = 'X';
    static final int FIXED = 'F';
    static final int SLIDING = 'S';
    static final int PLACES = 'P';

    /** More places than any limit has. A damaged count is noticed before memory is full. */
    static final int MOST = 1 << 24;

    private static final int FORMAT = 1;
    private static final int LENGTH = 0;
    private static final int UNIT = 1;
    private static final int UNIT_IN_ZONE = 2;

    private static final SecureRandom IDS = new SecureRandom();

    private final DataInputStream in;
    private final InMemoryRateLimiter owner;

    private CellBytes(DataInputStream in, InMemoryRateLimiter owner) {
        this.in = in;
        this.owner = owner;
    }

    /** A number that no other has. */
    static long newId() {
        return IDS.nextLong();
    }

    static byte[] of(Cell cell) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            cell.keep(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads a cell.
     *
     * @param owner who counts in it
     * @throws IllegalArgumentException if these are not bytes that {@link #of} has written
     */
    static Cell read(byte[] bytes, InMemoryRateLimiter owner) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            require(in.readUnsignedByte() == FORMAT);
            Cell cell = new CellBytes(in, owner).cell(in.readUnsignedByte());
            require(in.read() < 0);
            return cell;
        } catch (IOException e) {
            throw new IllegalArgumentException("a count that was kept can't be read: its bytes are cut short", e);
        }
    }

    private Cell cell(int kind) throws IOException {
        return switch (kind) {
            case BUCKET -> BucketCell.kept(this);
            case EXACT -> ExactBucketCell.kept(this);
            case FIXED -> FixedWindowCell.kept(this);
            case SLIDING -> SlidingWindowCell.kept(this);
            case PLACES -> PlacesCell.kept(this);
            default -> throw damaged();
        };
    }

    InMemoryRateLimiter owner() {
        return owner;
    }

    static void write(DataOutputStream out, BucketRate rate) throws IOException {
        out.writeLong(rate.max);
        out.writeLong(rate.window);
    }

    BucketRate rate() throws IOException {
        return owner.cells().rate(new LimitRule.TokenBucket(max(), length()));
    }

    static void write(DataOutputStream out, @Nullable GivenBackTotal shifts) throws IOException {
        out.writeLong(shifts == null ? 0 : shifts.nanos());
        out.writeLong(shifts == null ? 0 : shifts.fraction());
    }

    @Nullable
    GivenBackTotal shifts(long parts) throws IOException {
        long nanos = in.readLong();
        long fraction = in.readLong();
        require(nanos >= 0 && nanos <= Long.MAX_VALUE / 2 && fraction >= 0 && fraction < parts);
        return nanos == 0 && fraction == 0 ? null : new GivenBackTotal(nanos, fraction);
    }

    static void write(DataOutputStream out, Window window) throws IOException {
        if (window instanceof Window.Length length) {
            out.writeByte(LENGTH);
            out.writeLong(length.duration().toNanos());
        } else if (window instanceof Window.InZone zoned) {
            out.writeByte(UNIT_IN_ZONE);
            out.writeUTF(zoned.unit().text());
            out.writeUTF(zoned.zone().getId());
        } else {
            out.writeByte(UNIT);
            out.writeUTF(window.text());
        }
    }

    HighWaterMark horizon() throws IOException {
        int kind = in.readUnsignedByte();
        if (kind == LENGTH) {
            return owner.cells().horizon(new Window.Length(length()));
        }
        require(kind == UNIT || kind == UNIT_IN_ZONE);
        Window.Calendar unit = Window.Calendar.of(in.readUTF()).orElseThrow(CellBytes::damaged);
        return owner.cells().horizon(Window.Calendar.in(unit, kind == UNIT ? null : TimeWindow.zone(in.readUTF())));
    }

    Amount max() throws IOException {
        return new Amount(amount());
    }

    Duration length() throws IOException {
        long nanos = in.readLong();
        require(nanos > 0 && nanos <= Window.Length.MAX.toNanos());
        return Duration.ofNanos(nanos);
    }

    /** An amount in millionths, or a sum that is too large to be held. */
    long amount() throws IOException {
        long micros = in.readLong();
        require(micros >= 0);
        return micros;
    }

    long tat() throws IOException {
        long tat = in.readLong();
        require(tat >= 0 && tat <= 1L << 62);
        return tat;
    }

    long fraction(long max) throws IOException {
        long fraction = in.readLong();
        require(fraction >= 0 && fraction < Math.max(1, max));
        return fraction;
    }

    /** A time, or the least {@code long} if there is none. */
    long time() throws IOException {
        long time = in.readLong();
        require(time == Long.MIN_VALUE || (time >= 0 && time <= Long.MAX_VALUE / 2));
        return time;
    }

    long wall() throws IOException {
        return CalendarWindows.clamp(in.readLong());
    }

    boolean flag() throws IOException {
        int flag = in.readUnsignedByte();
        require(flag <= 1);
        return flag == 1;
    }

    int count(int most) throws IOException {
        int count = in.readInt();
        require(count >= 0 && count <= most);
        return count;
    }

    long id() throws IOException {
        long id = in.readLong();
        require(id != 0);
        return id;
    }

    static void require(boolean condition) {
        if (!condition) {
            throw damaged();
        }
    }

    private static IllegalArgumentException damaged() {
        return new IllegalArgumentException("a count that was kept can't be read: its bytes are damaged");
    }
}
