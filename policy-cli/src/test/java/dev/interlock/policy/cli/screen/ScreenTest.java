package dev.interlock.policy.cli.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help.Ansi;

class ScreenTest {

    private static final String LONG =
            "passed   cap: every condition must hold, and here are a good many more words on it";

    @Test
    void whatIsNoTerminalGetsWholeLines() {
        assertThat(Screen.of(Screen.UNBOUNDED).fit(LONG.repeat(100))).isEqualTo(LONG.repeat(100));
    }

    @Test
    void aLineGoesOnUnderItsSecondColumn() {
        assertThat(Screen.of(40).fit(LONG + "\nnext\n")).isEqualTo("""
                passed   cap: every condition must hold,
                         and here are a good many more
                         words on it
                next
                """);
    }

    @Test
    void colourTakesNoRoom() {
        String red = "\u001b[31m" + "a".repeat(20) + "\u001b[0m " + "b".repeat(19);

        assertThat(Screen.of(40).fit(red)).isEqualTo(red);
    }

    @Test
    void wideCharactersTakeTwoColumns() {
        assertThat(Screen.of(20).fit("\u6f22".repeat(11)).lines()).containsExactly("\u6f22".repeat(10), "  \u6f22");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "unset",
            value = {
                "24 100 | unset | 100",
                "24 100 | 120   | 120",
                "24 100 | 0     | 100",
                "24 100 | wide  | 100",
                "24 100 | 99999999999 | 100",
                "0 0    | unset | 80",
                "''     | unset | 80",
                "stty: standard input: Inappropriate ioctl | unset | 80",
            })
    void aTerminalIsAsWideAsTheEnvironmentSaysElseAsItSaysItselfElseAsIsUsual(String size, String variable, int width) {
        assertThat(Terminal.columns(size, variable)).isEqualTo(width);
    }

    @Test
    void aTableTakesTheRoomThatItsTextNeeds() {
        assertThat(table(Screen.UNBOUNDED))
                .containsExactly(
                        "TOOL         RISK  WHY",
                        "delete_item  high  verb 'delete'; takes a URL; acts on many at once;"
                                + " and more that is said of it");
    }

    @Test
    void aTableWrapsItsLastColumnWhereItIsTooWide() {
        assertThat(table(60))
                .containsExactly(
                        "TOOL         RISK  WHY",
                        "delete_item  high  verb 'delete'; takes a URL; acts on many",
                        "                   at once; and more that is said of it");
    }

    @Test
    void aTableHasItsLastColumnUnderTheRowWhereThereIsNoRoomBesideIt() {
        assertThat(table(36))
                .containsExactly(
                        "TOOL         RISK",
                        "delete_item  high",
                        "    verb 'delete'; takes a URL; acts",
                        "    on many at once; and more that",
                        "    is said of it");
    }

    @Test
    void aTableBreaksEvenLongNamesBeforeItIsWiderThanTheScreen() {
        Table table = new Table(
                Screen.of(24),
                Ansi.OFF,
                "",
                List.of(
                        new Table.Column("TOOL", false),
                        new Table.Column("RISK", false),
                        new Table.Column("WHY", false)));
        table.add(List.of(Table.Cell.of("n".repeat(40)), Table.Cell.of("high"), Table.Cell.of("x".repeat(50))));

        assertThat(table.lines()).allMatch(line -> line.length() <= 24);
        assertThat(String.join("", table.lines()).chars().filter(c -> c == 'n')).hasSize(40);
    }

    private static List<String> table(int width) {
        Table table = new Table(
                Screen.of(width),
                Ansi.OFF,
                "",
                List.of(
                        new Table.Column("TOOL", false),
                        new Table.Column("RISK", false),
                        new Table.Column("WHY", false)));
        table.add(List.of(
                Table.Cell.of("delete_item"),
                Table.Cell.of("high"),
                Table.Cell.of("verb 'delete'; takes a URL; acts on many at once; and more that is said of it")));
        return table.lines();
    }
}
