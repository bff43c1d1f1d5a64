package dev.interlock.policy.audit.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The lines of a file as bytes, each with its chain fields. Bytes after the last line break are not a line. */
final class RawLines implements Closeable {

    /** Longer than any line that we write. */
    private static final int LONGEST = 4 << 20;

    private final InputStream in;
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int filled;
    private int length;
    private long number;
    private long end;
    private boolean ended;
    private boolean tooLong;

    RawLines(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            // Opening a pipe would block.
            throw new FileSystemException(file.toString(), null, "it is not a regular file");
        }
        this.in = Files.newInputStream(file);
    }

    /** Moves to the next line; false if there is no further complete line. */
    boolean next() throws IOException {
        if (number > 0) {
            start += length + 1;
        }
        tooLong = false;
        int from = start;
        while (true) {
            for (int i = from; i < filled; i++) {
                if (buffer[i] == '\n') {
                    length = i - start;
                    end += length + 1;
                    number++;
                    return true;
                }
            }
            if (ended) {
                return false;
            }
            if (filled - start > LONGEST) {
                end += filled - start;
                start = filled;
                tooLong = true;
            }
            from = filled - start;
            fill();
            from += start;
        }
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, filled - start);
        filled -= start;
        start = 0;
        if (filled == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int read = in.read(buffer, filled, buffer.length - filled);
        if (read < 0) {
            ended = true;
        } else {
            filled += read;
        }
    }

    /** The number of the line in its file, from 1. */
    long number() {
        return number;
    }

    /** The offset of the line's end, including its line break. */
    long end() {
        return end;
    }

    /** The number of bytes after the last line break, once {@link #next} has returned false. */
    long torn() {
        return (long) filled - start;
    }

    @Nullable
    ChainFields frame() {
        return tooLong ? null : ChainFields.read(buffer, start, length);
    }

    /** The line as text, one character for each byte. */
    String text() {
        return new String(buffer, start, length, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
