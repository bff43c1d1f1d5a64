package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.LineWriter;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The output to the host, in order. Callers don't wait until the host reads it. Thread-safe. */
public final class HostOutput {

    private final LineWriter lines;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    /** @param capacity the most bytes that may wait; beyond that, requests that lead to more output are not read */
    public HostOutput(OutputStream out, long capacity) {
        this.lines = new LineWriter("interlock-host-out", out, capacity, unwritten -> gone.complete(null));
    }

    /** Completes when the host has closed its end. */
    public CompletableFuture<Void> gone() {
        return gone;
    }

    /** Queues a line, including its line end. */
    public void add(byte[] line) {
        lines.add(new LineWriter.Line(line, null));
    }

    /** Waits until the host has read enough, however long that takes. */
    public void awaitRoom() throws InterruptedException {
        while (!lines.awaitRoom(Deadline.in(Duration.ofMinutes(1)))) {
            // A host may stop reading for hours, and then go on.
        }
    }

    /** Waits until the host has read enough, or the deadline. Returns false if it hasn't. */
    public boolean awaitRoom(Deadline deadline) throws InterruptedException {
        return lines.awaitRoom(deadline);
    }

    /** Waits until the host has read everything, or the deadline. After that, nothing more is written. */
    public void finish(Deadline deadline) throws InterruptedException {
        lines.finish();
        lines.awaitDone(deadline);
    }
}
