package dev.interlock.policy.yaml;

/** Makes text of a document fit for a message: on one line, of bounded length, with nothing invisible in it. */
final class Display {

    private static final int QUOTED = 80;

    private Display() {}

    /** The text in quotes, shortened if it is long. */
    static String quoted(String text) {
        return "'" + clean(text, QUOTED) + "'";
    }

    /** The text with control and invisible characters escaped, shortened to about {@code max} characters. */
    static String clean(String text, int max) {
        StringBuilder out = null;
        int end = Math.min(text.length(), max);
        if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (isVisible(c)) {
                if (out != null) {
                    out.append(c);
                }
                continue;
            }
            if (out == null) {
                out = new StringBuilder(end + 8).append(text, 0, i);
            }
            escape(c, out);
        }
        if (end == text.length()) {
            return out == null ? text : out.toString();
        }
        return (out == null ? text.substring(0, end) : out.toString()) + "…";
    }

    /** Whether a character shows on a terminal as what it is: no controls, no format characters that hide or reorder. */
    static boolean isVisible(char c) {
        if (c < 0x7f) {
            return c >= ' ';
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    static void escape(char c, StringBuilder out) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
                out.append("\\u");
                String hex = Integer.toHexString(c);
                out.append("0".repeat(4 - hex.length())).append(hex);
            }
        }
    }
}
