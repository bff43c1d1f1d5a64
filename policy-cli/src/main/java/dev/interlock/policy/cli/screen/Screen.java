package dev.interlock.policy.cli.screen;

import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What text for people is shown on. A terminal has a width, to which lines are fitted; a pipe or a file has none, and gets
 * whole lines. Safe for any number of threads.
 */
public final class Screen {

    /** The width of what is no terminal. */
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final String OUTPUT = "screen";
    private static final String ERROR = "errorScreen";

    private final IntSupplier asked;
    private volatile int width;

    private Screen(IntSupplier asked) {
        this.asked = asked;
    }

    /** The one behind the standard output. */
    public static Screen ofOutput() {
        return new Screen(Terminal::columnsOfOutput);
    }

    /** The one behind the standard error. */
    public static Screen ofError() {
        return new Screen(Terminal::columnsOfError);
    }

    /** One of a given width, in columns. */
    public static Screen of(int width) {
        return new Screen(() -> width);
    }

    /** Has all commands of a command line show what they print on these. */
    public static void use(CommandSpec root, Screen output, Screen error) {
        root.addMixin(OUTPUT, CommandSpec.wrapWithoutInspection(output));
        root.addMixin(ERROR, CommandSpec.wrapWithoutInspection(error));
    }

    /** On which a command shows its output; one that is on no known command line has whole lines. */
    public static Screen of(CommandSpec command) {
        return named(OUTPUT, command);
    }

    /** On which a command shows what went wrong. */
    public static Screen errorsOf(CommandSpec command) {
        return named(ERROR, command);
    }

    private static Screen named(String name, CommandSpec command) {
        CommandSpec known = command.root().mixins().get(name);
        return known != null && known.userObject() instanceof Screen screen ? screen : of(UNBOUNDED);
    }

    /** How many columns there are; asked once, and only if somebody wants to know. */
    public int width() {
        if (width == 0) {
            width = asked.getAsInt();
        }
        return width;
    }

    /**
     * Breaks the lines of a text where they are too long. What goes on stands under the line's second column of text if it
     * has columns, such as {@code passed   cap: …}; else a little to the right of its beginning.
     *
     * @param text text that is safe to show; colours in it take no room
     */
    public String fit(String text) {
        if (width() == UNBOUNDED) {
            return text;
        }
        return text.lines()
                        .flatMap(line -> Wrapping.hanging(line, width()).stream())
                        .collect(Collectors.joining("\n"))
                + (text.endsWith("\n") ? "\n" : "");
    }

    /** Breaks a text where it is too long; what goes on stands under its beginning. */
    String flush(String text) {
        return width() == UNBOUNDED ? text : String.join("\n", Wrapping.flush(text, width()));
    }
}
