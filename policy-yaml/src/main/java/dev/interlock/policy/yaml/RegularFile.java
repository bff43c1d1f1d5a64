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
 * Reads files that must be regular ones, such as those with a configuration. A directory, a pipe, a socket or a device is
 * refused before it is opened.
 *
 * <p>Whoever may write the directory can put a pipe in the file's place between the look and the opening, and Java can't
 * open a file without waiting. So files are opened by a daemon thread of their own. A caller waits no longer than ten
 * seconds for it; after that the thread is left behind until the pipe gets a writer or the JVM ends. There are never more
 * than {@value #MOST_ABANDONED} such threads: while there are, no file is read.
 */
public final class RegularFile {

    /** How many threads may stand in files that don't open. */
    private static final int MOST_ABANDONED = 16;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final AtomicInteger ABANDONED = new AtomicInteger();

    /** Opens a file; another one only in tests, which change the file before that. */
    @FunctionalInterface
    interface Opener {

        SeekableByteChannel open(Path file) throws IOException;
    }

    @FunctionalInterface
    private interface Use<T> {

        T of(SeekableByteChannel opened) throws IOException;
    }

    private RegularFile() {}

    /**
     * The beginning of a file.
     *
     * @param most how many bytes are read at most
     * @throws FileSystemException if it is no regular file, or does not open in ten seconds
     * @throws IOException if it can't be read
     */
    public static byte[] read(Path file, int most) throws IOException {
        return result(file, reading(file, most, Files::newByteChannel), PATIENCE);
    }

    /**
     * Opens a file; the caller closes it.
     *
     * @throws FileSystemException if it is no regular file, or does not open in ten seconds
     * @throws IOException if it can't be opened
     */
    public static InputStream open(Path file) throws IOException {
        CompletableFuture<SeekableByteChannel> opening = new CompletableFuture<>();
        begin(file, Files::newByteChannel, opening, channel -> channel);
        return Channels.newInputStream(result(file, opening, PATIENCE));
    }

    /** Begins to read; who waits no longer cancels it. */
    static CompletableFuture<byte[]> reading(Path file, int most, Opener opener) throws IOException {
        CompletableFuture<byte[]> reading = new CompletableFuture<>();
        begin(file, opener, reading, channel -> {
            try (InputStream in = Channels.newInputStream(channel)) {
                return in.readNBytes(most);
            }
        });
        return reading;
    }

    /**
     * Waits for what was begun.
     *
     * @throws CancellationException if somebody has cancelled it
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
                // It has ended at this moment.
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
    private static <T> void begin(Path file, Opener opener, CompletableFuture<T> result, Use<T> use)
            throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        if (!found.isRegularFile()) {
            throw refused(file, found.isDirectory() ? "it is a directory" : "it is no regular file");
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
            Path file, Opener opener, CompletableFuture<T> result, Use<T> use, Abandonment abandonment) {
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

    /** A pipe that has come into the file's place, and has a writer, opens; but there is no going to a place in it. */
    private static void seekable(Path file, SeekableByteChannel channel) throws IOException {
        try {
            channel.position(0);
        } catch (IOException e) {
            throw refused(file, "it is no regular file");
        }
    }

    private static FileSystemException refused(Path file, String why) {
        return new FileSystemException(file.toString(), null, why);
    }

    /** Whether a thread is counted as left behind. It may end at the moment in which it would be. */
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
