package dev.interlock.policy.cli.screen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/**
 * Text in columns that are as wide as their text. If that is too wide for the screen, text is wrapped between words. If
 * that still leaves no room for the last column, its text goes under the row.
 */
public final class Table {

    private static final String GAP = "  ";

    /** The last column holds prose. If it would be narrower than this, it reads better under the row. */
    private static final int LEAST_PROSE = 24;

    /** The indentation of the text under a row. */
    private static final String UNDER = "    ";

    private final Ansi ansi;
    private final Screen screen;
    private final String margin;
    private final List<Column> columns;
    private final List<List<Cell>> rows = new ArrayList<>();

    /**
     * A column.
     *
     * @param right whether its text is aligned to the right
     */
    public record Column(String title, boolean right) {}

    /**
     * One cell.
     *
     * @param text the text, safe to show and without colours
     * @param style picocli's name of its style; empty for plain text
     */
    public record Cell(String text, String style) {

        /** A plain cell. */
        public static Cell of(String text) {
            return new Cell(text, "");
        }
    }

    /**
     * Begins a table.
     *
     * @param margin the text to the left of the table
     * @param columns the columns, the last one for prose
     */
    public Table(Screen screen, Ansi ansi, String margin, List<Column> columns) {
        this.screen = screen;
        this.ansi = ansi;
        this.margin = margin;
        this.columns = List.copyOf(columns);
    }

    /** Adds a row with a cell for each column. */
    public void add(List<Cell> row) {
        rows.add(List.copyOf(row));
    }

    /** The rows, headed by the titles. */
    public List<String> lines() {
        int[] widths = widths();
        int across = widths[columns.size() - 1] == 0 ? columns.size() - 1 : columns.size();
        List<String> lines = new ArrayList<>();
        append(columns.stream().map(column -> new Cell(column.title(), "bold")).toList(), across, widths, lines);
        for (List<Cell> row : rows) {
            append(row, across, widths, lines);
            if (across < columns.size() && !row.get(across).text().isEmpty()) {
                Cell prose = row.get(across);
                String indent = margin + UNDER;
                Wrapping.flush(prose.text(), Math.max(1, screen.width() - indent.length()))
                        .forEach(line -> lines.add(indent + styled(line, prose.style())));
            }
        }
        return lines;
    }

    private void append(List<Cell> row, int across, int[] widths, List<String> lines) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < across; i++) {
            List<String> cell = Wrapping.flush(row.get(i).text(), widths[i]);
            wrapped.add(cell);
            height = Math.max(height, cell.size());
        }
        for (int y = 0; y < height; y++) {
            StringBuilder line = new StringBuilder(margin);
            for (int i = 0; i < across; i++) {
                String text = y < wrapped.get(i).size() ? wrapped.get(i).get(y) : "";
                line.append(i == 0 ? "" : GAP)
                        .append(styled(
                                padded(text, widths[i], columns.get(i).right()),
                                row.get(i).style()));
            }
            lines.add(line.toString().stripTrailing());
        }
    }

    private static String padded(String text, int width, boolean right) {
        String padding = " ".repeat(Math.max(0, width - Columns.of(text)));
        return right ? padding + text : text + padding;
    }

    private String styled(String text, String style) {
        return style.isEmpty() || text.isBlank() ? text : ansi.string("@|" + style + " " + text + "|@");
    }

    /** The columns' widths; zero for the last column if it goes under the rows. */
    private int[] widths() {
        int count = columns.size();
        int[] whole = new int[count];
        int[] least = new int[count];
        for (int i = 0; i < count; i++) {
            measure(columns.get(i).title(), i, whole, least);
            for (List<Cell> row : rows) {
                measure(row.get(i).text(), i, whole, least);
            }
        }
        least[count - 1] = Math.max(least[count - 1], Math.min(whole[count - 1], LEAST_PROSE));
        if (screen.width() == Screen.UNBOUNDED) {
            return whole;
        }
        int room = screen.width() - margin.length() - GAP.length() * (count - 1);
        if (Arrays.stream(least).sum() > room) {
            whole[count - 1] = 0;
            least[count - 1] = 0;
            room += GAP.length();
        }
        return shared(room, whole, least);
    }

    private static void measure(String text, int column, int[] whole, int[] least) {
        whole[column] = Math.max(whole[column], Columns.of(text));
        for (String word : text.split(" ", -1)) {
            least[column] = Math.max(least[column], Columns.of(word));
        }
    }

    /** Gives each column the width of its longest word, and shares the rest in proportion to what each column lacks. */
    private static int[] shared(int room, int[] whole, int[] least) {
        int wanted = Arrays.stream(whole).sum();
        if (wanted <= room) {
            return whole;
        }
        int[] widths = least.clone();
        int spare = room - Arrays.stream(least).sum();
        if (spare < 0) {
            // Long words must be broken: take the room from the widest column first.
            for (int over = -spare; over > 0; over--) {
                int widest = 0;
                for (int i = 1; i < widths.length; i++) {
                    widest = widths[i] > widths[widest] ? i : widest;
                }
                widths[widest] = Math.max(1, widths[widest] - 1);
            }
            return widths;
        }
        int lacking = wanted - Arrays.stream(least).sum();
        for (int i = 0; i < widths.length; i++) {
            widths[i] += (int) ((long) spare * (whole[i] - least[i]) / lacking);
        }
        return widths;
    }
}
