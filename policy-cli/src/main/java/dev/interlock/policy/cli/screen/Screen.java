package dev.interlock.policy.cli.screen;

import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The place where text for people is shown. A terminal has a width, to which lines are fitted. A pipe or a file has
 * none, and gets whole lines. Thread-safe.
 */
public final class Screen {

    /** The width of anything that is not a terminal. */
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final String OUTPUT = "screen";
    private static final String ERROR = "errorScreen";

    private final IntSupplier asked;
    private volatile int width;

    private Screen(IntSupplier asked) {
        this.asked = asked;
    }

    /** The screen behind the standard output. */
    public static Screen ofOutput() {
        return new Screen(Terminal::columnsOfOutput);
    }

    /** The screen behind the standard error. */
    public static Screen ofError() {
        return new Screen(Terminal::columnsOfError);
    }

    /** A screen of a given width, in columns. */
    public static Screen of(int width) {
        return new Screen(() -> width);
    }

    /** Makes all commands of a command line print on these screens. */
    public static void use(CommandSpec root, Screen output, Screen error) {
        root.addMixin(OUTPUT, CommandSpec.wrapWithoutInspection(output));
        root.addMixin(ERROR, CommandSpec.wrapWithoutInspection(error));
    }

    /** The screen for a command's output. If its command line is unknown, lines stay whole. */
    public static Screen of(CommandSpec command) {
        return named(OUTPUT, command);
    }

    /** The screen for a command's errors. */
    public static Screen errorsOf(CommandSpec command) {
        return named(ERROR, command);
    }

    private static Screen named(String name, CommandSpec command) {
        CommandSpec known = command.root().mixins().get(name);
        return known != null && known.userObject() instanceof Screen screen ? screen : of(UNBOUNDED);
    }

    /** The number of columns. The terminal is asked once, when this is first called. */
    public int width() {
        if (width == 0) {
            width = asked.getAsInt();
        }
        return width;
    }

    /**
     * Breaks the lines of a text where they are too long. Continuation lines are aligned with the line's second column
     * of text if it has columns, such as {@code passed   cap: …}. Otherwise they are indented a little.
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

    /** Breaks a text where it is too long. Continuation lines are aligned with its beginning. */
    String flush(String text) {
        return width() == UNBOUNDED ? text : String.join("\n", Wrapping.flush(text, width()));
    }
}
