package dev.interlock.policy.yaml;

import dev.interlock.policy.text.VisibleText;

/** Makes text of a document safe to show in a message: on one line, of bounded length, with nothing invisible in it. */
final class Display {

    private static final int QUOTED = 80;

    private Display() {}

    /** The text in quotes, shortened if it is long. */
    static String quoted(String text) {
        return "'" + VisibleText.escaped(text, QUOTED) + "'";
    }

    /** The text with control and invisible characters escaped, shortened to about {@code max} characters. */
    static String clean(String text, int max) {
        return VisibleText.escaped(text, max);
    }
}
