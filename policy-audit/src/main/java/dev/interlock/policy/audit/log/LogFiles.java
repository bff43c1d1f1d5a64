package dev.interlock.policy.audit.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of one log. New lines go to the file that the host named. When it is full, it is finished with a closing
 * line and renamed, with the segment's number after its name, and a new file begins. Not thread-safe.
 *
 * <p>A write succeeds completely or has no effect: if the disk accepts only a part, the file is cut back to its
 * previous length, and nothing more is written until that has succeeded.
 */
final class LogFiles implements Closeable {

    private final Path file;
    private final Settings settings;
    private final FileChannel lockChannel;
    private FileChannel channel;
    private int segment;
    private LogHead head = LogHead.NONE;
    /** Where the next line goes; any bytes after it in the file don't belong to the log. */
    private long position;

    private boolean ragged;
    private boolean mustOpen;
    private Instant begun = Instant.EPOCH;

    /** Opens files; a test's channels may accept fewer bytes than they are given. */
    interface LogFileOpener {
        FileChannel open(Path file) throws IOException;
    }

    /**
     * Settings of the files.
     *
     * @param maxBytes the size at which a file is finished
     * @param maxAge the age at which a file is finished, or null
     * @param key the key that signs closing lines, or null
     * @param argumentsKey the id of the key for the arguments' digests
     */
    record Settings(
            long maxBytes,
            @Nullable Duration maxAge,
            @Nullable SealKey key,
            String argumentsKey,
            LogFileOpener opener) {}

    /** How the last run ended. */
    private enum Before {
        /** There was no last run. */
        NONE,
        /** It ended with a closing line. */
        SEALED,
        /** It did not end with a closing line: its process was killed, or the end was cut off. */
        UNSEALED,
        /** Its last line was incomplete, and was set aside. */
        TORN,
        /** Lines were changed or unreadable; they stay as they are, in a file of their own. */
        DAMAGED;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static FileChannel openFile(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                onlyOurs(file));
    }

    /** The attributes of a new file: on systems that support such permissions, only its owner may read and write it. */
    private static FileAttribute<?>[] onlyOurs(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** The file itself, if this is a link to it: two names for one log are one log. */
    private static Path resolved(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        return Files.isSymbolicLink(absolute) ? absolute.toRealPath() : absolute;
    }

    LogFiles(Path file, Settings settings, Instant now) throws IOException {
        try {
            this.file = resolved(file);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " is a link to a file that isn't there; make the file, or name it itself", e);
        }
        this.settings = settings;
        this.lockChannel = lock(this.file);
        boolean opened = false;
        try {
            this.segment = lastSegment() + 1;
            this.channel = settings.opener().open(this.file);
            try {
                claim(channel);
                recover(now);
                opened = true;
            } finally {
                if (!opened) {
                    channel.close();
                }
            }
        } finally {
            if (!opened) {
                lockChannel.close();
            }
        }
    }

