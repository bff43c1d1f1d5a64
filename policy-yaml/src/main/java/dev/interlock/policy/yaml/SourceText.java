package dev.interlock.policy.yaml;

import dev.interlock.policy.text.VisibleText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Turns bytes into text that can be parsed: UTF-8, within the size bound, without characters that YAML forbids. Any
 * violation is reported here, with a position, before a parser sees the text.
 */
final class SourceText {

    /** Some languages, and emoji, are written with these characters. */
    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;

    private static final int ZERO_WIDTH_JOINER = 0x200D;

    /** How many lines with such characters are reported. */
    private static final int MOST_DECEIVING = 20;

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final DiagnosticCollector findings;

    SourceText(DiagnosticCollector findings) {
        this.findings = findings;
    }

    /** The text of {@code bytes}, or null if it can't be parsed. */
    @Nullable
    String decode(byte[] bytes) {
        if (bytes.length > Bounds.MAX_BYTES) {
            tooLarge();
            return null;
        }
        if (bytes.length >= 2 && isUtf16Mark(bytes[0] & 0xff, bytes[1] & 0xff)) {
            findings.error("bad-encoding", 1, 1, "the document is UTF-16", "save it as UTF-8");
            return null;
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        try {
            return check(decoder.decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            badByte(bytes);
            return null;
        }
    }

    /** The text without its byte order mark, or null if it can't be parsed. */
    @Nullable
    String check(String text) {
        // UTF-8 has at least one byte for each UTF-16 unit, so a text that is plainly too large needs no counting.
        if (text.length() > Bounds.MAX_BYTES || utf8Length(text) > Bounds.MAX_BYTES) {
            tooLarge();
            return null;
        }
        String body = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        int line = 1;
        int column = 1;
        int warned = 0;
        int lastWarned = 0;
        for (int i = 0; i < body.length(); ) {
            int c = body.codePointAt(i);
            if (c == '\n') {
                line++;
                column = 0;
            } else if (c > '~' && deceives(c) && line != lastWarned && warned < MOST_DECEIVING) {
                deceiving(c, line, column);
                lastWarned = line;
                warned++;
            } else if (c == BYTE_ORDER_MARK || !StreamReader.isPrintable(c)) {
                badCharacter(c, line, column);
                return null;
            }
            column++;
            i += Character.charCount(c);
        }
        return body;
    }

    /** Whether a character can make two readers of the document see, or read, different things. */
    private static boolean deceives(int c) {
        return endsLine(c)
                || (VisibleText.isFormat(c)
                        && c != BYTE_ORDER_MARK
                        && c != ZERO_WIDTH_JOINER
                        && c != ZERO_WIDTH_NON_JOINER);
    }

    /** A line break in YAML 1.1, and still in some editors. */
    private static boolean endsLine(int c) {
        return c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    private void deceiving(int c, int line, int column) {
        String name = String.format("U+%04X", c);
        findings.warn(
                "hidden-character",
                line,
                column,
                NodePath.ROOT,
                endsLine(c)
                        ? "here stands " + name + ", which ends a line to some programs and not to this one"
                        : "here stands " + name + ", which can't be seen or changes the order in which text is shown",
                "take it out, or write it as an escape in a double-quoted string");
    }

    private void tooLarge() {
        findings.error(
                "too-large", 1, 1, "the document is larger than " + (Bounds.MAX_BYTES >> 20) + " MiB", "split it up");
    }

    private void badCharacter(int c, int line, int column) {
        String name = String.format("U+%04X", c);
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
            findings.error("bad-character", line, column, name + " is half a character", null);
        } else {
            findings.error(
                    "bad-character",
                    line,
                    column,
                    "the character " + name + " may not stand in a document",
                    c == 0
                            ? "is this a text file, in UTF-8?"
                            : "in a double-quoted string it can be written " + String.format("\"\\u%04x\"", c));
        }
    }

    /** Decodes again to find the position of the invalid byte. */
    private void badByte(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer good = CharBuffer.allocate(bytes.length + 1);
        StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(in, good, true);
        good.flip();
        int line = 1;
        int column = 1;
        for (int i = 0; i < good.length(); i++) {
            char c = good.charAt(i);
            if (c == '\n') {
                line++;
                column = 1;
            } else if (!Character.isLowSurrogate(c) && c != BYTE_ORDER_MARK) {
                column++;
            }
        }
        findings.error(
                "bad-encoding",
                line,
                column,
                String.format("the byte 0x%02x is not UTF-8", bytes[in.position()] & 0xff),
                "save the document as UTF-8");
    }

    private static boolean isUtf16Mark(int first, int second) {
        return (first == 0xfe && second == 0xff) || (first == 0xff && second == 0xfe);
    }

    private static long utf8Length(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // A surrogate pair takes four bytes: two for each half.
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }
}
