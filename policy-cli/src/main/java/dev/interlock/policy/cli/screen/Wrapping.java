package dev.interlock.policy.cli.screen;

import java.util.ArrayList;
import java.util.List;

/**
 * Breaks one line between its words. A word that is too long for a line is broken, too, after a sign such as {@code /}
 * if it has one. Colours ({@code ESC [ … m}) take no room.
 */
final class Wrapping {

    /** The farthest column at which a second column of text may begin for continuation lines to be aligned with it. */
    private static final int FARTHEST_HANG = 28;

    private static final String JOINTS = "/_-.,:;=&?";

    private final String line;
    /** The width of the line that is being written. */
    private int room;

    private final int hang;
    private final int width;

    private Wrapping(String line, int width, int hang) {
        this.line = line;
        this.width = width;
        this.hang = hang;
        this.room = width;
    }

    /** Breaks a text to the width of a table's column. */
    static List<String> flush(String text, int width) {
        return new Wrapping(text, width, 0).lines();
    }

    /** Breaks a line of output, and indents all its lines but the first. */
    static List<String> hanging(String line, int width) {
        return new Wrapping(line, width, Math.min(hang(line), width / 2)).lines();
    }

    /** Where the second column of text begins. If there is none, a little to the right of the first. */
    private static int hang(String line) {
        int column = 0;
        int blanks = 0;
        int first = -1;
        for (int i = 0; i < line.length(); i = next(line, i)) {
            int wide = columns(line, i);
            if (wide == 0) {
                continue;
            }
            if (line.charAt(i) == ' ') {
                blanks++;
            } else {
                if (first >= 0 && blanks > 1 && column <= FARTHEST_HANG) {
                    return column;
                }
                first = first < 0 ? column : first;
                blanks = 0;
            }
            column += wide;
        }
        return Math.max(0, first) + 2;
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        int start = 0;
        int end = end(start);
        while (end < line.length()) {
            lines.add(indented(lines, line.substring(start, end).stripTrailing()));
            start = end;
            while (start < line.length() && line.charAt(start) == ' ') {
                start++;
            }
            room = width - hang;
            end = end(start);
        }
        if (start < line.length() || lines.isEmpty()) {
            String rest = line.substring(start);
            // Blanks at its end may stand past the edge.
            lines.add(indented(lines, Columns.of(rest) > room ? rest.stripTrailing() : rest));
        }
        return lines;
    }

    private String indented(List<String> before, String text) {
        return before.isEmpty() ? text : " ".repeat(hang) + text;
    }

    /** Where the line that begins here must end: after its last word that fits. */
    private int end(int start) {
        int column = 0;
        int blank = -1;
        int joint = -1;
        boolean begun = false;
        for (int i = start; i < line.length(); i = next(line, i)) {
            int wide = columns(line, i);
            char c = line.charAt(i);
            if (c == ' ' && begun) {
                blank = i;
            }
            if (column + wide > room && c != ' ') {
                return blank > 0 ? blank : joint > 0 ? joint : Math.max(i, next(line, start));
            }
            begun |= c != ' ' && wide > 0;
            column += wide;
            if (wide > 0 && JOINTS.indexOf(c) >= 0 && 2 * column > room) {
                joint = i + 1;
            }
        }
        return line.length();
    }

    /** Where the next character begins, or where the next colour sequence ends. */
    private static int next(String text, int at) {
        if (isColour(text, at)) {
            int end = text.indexOf('m', at);
            return end < 0 ? text.length() : end + 1;
        }
        return at + Character.charCount(text.codePointAt(at));
    }

    private static boolean isColour(String text, int at) {
        return text.charAt(at) == '\u001b' && at + 1 < text.length() && text.charAt(at + 1) == '[';
    }

    private static int columns(String text, int at) {
        return isColour(text, at) ? 0 : Columns.of(text.codePointAt(at));
    }
}
