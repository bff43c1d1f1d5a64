package dev.interlock.policy.cli.demo;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/** Text in columns, wrapped between words where it is too long for its column. */
final class Table {

    private static final String GAP = "  ";

    private final Ansi ansi;
    private final List<Column> columns;
    private final List<String> lines = new ArrayList<>();

    /**
     * A column.
     *
     * @param right whether its text stands at the right
     */
    record Column(String title, int width, boolean right) {}

    /**
     * One cell.
     *
     * @param style picocli's name for how it looks; empty for plain
     */
    record Cell(String text, String style) {

        static Cell of(String text) {
            return new Cell(text, "");
        }
    }

    Table(Ansi ansi, List<Column> columns) {
        this.ansi = ansi;
        this.columns = columns;
        add(columns.stream().map(column -> new Cell(column.title(), "bold")).toList());
        lines.add(GAP
                + String.join(
                        GAP,
                        columns.stream()
                                .map(column -> "-".repeat(column.width()))
                                .toList()));
    }

    void add(List<Cell> row) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < row.size(); i++) {
            List<String> cell = wrap(row.get(i).text(), columns.get(i).width());
            wrapped.add(cell);
            height = Math.max(height, cell.size());
        }
        for (int y = 0; y < height; y++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String text = y < wrapped.get(i).size() ? wrapped.get(i).get(y) : "";
                line.append(GAP)
                        .append(styled(padded(text, columns.get(i)), row.get(i).style()));
            }
            lines.add(line.toString().stripTrailing());
        }
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    private static String padded(String text, Column column) {
        String padding = " ".repeat(Math.max(0, column.width() - text.length()));
        return column.right() ? padding + text : text + padding;
    }

    private String styled(String text, String style) {
        return style.isEmpty() || text.isBlank() ? text : ansi.string("@|" + style + " " + text + "|@");
    }

    /** Breaks at blanks; a word that is longer than the column stays whole and sticks out. */
    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (line.length() > 0 && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.length() > 0 ? " " : "").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
