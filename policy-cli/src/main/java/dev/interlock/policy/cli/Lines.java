package dev.interlock.policy.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Takes a stream apart into lines, one after the other in one buffer, which grows only as far as the longest line. A
 * line past {@link #LONGEST} is skipped to its end, and said to be too long.
 */
final class Lines {

    /** In bytes. */
    static final int LONGEST = 64 << 20;

    private static final int BLOCK = 1 << 16;

    private final InputStream in;
    private byte[] buffer = new byte[4 * BLOCK];
    private int start;
    private int end;
    private int filled;
    private long number;
    private boolean atEnd;
    private boolean tooLong;

    Lines(InputStream in) {
        this.in = in;
    }

    /** Moves to the next line; false after the last. */
    boolean next() throws IOException {
        start = number == 0 ? 0 : Math.min(end + 1, filled);
        tooLong = false;
        int from = start;
        while (true) {
            int newline = indexOfNewline(from);
            if (newline >= 0) {
                end = newline;
                number++;
                return true;
            }
            if (atEnd) {
                end = filled;
                if (start == filled && !tooLong) {
                    return false;
                }
                number++;
                return true;
            }
            if (filled - start > LONGEST) {
                tooLong = true;
                filled = start;
            }
            from = filled - start;
            fill();
            from += start;
        }
    }

    private int indexOfNewline(int from) {
        byte[] bytes = buffer;
        for (int i = from; i < filled; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void fill() throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, filled - start);
            filled -= start;
            start = 0;
        }
        if (buffer.length - filled < BLOCK) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int read = in.read(buffer, filled, buffer.length - filled);
        if (read < 0) {
            atEnd = true;
        } else {
            filled += read;
        }
    }

    /** The number of the line, from 1. */
    long number() {
        return number;
    }

    /** Whether the line was too long to be kept. */
    boolean isTooLong() {
        return tooLong;
    }

    /** What the line stands in, until the next one is asked for. */
    byte[] buffer() {
        return buffer;
    }

    int offset() {
        return start;
    }

    /** Without the line break. */
    int length() {
        int length = end - start;
        return length > 0 && buffer[end - 1] == '\r' ? length - 1 : length;
    }

    boolean isBlank() {
        for (int i = 0; i < length(); i++) {
            if (buffer[start + i] != ' ' && buffer[start + i] != '\t') {
                return false;
            }
        }
        return true;
    }
}
