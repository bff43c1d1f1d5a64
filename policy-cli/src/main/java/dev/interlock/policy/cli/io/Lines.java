package dev.interlock.policy.cli.io;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Splits a stream into lines, one after the other in one buffer, which grows only as far as the longest line needs. A
 * line that exceeds the bound, or for which there is no memory, is skipped to its end and marked as too long; only its
 * head is kept.
 */
public final class Lines {

    /** The default bound for a line, in bytes. */
    public static final int LONGEST = 64 << 20;

    private static final int BLOCK = 1 << 16;

    private static final int FIRST_SIZE = 4 * BLOCK;

    /** How much is kept of a line that is too long. */
    private static final int HEAD = BLOCK;

    private final InputStream in;
    private final int longest;
    private byte[] buffer = new byte[FIRST_SIZE];
    private int start;
    private int end;
    private int filled;
    private long number;
    private boolean atEnd;
    private boolean tooLong;

    public Lines(InputStream in) {
        this(in, LONGEST);
    }

    /** @param longest the most bytes of a line */
    public Lines(InputStream in, int longest) {
        this.in = in;
        this.longest = longest;
    }

    /** Moves to the next line. Returns false after the last. */
    public boolean next() throws IOException {
        start = number == 0 ? 0 : Math.min(end + 1, filled);
        tooLong = false;
        shrink();
        int from = start;
        while (true) {
            int newline = indexOfNewline(from);
            if (newline >= 0) {
                end(newline);
                return true;
            }
            if (atEnd) {
                if (start == filled) {
                    return false;
                }
                end(filled);
                return true;
            }
            if (tooLong || filled - start > longest) {
                skip();
            }
            from = filled - start;
            fill();
            from += start;
        }
    }

    private void end(int at) {
        end = at;
        number++;
        if (end - start > longest) {
            tooLong = true;
        }
    }

    /** Keeps only the head of a line. What is read next overwrites the rest. */
    private void skip() {
        tooLong = true;
        filled = Math.min(filled, start + HEAD);
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

    /** Releases the memory that one long line has taken. */
    private void shrink() {
        if (buffer.length > 4 * FIRST_SIZE && filled - start <= FIRST_SIZE) {
            buffer = Arrays.copyOfRange(buffer, start, start + FIRST_SIZE);
            filled -= start;
            start = 0;
        }
    }

    private void fill() throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, filled - start);
            filled -= start;
            start = 0;
        }
        if (buffer.length - filled < BLOCK) {
            grow();
        }
        int read = in.read(buffer, filled, buffer.length - filled);
        if (read < 0) {
            atEnd = true;
        } else {
            filled += read;
        }
    }

    private void grow() {
        try {
            // Don't double past the longest line, which is the most that will be needed.
            long enough = Math.min(2L * buffer.length, longest + 2L * BLOCK);
            buffer = Arrays.copyOf(buffer, (int) Math.max(enough, filled + (long) BLOCK));
        } catch (OutOfMemoryError e) {
            skip();
        }
    }

    /** The number of the line, from 1. */
    public long number() {
        return number;
    }

    /** Whether the line was too long to be kept. If so, only its head is available. */
    public boolean isTooLong() {
        return tooLong;
    }

    /** The buffer that holds the line, until the next line is read. */
    public byte[] buffer() {
        return buffer;
    }

    public int offset() {
        return start;
    }

    /** The line's length without the line break. */
    public int length() {
        int length = end - start;
        if (tooLong) {
            return Math.min(length, HEAD);
        }
        return length > 0 && buffer[end - 1] == '\r' ? length - 1 : length;
    }

    public boolean isBlank() {
        for (int i = 0; i < length(); i++) {
            if (buffer[start + i] != ' ' && buffer[start + i] != '\t') {
                return false;
            }
        }
        return true;
    }
}
