package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Amount;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A limiter's counts in a file.
 *
 * <p>All numbers are big-endian. The file begins with {@link #MAGIC}, the format's {@link #VERSION} and the reading of
 * the wall clock. The records follow, each starting with a letter. The file ends with {@link #END}, the number of
 * records, and the SHA-256 of everything before it. Times are ages, in nanoseconds before the file was written, or
 * debts, in nanoseconds after that, because a monotonic clock does not outlive its process. Only fixed windows use
 * absolute times of the wall clock.
 *
 * <table>
 * <caption>Records</caption>
 * <tr><td>{@code H}</td><td>window, the wall clock's horizon</td></tr>
 * <tr><td>{@code B}</td><td>key, max, window in nanoseconds, debt</td></tr>
 * <tr><td>{@code X}</td><td>key, max, window in nanoseconds, debt, its fraction in parts of max</td></tr>
 * <tr><td>{@code F}</td><td>key, window, start, used</td></tr>
 * <tr><td>{@code S}</td><td>key, window in nanoseconds, number of entries, and of each its age and amount</td></tr>
 * </table>
 *
 * A record with a key is preceded by {@code O} and the account of the key: 0 for a group of callers or 1 for a single
 * one, 0 for callers without an identity or 1 for callers with one, and the number of the group in a byte or the
 * caller's name.
 *
 * <p>A window is the calendar unit's name, with {@code @} and its zone if it has one, or an empty text and its length
 * in seconds. A text is its length in characters, 0 for ISO-8859-1 or 1 for UTF-16, and its characters.
 *
 * <p>Reading needs no more memory than the resulting limiter: there are at most {@code maxKeys} keys, and a text or a
 * log takes memory only as its bytes arrive.
 */
final class Snapshot {

    static final long MAGIC = 0x494C4B4C494D4954L; // ILKLIMIT
    static final int VERSION = 3;

    /** The format without {@link #HOLDER}. Its keys are charged to their subjects. */
    private static final int WITHOUT_HOLDERS = 1;

    /** The format whose keys have no {@linkplain LimitKey#partition values of calls}. */
    private static final int WITHOUT_PARTITIONS = 2;

    private static final int HORIZON = 'H';
    private static final int BUCKET = 'B';
    private static final int EXACT = 'X';
    private static final int FIXED = 'F';
    private static final int SLIDING = 'S';
    private static final int HOLDER = 'O';
    private static final int END = 'E';

    private static final int GROUP = 0;
    private static final int ALONE = 1;

    /** Stands between a calendar unit and its zone. */
    private static final char ZONE = '@';

    private static final int MAX_TEXT = 1 << 20;

    private Snapshot() {}

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    // ---- writing ----

    static void write(Path file, Cells cells, LimiterClock clock) throws IOException {
        Path target = file.toAbsolutePath();
        Path directory = target.getParent();
        if (directory == null) {
            throw new IOException(file + " is not a file's name");
        }
        // In the target's directory, because a rename is atomic only within one file system. Only the owner can read
        // it.
        Path temporary = Files.createTempFile(directory, target.getFileName().toString(), ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
                write(out, cells, clock);
                out.flush();
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        force(directory);
    }

    /** Makes the rename durable, on systems that can open a directory. Other systems do this themselves. */
    private static void force(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // The file under this name is complete in any case. At worst, after a power failure, it is the previous
            // one.
        }
    }

    private static void write(OutputStream plain, Cells cells, LimiterClock clock) throws IOException {
        MessageDigest digest = sha256();
        DataOutputStream out = new DataOutputStream(new DigestOutputStream(plain, digest));
        out.writeLong(MAGIC);
        out.writeInt(VERSION);
        // Read before any cell: an age that is too large would make room.
        out.writeLong(clock.wall());
        long records = 0;
        for (Map.Entry<LimitKey, Cell> entry : cells.entries()) {
            byte[] record = record(entry.getKey(), entry.getValue(), cells, clock);
            out.write(record);
            records += record.length == 0 ? 0 : 1;
        }
        // Written after the cells: by now, every cell that was dropped meanwhile has raised its horizon.
        for (HighWaterMark horizon : cells.horizons()) {
            out.writeByte(HORIZON);
            writeWindow(out, horizon.window);
            out.writeLong(horizon.reached());
            records++;
        }
        out.writeByte(END);
        out.writeLong(records);
        plain.write(digest.digest());
    }

    /** The record of a key, written while its cell is claimed. Empty if there is nothing to write. */
    private static byte[] record(LimitKey key, Cell first, Cells cells, LimiterClock clock) throws IOException {
        Cell cell = first;
        while (!cell.claim()) {
            cells.unlink(key, cell);
            Cell next = cells.get(key);
            if (next == null) {
                return new byte[0];
            }
            cell = next;
        }
        try {
            ClockReading now = clock.read();
            if (!cell.isLasting() || cell.isFresh(now)) {
                return new byte[0];
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            writeHolder(out, cell.holding);
            cell.write(key, out, now);
            return bytes.toByteArray();
        } finally {
            cell.release();
        }
    }

    private static void writeHolder(DataOutputStream out, Holdings.@Nullable Holding holding) throws IOException {
        if (holding == null) {
            throw new IllegalStateException("a key that is counted is on no account");
        }
        out.writeByte(HOLDER);
        if (holding.holder instanceof Holdings.Group group) {
            out.writeByte(GROUP);
            out.writeBoolean(holding.limit.identified());
            out.writeByte(group.number());
        } else {
            out.writeByte(ALONE);
            out.writeBoolean(holding.limit.identified());
            writeText(out, ((Holdings.Alone) holding.holder).caller().name());
        }
    }

    static void bucket(DataOutputStream out, LimitKey key, BucketRate rate, long debt) throws IOException {
        writeMeter(out, BUCKET, key, rate);
        out.writeLong(debt);
    }

    static void exact(DataOutputStream out, LimitKey key, BucketRate rate, long debt, long fraction)
            throws IOException {
        writeMeter(out, EXACT, key, rate);
        out.writeLong(debt);
        out.writeLong(fraction);
    }

    static void fixed(DataOutputStream out, LimitKey key, Window window, long start, long used) throws IOException {
        out.writeByte(FIXED);
        writeKey(out, key);
        writeWindow(out, window);
        out.writeLong(start);
        out.writeLong(used);
    }

    /** The entries follow, each with its age and its amount. */
    static void sliding(DataOutputStream out, LimitKey key, long window, int entries) throws IOException {
        out.writeByte(SLIDING);
        writeKey(out, key);
        out.writeLong(window);
        out.writeInt(entries);
    }

    private static void writeMeter(DataOutputStream out, int kind, LimitKey key, BucketRate rate) throws IOException {
        out.writeByte(kind);
        writeKey(out, key);
        out.writeLong(rate.max);
        out.writeLong(rate.window);
    }

    private static void writeKey(DataOutputStream out, LimitKey key) throws IOException {
        writeText(out, key.limit());
        writeText(out, key.subject());
        writeText(out, key.partition());
    }

    private static void writeWindow(DataOutputStream out, Window window) throws IOException {
        if (window instanceof Window.Length length) {
            writeText(out, "");
            out.writeLong(length.duration().toSeconds());
        } else {
            writeText(out, window instanceof Window.InZone zoned ? window.text() + ZONE + zoned.zone() : window.text());
        }
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        if (text.length() > MAX_TEXT) {
            throw new InMemoryRateLimiter.SnapshotException("a key of " + text.length()
                    + " characters can't be written to a snapshot; the longest that can has " + MAX_TEXT);
        }
        boolean latin = text.chars().allMatch(c -> c < 256);
        out.writeInt(text.length());
        out.writeByte(latin ? 0 : 1);
        if (latin) {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        } else {
            // Not through an encoder: it would replace malformed characters and so could make two keys equal.
            out.writeChars(text);
        }
    }

    // ---- reading ----

    static void read(Path file, Cells cells, LimiterClock clock) throws IOException {
        try (InputStream plain = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            new Reader(plain, cells, clock).read();
        } catch (InMemoryRateLimiter.SnapshotException e) {
            throw new InMemoryRateLimiter.SnapshotException(file + ": " + e.getMessage());
        } catch (EOFException e) {
            throw new InMemoryRateLimiter.SnapshotException(file + ": the snapshot is cut short");
        }
    }

    /** Reads one file. */
    private static final class Reader {

        private final InputStream plain;
        private final MessageDigest digest = sha256();
        private final DataInputStream in;
        private final Cells cells;
        private final ClockReading now;
        private final Map<String, String> limits = new HashMap<>();
        private int version;
        private long elapsed;

        /** The holder of the record that is being read. */
        private @Nullable Holder holder;

        /** Who a key is charged to, without the limit, which comes with the key. */
        private record Holder(
                boolean identified, int group, @Nullable String name) {}

        Reader(InputStream plain, Cells cells, LimiterClock clock) {
            this.plain = plain;
            this.in = new DataInputStream(new DigestInputStream(plain, digest));
            this.cells = cells;
            this.now = clock.read();
        }

        void read() throws IOException {
            if (in.readLong() != MAGIC) {
                throw new InMemoryRateLimiter.SnapshotException("this is not a snapshot of a limiter");
            }
            version = in.readInt();
            if (version < WITHOUT_HOLDERS || version > VERSION) {
                throw new InMemoryRateLimiter.SnapshotException("the snapshot has format " + version + ", and only "
                        + WITHOUT_HOLDERS + " to " + VERSION + " can be read");
            }
            elapsed = elapsed(in.readLong());
            long records = 0;
            for (int kind = in.readUnsignedByte(); kind != END; kind = in.readUnsignedByte()) {
                records++;
                try {
                    holder = kind == HOLDER ? readHolder() : null;
                    readRecord(kind == HOLDER ? in.readUnsignedByte() : kind);
                } catch (IllegalArgumentException | ArithmeticException e) {
                    throw damaged("record " + records + ": " + e.getMessage());
                }
            }
            if (in.readLong() != records) {
                throw damaged("it doesn't have as many records as it should");
            }
            byte[] expected = digest.digest();
            if (!MessageDigest.isEqual(expected, plain.readNBytes(expected.length)) || plain.read() >= 0) {
                throw damaged("its checksum is wrong");
            }
        }

        private static InMemoryRateLimiter.SnapshotException damaged(String how) {
            return new InMemoryRateLimiter.SnapshotException("the snapshot is damaged: " + how);
        }

        /**
         * The nanoseconds since the file was written; 0 if the wall clock has gone back. Minus a millisecond for the
         * clock's steps.
         */
        private long elapsed(long then) {
            long millis = now.wall() - CalendarWindows.clamp(then) - 1;
            return millis <= 0 ? 0 : Math.min(millis, LimiterClock.END / 1_000_000) * 1_000_000;
        }

        private void readRecord(int kind) throws IOException {
            switch (kind) {
                case HORIZON -> cells.horizon(readWindow()).raise(in.readLong());
                case BUCKET -> {
                    LimitKey key = readKey();
                    BucketRate rate = readMeter();
                    long debt = in.readLong();
                    require(rate.emission > 0 && debt > 0 && debt <= rate.depth, "a debt of " + debt);
                    if (debt > elapsed) {
                        put(key, new BucketCell(rate, now.nanos() + debt - elapsed));
                    }
                }
                case EXACT -> {
                    LimitKey key = readKey();
                    BucketRate rate = readMeter();
                    long debt = in.readLong();
                    long fraction = in.readLong();
                    require(debt >= 0 && debt <= rate.window, "a debt of " + debt);
                    require(fraction >= 0 && fraction < Math.max(1, rate.max), "a fraction of " + fraction);
                    if (debt >= elapsed) {
                        put(key, new ExactBucketCell(rate, now.nanos() + debt - elapsed, fraction));
                    }
                }
                case FIXED -> {
                    LimitKey key = readKey();
                    HighWaterMark horizon = cells.horizon(readWindow());
                    long start = in.readLong();
                    long used = in.readLong();
                    require(
                            CalendarWindows.start(horizon.window, CalendarWindows.clamp(start)) == start,
                            "a window from " + start);
                    require(used >= 0, "a count of " + used);
                    FixedWindowCell cell = new FixedWindowCell(horizon, start, used);
                    if (cell.isFresh(now)) {
                        cell.forget(now);
                    } else {
                        put(key, cell);
                    }
                }
                case SLIDING -> {
                    LimitKey key = readKey();
                    SlidingWindowCell cell = new SlidingWindowCell(readDuration());
                    int entries = in.readInt();
                    require(entries >= 0 && entries <= SlidingWindowCell.ENTRIES, entries + " entries");
                    long last = Long.MAX_VALUE;
                    for (int i = 0; i < entries; i++) {
                        long age = in.readLong();
                        long micros = in.readLong();
                        require(age >= 0 && age <= last, "an age of " + age);
                        require(micros >= 0 && micros <= Amount.MAX.micros(), "an amount of " + micros);
                        last = age;
                        cell.restore(age, elapsed, micros, now);
                    }
                    if (!cell.isFresh(now)) {
                        put(key, cell);
                    }
                }
                default -> throw new IllegalArgumentException("kind " + kind);
            }
        }

        private static void require(boolean condition, String found) {
            if (!condition) {
                throw new IllegalArgumentException(found);
            }
        }

        private Holder readHolder() throws IOException {
            int kind = in.readUnsignedByte();
            require(kind == GROUP || kind == ALONE, "an account of kind " + kind);
            boolean identified = in.readBoolean();
            return kind == GROUP
                    ? new Holder(identified, in.readUnsignedByte(), null)
                    : new Holder(identified, 0, readText());
        }

        private void put(LimitKey key, Cell cell) throws IOException {
            boolean identified = holder != null && holder.identified;
            Holdings.SharedLimit limit = new Holdings.SharedLimit(key.family(), identified);
            Object account = Holdings.Group.of(limit, Caller.of(null, key.subject()));
            if (holder != null) {
                account = holder.name == null
                        ? new Holdings.Group(limit, holder.group)
                        : new Holdings.Alone(limit, new Caller(holder.name, identified));
            }
            if (!cells.restore(key, cell, account, limit)) {
                throw new InMemoryRateLimiter.SnapshotException(
                        "the snapshot has more keys than maxKeys allows, or one of them twice");
            }
        }

        private LimitKey readKey() throws IOException {
            String limit = readText();
            // Keys of one limit share its text, as they did before.
            String known = limits.putIfAbsent(limit, limit);
            String subject = readText();
            String partition = version > WITHOUT_PARTITIONS ? readText() : "";
            return new LimitKey(known == null ? limit : known, subject, partition);
        }

        private BucketRate readMeter() throws IOException {
            Amount max = new Amount(in.readLong());
            return cells.rate(new LimitRule.TokenBucket(max, readDuration()));
        }

        private Duration readDuration() throws IOException {
            long nanos = in.readLong();
            require(nanos > 0 && nanos <= Window.Length.MAX.toNanos(), "a window of " + nanos + " ns");
            return Duration.ofNanos(nanos);
        }

        private Window readWindow() throws IOException {
            String text = readText();
            if (text.isEmpty()) {
                return new Window.Length(Duration.ofSeconds(in.readLong()));
            }
            int end = text.indexOf(ZONE);
            String unit = end < 0 ? text : text.substring(0, end);
            return Window.Calendar.in(
                    Window.Calendar.of(unit).orElseThrow(() -> new IllegalArgumentException("a window of one " + unit)),
                    end < 0 ? null : TimeWindow.zone(text.substring(end + 1)));
        }

        private String readText() throws IOException {
            int length = in.readInt();
            int coder = in.readUnsignedByte();
            require(length >= 0 && length <= MAX_TEXT && coder <= 1, "a text of length " + length);
            byte[] bytes = in.readNBytes(length << coder);
            if (bytes.length < length << coder) {
                throw new EOFException();
            }
            if (coder == 0) {
                return new String(bytes, StandardCharsets.ISO_8859_1);
            }
            char[] chars = new char[length];
            for (int i = 0; i < length; i++) {
                chars[i] = (char) ((bytes[2 * i] & 0xFF) << 8 | (bytes[2 * i + 1] & 0xFF));
            }
            return new String(chars);
        }
    }
}
