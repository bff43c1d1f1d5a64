package dev.interlock.policy.langchain4j;

import org.jspecify.annotations.Nullable;

/** Makes names that came over the wire fit for a log: cut, and cleared of what could forge a line. */
final class Printable {

    private static final int MAX_LENGTH = 128;

    private Printable() {}

    static String name(@Nullable String name) {
        if (name == null || name.isEmpty()) {
            return "(no name)";
        }
        StringBuilder text = new StringBuilder();
        name.codePoints()
                .limit(MAX_LENGTH)
                .map(c -> Character.isISOControl(c) || isInvisible(c) ? '?' : c)
                .forEach(text::appendCodePoint);
        return text.toString();
    }

    private static boolean isInvisible(int c) {
        return switch (Character.getType(c)) {
            case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
            default -> false;
        };
    }
}
