package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Lines;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Extracts messages from server-sent events, and knows where to resume the stream. For use by one thread at a time. */
final class EventStream {

    private static final long MOST_MILLIS = 30_000;

    /** How much is kept of a message that is too long. */
    private static final int HEAD = 1 << 16;

    private static final int LONGEST_ID = 1_000;

    private final int longest;
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private boolean tooLong;
    private boolean isMessage = true;
    private @Nullable String id;
    private long retryMillis = 1_000;

    /** @param longest the most bytes of a message */
    EventStream(int longest) {
        this.longest = longest;
    }

    /** The id of the last event that had one, at which the stream can be resumed; null if it can't be. */
    @Nullable
    String lastId() {
        return id;
    }

    /** How long the server wants its client to wait before it resumes the stream. */
    long retryMillis() {
        return retryMillis;
    }

    /**
     * Takes messages until the stream ends.
     *
     * @throws IOException if it breaks off
     */
    void read(InputStream in, Incoming incoming) throws IOException {
        Lines lines = new Lines(in, longest);
        while (lines.next()) {
            if (lines.length() == 0) {
                dispatch(incoming);
            } else {
                field(lines);
            }
        }
        // An event that no empty line ends is incomplete, and doesn't count.
        clear();
    }

    private void dispatch(Incoming incoming) {
        byte[] message = data.toByteArray();
        if (isMessage && (message.length > 0 || tooLong)) {
            incoming.take(message, 0, message.length, tooLong);
        }
        clear();
    }

    private void clear() {
        data.reset();
        tooLong = false;
        isMessage = true;
    }

    private void field(Lines lines) {
        byte[] buffer = lines.buffer();
        int start = lines.offset();
        int end = start + lines.length();
        if (lines.number() == 1 && lines.length() >= 3 && startsWithMark(buffer, start)) {
            start += 3;
        }
        int colon = start;
        while (colon < end && buffer[colon] != ':') {
            colon++;
        }
        int value = Math.min(end, colon + 1);
        if (value < end && buffer[value] == ' ') {
            value++;
        }
        switch (text(buffer, start, Math.min(colon, start + LONGEST_ID))) {
            case "data" -> add(buffer, value, end, lines.isTooLong());
            case "event" -> isMessage = value == end || text(buffer, value, end).equals("message");
            case "id" -> noteId(text(buffer, value, end));
            case "retry" -> noteRetry(text(buffer, value, end));
            default -> {
                // A comment, or an unknown field.
            }
        }
    }

    private static boolean startsWithMark(byte[] buffer, int start) {
        return buffer[start] == (byte) 0xEF && buffer[start + 1] == (byte) 0xBB && buffer[start + 2] == (byte) 0xBF;
    }

    private static String text(byte[] buffer, int start, int end) {
        return new String(buffer, start, end - start, StandardCharsets.UTF_8);
    }

    private void add(byte[] buffer, int start, int end, boolean cut) {
        if (data.size() > 0) {
            data.write('\n');
        }
        tooLong |= cut || data.size() + (long) (end - start) > longest;
        int room = tooLong ? Math.max(0, HEAD - data.size()) : end - start;
        data.write(buffer, start, Math.min(end - start, room));
    }

    /** Records an id only if it can be sent back in a header. */
    private void noteId(String text) {
        if (text.length() <= LONGEST_ID && text.chars().allMatch(c -> c >= 0x20 && c < 0x7F)) {
            id = text;
        }
    }

    private void noteRetry(String text) {
        if (text.matches("[0-9]{1,9}")) {
            retryMillis = Math.min(MOST_MILLIS, Long.parseLong(text));
        }
    }
}
