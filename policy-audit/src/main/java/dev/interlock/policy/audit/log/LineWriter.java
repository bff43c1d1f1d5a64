package dev.interlock.policy.audit.log;

import org.jspecify.annotations.Nullable;

/** Writes one line. Names are our own plain ones; values may come from anyone, and are written as ASCII. */
final class LineWriter {

    /** For names and texts that others choose. An ellipsis at the end marks a text that was cut. */
    static final int MAX_TEXT = 512;

    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final StringBuilder out = new StringBuilder(512);

    LineWriter(LogHead last) {
        ChainFields.begin(out, last);
    }

    /** Adds a text, or nothing if it is null. */
    LineWriter text(String name, @Nullable String value) {
        if (value != null) {
            name(name).append('"');
            int end = value.length() <= MAX_TEXT ? value.length() : MAX_TEXT - 1;
            for (int i = 0; i < end; i++) {
                escape(value.charAt(i));
            }
            if (end < value.length()) {
                escape('…');
            }
            out.append('"');
        }
        return this;
    }

    LineWriter number(String name, long value) {
        name(name).append(value);
        return this;
    }

    LineWriter flag(String name, boolean value) {
        name(name).append(value);
        return this;
    }

    /** Adds a value that is already JSON. */
    LineWriter json(String name, String json) {
        name(name);
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            // JSON is ASCII outside of strings, so any other character is within a string.
            if (c < 0x7f) {
                out.append(c);
            } else {
                unicode(c);
            }
        }
        return this;
    }

    /** The line so far, for a signature. */
    String soFar() {
        return out.toString();
    }

    /** Ends the line and adds it to a buffer. */
    LogHead endInto(StringBuilder buffer, LogHead last) {
        String hash = ChainFields.end(out);
        buffer.append(out);
        return new LogHead(last.sequence() + 1, hash);
    }

    private StringBuilder name(String name) {
        return out.append(",\"").append(name).append("\":");
    }

    private void escape(char c) {
        if (c == '"' || c == '\\') {
            out.append('\\').append(c);
        } else if (c >= ' ' && c < 0x7f) {
            out.append(c);
        } else {
            unicode(c);
        }
    }

    private void unicode(char c) {
        out.append("\\u")
                .append(HEX[c >> 12])
                .append(HEX[(c >> 8) & 15])
                .append(HEX[(c >> 4) & 15])
                .append(HEX[c & 15]);
    }
}
