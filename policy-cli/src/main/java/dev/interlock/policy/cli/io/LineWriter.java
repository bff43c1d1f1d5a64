package dev.interlock.policy.cli.io;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines to a stream, in order, on a separate thread, so that no caller waits for a peer that doesn't read. The
 * amount that may wait to be written is bounded. Callers keep the bound: they either {@link #offer} a line, which may
 * be refused, or {@link #awaitRoom} before they do what leads to a line. Thread-safe.
 */
public final class LineWriter {

    /** A line to be written. */
    public static final class Line {

        private final byte[] bytes;
        private final @Nullable Object request;

        /**
         * @param bytes the line, including the line break
         * @param request the id of the request in the line; null if it isn't one
         */
        public Line(byte[] bytes, @Nullable Object request) {
            this.bytes = bytes;
            this.request = request;
        }

        /** The id of the request in the line; null if it isn't one. */
        @Nullable
        public Object request() {
            return request;
        }
    }

    private final OutputStream out;
    private final long capacity;
    private final Consumer<List<Line>> broken;

    private final Deque<Line> lines = new ArrayDeque<>();
    private long bytes;
    private boolean finishing;
    private boolean done;

    /**
     * @param out is closed when the last line has been written, or can't be
     * @param capacity the most bytes that may wait; a single line may be longer
     * @param broken receives the unwritten lines if a write fails
     */
    public LineWriter(String thread, OutputStream out, long capacity, Consumer<List<Line>> broken) {
        this.out = out;
        this.capacity = capacity;
        this.broken = broken;
        Thread writer = new Thread(this::write, thread);
        writer.setDaemon(true);
        writer.start();
    }

    /** Queues a line if there is room for it. Returns false if there is none, or nothing is written any more. */
    public synchronized boolean offer(Line line) {
        return (bytes == 0 || bytes + line.bytes.length <= capacity) && add(line);
    }

    /** Queues a line even beyond the bound. Returns false if nothing is written any more. */
    public synchronized boolean add(Line line) {
        if (finishing || done) {
            return false;
        }
        lines.add(line);
        bytes += line.bytes.length;
        notifyAll();
        return true;
    }

    /** Waits until there is room, or nothing is written any more. Returns false if the deadline passes first. */
    public synchronized boolean awaitRoom(Deadline deadline) throws InterruptedException {
        while (bytes > capacity && !done && !deadline.hasPassed()) {
            wait(deadline.millisLeft());
        }
        return bytes <= capacity || done;
    }

    /** Accepts no more lines. The stream is closed when the queued lines have been written. */
    public synchronized void finish() {
        finishing = true;
        notifyAll();
    }

    /** Waits until everything has been written, or nothing more can be, or the deadline. */
    public synchronized void awaitDone(Deadline deadline) throws InterruptedException {
        while (!done && !deadline.hasPassed()) {
            wait(deadline.millisLeft());
        }
    }

    private void write() {
        List<Line> unwritten = new ArrayList<>();
        try (out) {
            for (Line line = next(); line != null; line = next()) {
                unwritten.add(line);
                out.write(line.bytes);
                out.flush();
                unwritten.clear();
                written(line);
            }
        } catch (IOException | RuntimeException | Error e) {
            // Whatever the cause, nothing can be written any more. It is reported below.
        } finally {
            synchronized (this) {
                done = true;
                unwritten.addAll(lines);
                lines.clear();
                notifyAll();
            }
            if (!unwritten.isEmpty()) {
                broken.accept(unwritten);
            }
        }
    }

    private synchronized @Nullable Line next() {
        try {
            while (lines.isEmpty() && !finishing) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
        return lines.poll();
    }

    private synchronized void written(Line line) {
        bytes -= line.bytes.length;
        notifyAll();
    }
}
