package dev.interlock.policy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.demo.Table.Cell;
import dev.interlock.policy.cli.demo.Table.Column;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class TableTest {

    private static final List<Column> COLUMNS =
            List.of(new Column("#", 3, true), new Column("what", 8, false), new Column("ms", 4, true));

    @Test
    void alignsItsColumnsAndWrapsBetweenWords() {
        Table table = new Table(Ansi.OFF, COLUMNS);
        table.add(List.of(Cell.of("1"), Cell.of("one"), Cell.of("0.5")));
        table.add(List.of(Cell.of("2"), Cell.of("two or three words"), Cell.of("10.5")));

        assertThat(table.lines())
                .containsExactly(
                        "    #  what        ms",
                        "  ---  --------  ----",
                        "    1  one        0.5",
                        "    2  two or    10.5",
                        "       three",
                        "       words");
    }

    @Test
    void isColouredOnlyOnATerminal() {
        Table plain = new Table(Ansi.OFF, COLUMNS);
        Table coloured = new Table(Ansi.ON, COLUMNS);
        plain.add(List.of(Cell.of("1"), new Cell("no", "red"), Cell.of("")));
        coloured.add(List.of(Cell.of("1"), new Cell("no", "red"), Cell.of("")));

        assertThat(plain.lines()).noneMatch(line -> line.contains("\u001b"));
        assertThat(coloured.lines().get(2)).contains("\u001b[31mno");
    }

    @Test
    void leavesAWordWholeThatIsWiderThanItsColumn() {
        assertThat(Table.wrap("a verylongword b", 4)).containsExactly("a", "verylongword", "b");
    }
}
