package dev.interlock.policy.cli.io;

import static java.util.stream.Collectors.joining;

import dev.interlock.policy.text.VisibleText;
import java.util.Arrays;

/**
 * Makes foreign text safe to show on a terminal: nothing in it can move the cursor, or hide or reorder what is shown.
 */
public final class Printable {

    private Printable() {}

    /** Returns the text on one line, with invisible characters escaped. */
    public static String of(String text) {
        return VisibleText.escaped(text);
    }

    /** The same, but keeps line breaks. */
    public static String lines(String text) {
        return Arrays.stream(text.split("\n", -1)).map(Printable::of).collect(joining("\n"));
    }
}
