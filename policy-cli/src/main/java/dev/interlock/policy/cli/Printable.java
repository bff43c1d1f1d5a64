package dev.interlock.policy.cli;

/** Makes foreign text safe to show on a terminal: nothing in it can move the cursor, hide or reorder what is shown. */
final class Printable {

    private Printable() {}

    /** The text on one line, with whatever is not visible escaped. */
    static String of(String text) {
        return escape(text, false);
    }

    /** The same, but line breaks stay. */
    static String lines(String text) {
        return escape(text, true);
    }

    private static String escape(String text, boolean keepLines) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (isVisible(c) || (keepLines && c == '\n')) {
                out.appendCodePoint(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\t') {
                out.append("\\t");
            } else {
                out.append(String.format(c < 0x10000 ? "\\u%04x" : "\\u{%x}", c));
            }
        });
        return out.toString();
    }

    static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
