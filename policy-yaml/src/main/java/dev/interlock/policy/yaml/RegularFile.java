package dev.interlock.policy.yaml;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads files that must be regular, such as configuration files. A directory, a pipe, a socket or a device is refused
 * before it is opened.
 *
 * <p>Someone who can write to the directory can replace the file with a pipe between the check and the opening, and
 * Java can't open a file without blocking. So each file is opened on a daemon thread. A caller waits at most ten
 * seconds for it. After that the thread is abandoned until the pipe gets a writer or the JVM ends. There are never more
 * than {@value #MOST_ABANDONED} abandoned threads: while there are that many, no file is read.
 */
public final class RegularFile {

    /** How many threads may be blocked in files that don't open. */
    private static final int MOST_ABANDONED = 16;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final AtomicInteger ABANDONED = new AtomicInteger();

    /** Opens a file. Tests replace it to change the file just before. */
    @FunctionalInterface
    interface FileOpener {

        SeekableByteChannel open(Path file) throws IOException;
    }

    @FunctionalInterface
    private interface FileUse<T> {

        T of(SeekableByteChannel opened) throws IOException;
    }

    private RegularFile() {}

    /**
     * Reads the beginning of a file.
     *
     * @param most how many bytes to read at most
     * @throws FileSystemException if it isn't a regular file, or doesn't open within ten seconds
     * @throws IOException if it can't be read
     */
    public static byte[] read(Path file, int most) throws IOException {
        return result(file, reading(file, most, Files::newByteChannel), PATIENCE);
    }

    /**
     * Opens a file; the caller closes it.
     *
     * @throws FileSystemException if it isn't a regular file, or doesn't open within ten seconds
     * @throws IOException if it can't be opened
     */
    public static InputStream open(Path file) throws IOException {
        CompletableFuture<SeekableByteChannel> opening = new CompletableFuture<>();
        begin(file, Files::newByteChannel, opening, channel -> channel);
        return Channels.newInputStream(result(file, opening, PATIENCE));
    }

    /** Starts reading; a caller that stops waiting cancels the future. */
    static CompletableFuture<byte[]> reading(Path file, int most, FileOpener opener) throws IOException {
        CompletableFuture<byte[]> reading = new CompletableFuture<>();
        begin(file, opener, reading, channel -> {
            try (InputStream in = Channels.newInputStream(channel)) {
                return in.readNBytes(most);
            }
        });
        return reading;
    }

    /**
     * Waits for the result.
     *
     * @throws CancellationException if the future was cancelled
     */
    static <T> T result(Path file, CompletableFuture<T> begun, Duration patience) throws IOException {
        try {
            return begun.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IOException(e.getCause());
        } catch (TimeoutException e) {
            if (!begun.cancel(true)) {
                // It completed just now.
                return result(file, begun, patience);
            }
            throw refused(file, "it does not open; is it a pipe?");
        } catch (InterruptedException e) {
            begun.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + file + " was opened");
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its only action can't fail
    private static <T> void begin(Path file, FileOpener opener, CompletableFuture<T> result, FileUse<T> use)
            throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        if (!found.isRegularFile()) {
            throw refused(file, found.isDirectory() ? "it is a directory" : "it is not a regular file");
        }
        if (ABANDONED.get() >= MOST_ABANDONED) {
            throw refused(file, "too many files that don't open are waited for; take away pipes that stand for files");
        }
        Abandonment abandonment = new Abandonment();
        Thread thread = new Thread(() -> run(file, opener, result, use, abandonment), "interlock-file");
        thread.setDaemon(true);
        result.whenComplete((value, failure) -> {
            if (result.isCancelled()) {
                abandonment.begin();
            }
        });
        thread.start();
    }

    private static <T> void run(
            Path file, FileOpener opener, CompletableFuture<T> result, FileUse<T> use, Abandonment abandonment) {
        try {
            SeekableByteChannel channel = opener.open(file);
            try {
                seekable(file, channel);
                T value = use.of(channel);
                if (!result.complete(value)) {
                    channel.close();
                }
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        } catch (Throwable e) {
            result.completeExceptionally(e);
        } finally {
            abandonment.end();
        }
    }

    /** A pipe with a writer that has replaced the file opens, but its position can't be set. */
    private static void seekable(Path file, SeekableByteChannel channel) throws IOException {
        try {
            channel.position(0);
        } catch (IOException e) {
            throw refused(file, "it is not a regular file");
        }
    }

    private static FileSystemException refused(Path file, String why) {
        return new FileSystemException(file.toString(), null, why);
    }

    /** Whether a thread counts as abandoned. The thread may end at the same moment. */
    private static final class Abandonment {

        private boolean begun;
        private boolean ended;

        synchronized void begin() {
            if (!ended) {
                begun = true;
                ABANDONED.incrementAndGet();
            }
        }

        synchronized void end() {
            ended = true;
            if (begun) {
                ABANDONED.decrementAndGet();
            }
        }
    }
}