    private static FileChannel lock(Path file) throws IOException {
        Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
        FileChannel channel = openFile(lockFile);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Another log in this process holds it.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            throw taken(file);
        }
        return channel;
    }

    private static IOException taken(Path file) {
        return new IOException(file + " is being written by another process or another log of this one;"
                + " give each process a file of its own");
    }

    /**
     * Locks the log's file as well. The lock file beside it is found by name, so a hard link leads to another one, and
     * after it was removed, the next log creates it anew. This lock belongs to the file itself. It is on a byte that no
     * log ever reaches, so it doesn't prevent reading the log on systems where locks are mandatory.
     */
    private void claim(FileChannel log) throws IOException {
        FileLock lock = null;
        try {
            lock = log.tryLock(Long.MAX_VALUE - 1, 1, false);
        } catch (OverlappingFileLockException e) {
            // Another log in this process holds it.
        }
        if (lock == null) {
            throw taken(file);
        }
    }

    /** The existing files of a log, in the order in which they were written. */
    static List<Path> files(Path file) throws IOException {
        Path log = Files.exists(file) && Files.isSymbolicLink(file) ? file.toRealPath() : file;
        List<Path> files = new ArrayList<>(segments(log));
        if (Files.exists(log)) {
            files.add(log);
        }
        return files;
    }

    private static List<Path> segments(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path directory = absolute.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> siblings = Files.list(directory)) {
            return siblings.filter(sibling -> number(absolute, sibling) > 0)
                    .sorted(Comparator.comparingInt(sibling -> number(absolute, sibling)))
                    .toList();
        }
    }

    /** The segment number of a file beside the log's; 0 if that file doesn't belong to the log. */
    static int number(Path file, Path sibling) {
        String name = String.valueOf(sibling.getFileName());
        String prefix = file.getFileName() + ".";
        String digits = name.startsWith(prefix) ? name.substring(prefix.length()) : "";
        return digits.matches("[0-9]{6,9}") ? Integer.parseInt(digits) : 0;
    }

    private int lastSegment() throws IOException {
        List<Path> segments = segments(file);
        return segments.isEmpty() ? 0 : number(file, segments.get(segments.size() - 1));
    }

    // ---- the previous run

    private void recover(Instant now) throws IOException {
        Found found = channel.size() > 0 ? read(file) : null;
        List<Path> segments = segments(file);
        Before before = found == null ? Before.NONE : found.before();
        if (head.equals(LogHead.NONE) && !segments.isEmpty()) {
            // The last run ended between two files, or before it had written a complete line to this one.
            Before previous = read(segments.get(segments.size() - 1)).before();
            before = found == null ? previous : before;
            begun = now;
        }
        if (found != null) {
            position = found.end();
            if (found.torn() > 0) {
                setAside(found);
            }
            if (before == Before.DAMAGED) {
                renameAndBegin(now);
            }
        }
        begun = position == 0 ? now : begun;
        LineWriter line = opening(now, before);
        if (found != null && found.torn() > 0) {
            line.number("tornBytes", found.torn());
        }
        finish(line);
        force();
        mustOpen = false;
    }

    private record Found(Before before, long end, long torn) {}

    /** Reads a file through, takes its last line as the head, and returns what was found. */
    private Found read(Path path) throws IOException {
        boolean damaged = false;
        boolean sealed = false;
        ChainFields last = null;
        try (RawLines lines = new RawLines(path)) {
            while (lines.next()) {
                ChainFields frame = lines.frame();
                damaged |= frame == null
                        || !frame.authentic()
                        || (last != null
                                && (frame.sequence() != last.sequence() + 1
                                        || !frame.prev().equals(last.hash())));
                last = frame == null ? last : frame;
                String text = lines.text();
                sealed = ChainFields.event(text).equals("seal");
                if (lines.number() == 1) {
                    begun = time(ChainFields.time(text));
                }
            }
            head = last == null ? head : last.head();
            Before before = damaged
                    ? Before.DAMAGED
                    : lines.torn() > 0 ? Before.TORN : sealed ? Before.SEALED : Before.UNSEALED;
            return new Found(before, lines.end(), lines.torn());
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            // The line is damaged, and reported as such. If its file counts as old, it is only finished earlier.
            return Instant.EPOCH;
        }
    }

    /** Copies the bytes of an incomplete line to a file beside the log, and removes them from the log. */
    private void setAside(Found found) throws IOException {
        Path aside = free(file.resolveSibling(file.getFileName() + ".torn-" + (head.sequence() + 1)));
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(found.torn(), 1 << 20));
        channel.read(bytes, found.end());
        bytes.flip();
        try (FileChannel out = FileChannel.open(
                aside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), onlyOurs(aside))) {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        channel.truncate(found.end());
    }

    private static Path free(Path path) {
        Path free = path;
        for (int i = 2; Files.exists(free); i++) {
            free = path.resolveSibling(path.getFileName() + "-" + i);
        }
        return free;
    }

    // ---- writing

    LogHead head() {
        return head;
    }

    /**
     * Writes some lines, after an opening line if one is due.
     *
     * @param lines writes them: given the head, it adds to a buffer and returns the new head
     * @param durable whether they must be on the disk when this returns
     * @throws IOException if not all could be written; then none was, and they may be passed again
     */
    void append(Instant now, boolean durable, Writer lines) throws IOException {
        if (position >= settings.maxBytes() || isOld(now)) {
            rotate(now);
        }
        if (mustOpen) {
            LineWriter opening = opening(now, Before.SEALED);
            finish(opening);
            mustOpen = false;
        }
        long from = position;
        LogHead before = head;
        StringBuilder text = new StringBuilder();
        LogHead after = lines.write(text, head);
        write(text, after);
        if (durable) {
            try {
                channel.force(false);
            } catch (IOException e) {
                // After a failed force the disk's content is unknown, and a second force may not report that. So write
                // again.
                position = from;
                head = before;
                ragged = true;
                throw e;
            }
        }
    }

    /** Writes lines: given the head, it adds to the buffer and returns the new head. */
    interface Writer {
        LogHead write(StringBuilder buffer, LogHead head);
    }

    void force() throws IOException {
        channel.force(false);
    }

    private boolean isOld(Instant now) {
        Duration maxAge = settings.maxAge();
        return maxAge != null && !now.isBefore(begun.plus(maxAge));
    }

    private void write(StringBuilder text, LogHead after) throws IOException {
        if (ragged) {
            channel.truncate(position);
            ragged = false;
        }
        ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII));
        long at = position;
        ragged = true;
        try {
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            channel.truncate(position);
            ragged = false;
            throw e;
        }
        ragged = false;
        position = at;
        head = after;
    }

    private void finish(LineWriter line) throws IOException {
        StringBuilder buffer = new StringBuilder();
        write(buffer, line.endInto(buffer, head));
    }

    private LineWriter opening(Instant now, Before before) {
        return new LineWriter(head)
                .text("t", now.toString())
                .text("event", "open")
                .number("segment", segment)
                .text("before", before.text())
                .text("argsKey", settings.argumentsKey());
    }

    /**
     * Writes the closing line. Its signature covers everything before it in the line and so, by the chain, in the log.
     */
    private void seal(Instant now, String reason) throws IOException {
        LineWriter line = new LineWriter(head)
                .text("t", now.toString())
                .text("event", "seal")
                .number("segment", segment)
                .text("reason", reason);
        SealKey key = settings.key();
        if (key != null) {
            line.text("algorithm", key.algorithm());
            line.text("signature", key.sign(line.soFar()));
        }
        finish(line);
        channel.force(true);
        mustOpen = true;
    }

    private void rotate(Instant now) throws IOException {
        if (!mustOpen) {
            seal(now, "rotate");
        }
        renameAndBegin(now);
    }

    private void renameAndBegin(Instant now) throws IOException {
        Path finished = file.resolveSibling(String.format("%s.%06d", file.getFileName(), segment));
        if (Files.exists(finished)) {
            throw new FileAlreadyExistsException(finished + " is in the way of a file of this log");
        }
        Files.move(file, finished, StandardCopyOption.ATOMIC_MOVE);
        FileChannel next;
        try {
            next = settings.opener().open(file);
        } catch (IOException e) {
            // Keeps using the old file under its old name.
            Files.move(finished, file, StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        try {
            claim(next);
        } catch (IOException e) {
            // Another process took this name first, so the old file can't have it back either.
            next.close();
            throw e;
        }
        channel.close();
        channel = next;
        forceDirectory();
        segment++;
        position = 0;
        begun = now;
        mustOpen = true;
    }

    /**
     * Makes the new names survive a power failure. Not every system supports this; there they reach the disk slightly
     * later.
     */
    private void forceDirectory() throws IOException {
        Path directory = file.getParent();
        if (directory != null && !System.getProperty("os.name", "").startsWith("Windows")) {
            try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
                names.force(true);
            }
        }
    }

    /** Ends the log with its closing line. */
    void seal(Instant now) throws IOException {
        if (!mustOpen) {
            seal(now, "close");
        }
    }

    @Override
    public void close() throws IOException {
        try (lockChannel) {
            channel.close();
        }
    }
}
