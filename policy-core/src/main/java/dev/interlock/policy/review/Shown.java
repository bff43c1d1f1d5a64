package dev.interlock.policy.review;

import java.util.Collection;

/** Makes what servers and documents say fit for a message: on one line, short, with nothing in it that hides. */
final class Shown {

    private static final int LONGEST = 80;
    private static final int MOST = 3;

    private Shown() {}

    static String quoted(String text) {
        return "'" + plain(text) + "'";
    }

    static String plain(String text) {
        StringBuilder out = new StringBuilder();
        int shown = 0;
        for (int i = 0; i < text.length() && shown < LONGEST; shown++) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (isVisible(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(String.format(c < 0x10000 ? "\\u%04x" : "\\u{%x}", c));
            }
            if (shown + 1 == LONGEST && i < text.length()) {
                out.append('…');
            }
        }
        return out.toString();
    }

    /** A few names in quotes and the number of the others. */
    static String list(Collection<String> names) {
        String few =
                String.join(", ", names.stream().limit(MOST).map(Shown::quoted).toList());
        return names.size() > MOST ? few + " and " + (names.size() - MOST) + " more" : few;
    }

    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
