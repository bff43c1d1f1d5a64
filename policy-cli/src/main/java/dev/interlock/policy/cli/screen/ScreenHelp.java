package dev.interlock.policy.cli.screen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Help that fits the screen. Breaks text only at blanks, so no option, path or URL breaks at a punctuation mark.
 * Abbreviates the synopsis: what each option does follows below.
 */
public final class ScreenHelp extends Help {

    /** The least and the greatest width that picocli can lay out. */
    private static final int LEAST = 55;

    private static final int MOST = 10_000;

    private ScreenHelp(CommandSpec command, ColorScheme colours) {
        super(command, colours);
    }

    /** The help of a command, for the screen on which it is shown. */
    public static Help of(CommandSpec command, ColorScheme colours) {
        int width = Screen.of(command).width();
        command.usageMessage().width(Math.max(LEAST, Math.min(width, MOST))).abbreviateSynopsis(true);
        return new ScreenHelp(command, colours);
    }

    @Override
    public String description(Object... params) {
        return paragraphs(commandSpec().usageMessage().description());
    }

    @Override
    public String footer(Object... params) {
        return paragraphs(commandSpec().usageMessage().footer());
    }

    private String paragraphs(String... paragraphs) {
        StringBuilder out = new StringBuilder();
        Screen screen = Screen.of(commandSpec());
        for (String paragraph : paragraphs) {
            // An example stays whole, so that it can be copied. A terminal that is too narrow breaks it at its edge.
            boolean example = paragraph.startsWith("  ");
            out.append(example ? paragraph : screen.flush(paragraph)).append(System.lineSeparator());
        }
        return out.toString();
    }

    @Override
    public Layout createDefaultLayout(
            List<OptionSpec> options, List<PositionalParamSpec> positionals, ColorScheme colours) {
        TextTable table = TextTable.forDefaultColumns(
                colours,
                calcLongOptionColumnWidth(options, positionals, colours),
                commandSpec().usageMessage().width());
        Column[] columns = table.columns();
        Column last = columns[columns.length - 1];
        int room = last.width - last.indent;
        IOptionRenderer option = createDefaultOptionRenderer();
        IParameterRenderer parameter = createDefaultParameterRenderer();
        return new Layout(
                colours,
                table,
                (spec, labels, scheme) -> wrapped(option.render(spec, labels, scheme), room, scheme),
                (spec, labels, scheme) -> wrapped(parameter.render(spec, labels, scheme), room, scheme));
    }

    /** Returns the rows with the last cell, the description, wrapped between words. */
    private static Ansi.Text[][] wrapped(Ansi.Text[][] rows, int room, ColorScheme colours) {
        List<Ansi.Text[]> all = new ArrayList<>();
        for (Ansi.Text[] row : rows) {
            int last = row.length - 1;
            Ansi.Text[] next = row.clone();
            for (String line : Wrapping.flush(row[last].toString(), room)) {
                next[last] = colours.text(line);
                all.add(next);
                next = new Ansi.Text[row.length];
                Arrays.fill(next, colours.text(""));
            }
        }
        return all.toArray(Ansi.Text[][]::new);
    }
}
