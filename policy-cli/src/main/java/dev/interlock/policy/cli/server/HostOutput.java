package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Deadline;
import dev.interlock.policy.cli.io.LineWriter;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What goes to the host, in order, without anybody's waiting for it to be read. Thread-safe. */
public final class HostOutput {

    private final LineWriter lines;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    /** @param capacity how many bytes may wait before nothing more is read for which there would be answers */
    public HostOutput(OutputStream out, long capacity) {
        this.lines = new LineWriter("interlock-host-out", out, capacity, unwritten -> gone.complete(null));
    }

    /** Completes when the host has closed its end of this. */
    public CompletableFuture<Void> gone() {
        return gone;
    }

    /** Has a line written, with its end. */
    public void add(byte[] line) {
        lines.add(new LineWriter.Line(line, null));
    }

    /** Waits until the host has read enough of what it was sent, however long that is. */
    public void awaitRoom() throws InterruptedException {
        while (!lines.awaitRoom(Deadline.in(Duration.ofMinutes(1)))) {
            // A host may stand still for hours, and then go on.
        }
    }

    /** The same, but not for ever; false if it still has not. */
    public boolean awaitRoom(Deadline deadline) throws InterruptedException {
        return lines.awaitRoom(deadline);
    }

    /** Waits until the host has read everything, but not for ever; nothing more is written then. */
    public void finish(Deadline deadline) throws InterruptedException {
        lines.finish();
        lines.awaitDone(deadline);
    }
}
