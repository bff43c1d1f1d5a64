package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Passes on what a process writes to its standard error, as it arrives, and remembers the end of it. Thread-safe. */
final class ErrorTail {

    /** The most bytes to remember. */
    private static final int MOST = 4_096;

    private static final int MOST_LINES = 10;

    private final byte[] kept = new byte[MOST];
    private int length;
    private boolean cut;
    private final Thread reader;

    /** @param out receives everything; it is not closed */
    ErrorTail(InputStream in, OutputStream out) {
        this.reader = new Thread(() -> read(in, out), "interlock-child-err");
        reader.setDaemon(true);
        reader.start();
    }

    private void read(InputStream in, OutputStream out) {
        byte[] buffer = new byte[MOST];
        boolean broken = false;
        try (in) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                keep(buffer, read);
                broken = broken || !pass(out, buffer, read);
            }
        } catch (IOException e) {
            // The process is gone, and its stream with it.
        }
    }

    /** On failure, reading goes on: a process must not hang because its standard error has no reader. */
    private static boolean pass(OutputStream out, byte[] buffer, int length) {
        try {
            out.write(buffer, 0, length);
            out.flush();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private synchronized void keep(byte[] buffer, int read) {
        int old = Math.min(length, MOST - read);
        cut |= old < length;
        System.arraycopy(kept, length - old, kept, 0, old);
        System.arraycopy(buffer, 0, kept, old, read);
        length = old + read;
    }

    /** Waits until everything has been read, or the time is up: another process may hold the stream open. */
    void await(Duration patience) {
        try {
            reader.join(patience.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The last lines, without invisible characters; empty if the process wrote nothing. */
    List<String> lines() {
        String text;
        boolean headless;
        synchronized (this) {
            text = new String(kept, 0, length, StandardCharsets.UTF_8);
            headless = cut;
        }
        List<String> lines = Arrays.stream(text.split("\\R"))
                .skip(headless ? 1 : 0)
                .filter(line -> !line.isBlank())
                .map(Printable::of)
                .toList();
        return lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size());
    }
}
