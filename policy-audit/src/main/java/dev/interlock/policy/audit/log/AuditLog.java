package dev.interlock.policy.audit.log;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.time.TimeSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A sink that appends events to a file, as JSON Lines. {@link #record} puts an event into a bounded queue. A daemon
 * thread does the digesting, the writing and the forcing to disk; this log starts it and {@link #close} ends it.
 *
 * <p>Each line contains the hash of the line before it, across all files, restarts and crashes of the log. When the log
 * is closed or changes files, it writes a closing line, which is signed if there is a {@linkplain Builder#sealedBy
 * key}. Opening the log finds out how the last run ended. An incomplete last line is set aside into a file {@code
 * ….torn-N}. Lines that were changed stay as they are, in a file of their own.
 *
 * <p>When the disk accepts no writes, what was written stays intact, and the log tries again once a second. Meanwhile
 * the queue fills, and then {@link OverflowPolicy} decides. {@link Builder#onFailure} notifies the host.
 *
 * <p>Only one process can write a file at a time: a lock on {@code ….lock} beside it keeps others out. Thread-safe.
 */
public final class AuditLog implements AuditSink, Closeable {

    private static final Duration FOREVER = Duration.ofDays(1_000);
    private static final Duration LAST_LINES = Duration.ofSeconds(10);

    private final LogFiles files;
    private final EventLines lines;
    private final EventQueue intake;
    private final SyncPolicy sync;
    private final TimeSource time;
    private final Duration retry;
    private final Consumer<? super IOException> onFailure;
    private final Thread thread;
    private volatile LogHead head;

    /** When the oldest unforced line was written; null if every line has been forced onto the disk. */
    private @Nullable Long unforcedSince;

    /**
     * The state of a log.
     *
     * @param written how many events were written since the log was opened
     * @param dropped how many events were dropped
     * @param queued how many events are queued or being written
     * @param failing whether the log currently can't write
     */
    public record LogStatus(long written, long dropped, int queued, boolean failing) {}

    private AuditLog(Builder builder) throws IOException {
        this.lines = new EventLines(builder.argumentsKey, builder.redaction);
        this.sync = builder.sync;
        this.time = builder.time;
        this.retry = builder.retry;
        this.onFailure = builder.onFailure;
        this.intake = new EventQueue(
                builder.overflow, sync.equals(SyncPolicy.everyDecision()), builder.queueEvents, builder.queueBytes);
        this.files = new LogFiles(
                builder.file,
                new LogFiles.Settings(builder.maxBytes, builder.maxAge, builder.key, lines.keyId(), builder.opener),
                now());
        this.head = files.head();
        this.thread = new Thread(this::run, "interlock-audit-log");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Creates a builder of a log.
     *
     * @param file the log's file; created if it doesn't exist. Its directory must exist
     */
    public static Builder at(Path file) {
        return new Builder(file);
    }

    /**
     * The files of a log, finished ones first, in the order in which they were written; empty if there are none.
     *
     * @throws IOException if the directory can't be read
     */
    public static List<Path> files(Path file) throws IOException {
        return LogFiles.files(file);
    }

    /**
     * Records an event. Waits only as {@link OverflowPolicy#BLOCK} and {@link SyncPolicy#everyDecision} say.
     *
     * @throws IllegalStateException if the event is refused: the queue is full under
     *     {@link OverflowPolicy#FAIL_CLOSED}, the log is closed, or the thread was interrupted while it waited
     */
    @Override
    public void record(AuditEvent event) {
        intake.put(event);
    }

    /** The last line that was written. Keep it where someone who can change the log can't change it. */
    public LogHead head() {
        return head;
    }

    /** The current state of the log. */
    public LogStatus status() {
        return intake.status();
    }

    /**
     * Writes the queued events and the closing line, and ends the thread. Later events are refused. Waits at most ten
     * seconds; if the disk accepts no writes, the remaining events are lost, and counted in {@link #status}.
     */
    @Override
    public void close() {
        intake.close();
        boolean interrupted = false;
        try {
            thread.join(LAST_LINES.toMillis());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the thread

    private void run() {
        List<EventQueue.Item> batch = List.of();
        try {
            while (true) {
                batch = intake.take(untilForced());
                if (batch.isEmpty()) {
                    if (intake.isClosed()) {
                        break;
                    }
                } else if (!write(batch)) {
                    return;
                }
                batch = List.of();
                forceIfDue();
            }
            seal();
        } catch (InterruptedException e) {
            // Our own thread is only interrupted to end it.
            Thread.currentThread().interrupt();
        } finally {
            intake.die(batch);
            closeFiles();
        }
    }

    /** Writes a batch, retrying until it is written; false if the log was closed and the disk accepts no writes. */
    private boolean write(List<EventQueue.Item> batch) throws InterruptedException {
        while (true) {
            List<EventQueue.Item> wanted = intake.wanted(batch);
            long dropped = intake.untold();
            try {
                files.append(
                        now(),
                        sync.equals(SyncPolicy.everyDecision()),
                        (buffer, last) -> text(buffer, last, wanted, dropped));
                head = files.head();
                intake.done(batch, wanted.size(), dropped);
                if (unforcedSince == null) {
                    unforcedSince = time.monotonicNanos();
                }
                return true;
            } catch (IOException e) {
                boolean wasClosed = intake.isClosed();
                report(e, batch);
                if (wasClosed) {
                    return false;
                }
                intake.pause(retry.toNanos());
            }
        }
    }

    private LogHead text(StringBuilder buffer, LogHead last, List<EventQueue.Item> items, long dropped) {
        LogHead at = last;
        if (dropped > 0) {
            at = new LineWriter(at)
                    .text("t", now().toString())
                    .text("event", "lost")
                    .number("events", dropped)
                    .endInto(buffer, at);
        }
        for (EventQueue.Item item : items) {
            at = line(at, item.event()).endInto(buffer, at);
        }
        return at;
    }

    /** If a bug in this library makes one event unwritable, the others must still be written. */
    private LineWriter line(LogHead last, AuditEvent event) {
        try {
            LineWriter line = new LineWriter(last);
            lines.write(line, event);
            return line;
        } catch (RuntimeException | StackOverflowError e) {
            return new LineWriter(last)
                    .text("t", now().toString())
                    .text("event", "unwritable")
                    .text("failure", e.getClass().getName());
        }
    }

    private long untilForced() {
        return unforcedSince != null && sync instanceof SyncPolicy.Interval every
                ? Math.max(1, every.interval().toNanos() - (time.monotonicNanos() - unforcedSince))
                : FOREVER.toNanos();
    }

    private void forceIfDue() {
        if (unforcedSince != null
                && sync instanceof SyncPolicy.Interval every
                && time.monotonicNanos() - unforcedSince >= every.interval().toNanos()) {
            try {
                files.force();
            } catch (IOException e) {
                tell(e);
            }
            unforcedSince = null;
        }
    }

    private void report(IOException failure, List<EventQueue.Item> batch) {
        if (intake.failing(failure, batch)) {
            tell(failure);
        }
    }

    private void tell(IOException failure) {
        try {
            onFailure.accept(failure);
        } catch (Throwable e) {
            // The listener threw; the log must keep trying.
        }
    }

    private void seal() {
        try {
            files.seal(now());
            head = files.head();
        } catch (IOException e) {
            report(e, List.of());
        }
    }

    private void closeFiles() {
        try {
            files.close();
        } catch (IOException e) {
            report(e, List.of());
        }
    }

    private Instant now() {
        return Instant.ofEpochMilli(time.wallMillis());
    }

    /** Settings of a log, all with defaults. Not thread-safe. */
    public static final class Builder {

        private final Path file;
        private SyncPolicy sync = SyncPolicy.every(Duration.ofSeconds(1));
        private OverflowPolicy overflow = OverflowPolicy.FAIL_CLOSED;
        private int queueEvents = 8_192;
        private long queueBytes = 16L << 20;
        private long maxBytes = 64L << 20;
        private @Nullable Duration maxAge;
        private SecretKeySpec argumentsKey = randomKey();
        private Redaction redaction = Redaction.nothing();
        private @Nullable SealKey key;
        private Consumer<? super IOException> onFailure = failure -> {};
        private TimeSource time = TimeSource.system();
        private Duration retry = Duration.ofSeconds(1);
        private LogFiles.LogFileOpener opener = LogFiles::openFile;

        private Builder(Path file) {
            this.file = file;
        }

        /** When lines are forced onto the disk. Default: every second. */
        public Builder sync(SyncPolicy when) {
            this.sync = when;
            return this;
        }

        /**
         * What happens when the queue is full. Default: {@link OverflowPolicy#FAIL_CLOSED}, since a log exists so that
         * no call goes unrecorded.
         */
        public Builder overflow(OverflowPolicy what) {
            this.overflow = what;
            return this;
        }

        /**
         * The capacity of the queue. Default: 8,192 events and 16 MiB of their arguments.
         *
         * @param events how many events; at least 1
         * @param bytes how many bytes of arguments; a single event is accepted however large it is
         */
        public Builder queue(int events, long bytes) {
            if (events < 1 || bytes < 1) {
                throw new IllegalArgumentException(
                        "a queue holds at least one event of one byte, was " + events + " of " + bytes);
            }
            this.queueEvents = events;
            this.queueBytes = bytes;
            return this;
        }

        /**
         * The size at which a file is finished and the next one begun. A file may grow slightly beyond it. Default: 64
         * MiB.
         */
        public Builder rotateAt(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("a file's size must be positive, was " + bytes);
            }
            this.maxBytes = bytes;
            return this;
        }

        /** The age at which a file is finished, when the next event arrives. Default: none. */
        public Builder rotateAfter(Duration age) {
            if (age.isZero() || age.isNegative()) {
                throw new IllegalArgumentException("a file's age must be positive, was " + age);
            }
            this.maxAge = age;
            return this;
        }

        /**
         * The key for the digests of arguments, which are the HMAC-SHA256 of their canonical JSON. Equal
         * arguments have equal digests, and only a holder of the key can find a known call by its digest. Default: a
         * random key, so that digests are comparable until the log is closed.
         *
         * @param secret at least 32 bytes; copied
         * @throws IllegalArgumentException if it is shorter
         */
        public Builder argumentsKey(byte[] secret) {
            this.argumentsKey = SealKey.key(secret);
            return this;
        }

        /** Which arguments the log contains in plain text. Default: {@link Redaction#nothing}. */
        public Builder arguments(Redaction what) {
            this.redaction = what;
            return this;
        }

        /**
         * The key that signs closing lines. Default: none.
         *
         * @throws IllegalArgumentException if the key can only verify
         */
        public Builder sealedBy(SealKey sealKey) {
            if (!sealKey.canSign()) {
                throw new IllegalArgumentException("a public key can only check; the log needs the private one");
            }
            this.key = sealKey;
            return this;
        }

        /**
         * Called once, by the log's thread, when the log can no longer be written, and not again before it recovers.
         * Default: no listener.
         */
        public Builder onFailure(Consumer<? super IOException> told) {
            this.onFailure = told;
            return this;
        }

        /** The clock for the time of the log's own lines and the age of files. Default: the JVM's clocks. */
        public Builder time(TimeSource timeSource) {
            this.time = timeSource;
            return this;
        }

        Builder retry(Duration interval) {
            this.retry = interval;
            return this;
        }

        Builder opener(LogFiles.LogFileOpener fileOpener) {
            this.opener = fileOpener;
            return this;
        }

        /**
         * Opens the log and starts its thread.
         *
         * @throws IOException if the file can't be written, or another log is writing it
         */
        public AuditLog open() throws IOException {
            return new AuditLog(this);
        }

        private static SecretKeySpec randomKey() {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            return SealKey.key(random);
        }
    }
}
