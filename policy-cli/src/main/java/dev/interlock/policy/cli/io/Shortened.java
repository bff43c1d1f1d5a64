package dev.interlock.policy.cli.io;

/** Foreign text, cut to a length and made harmless. */
public final class Shortened {

    private Shortened() {}

    /** The text on one line, white space made one space, with nothing in it that is not visible. */
    public static String line(String text, int most) {
        String head = text.substring(0, Math.min(text.length(), most * 4));
        String line = head.replaceAll("[ \\t\\r\\n]+", " ").strip();
        int points = line.codePointCount(0, line.length());
        boolean cut = points > most || head.length() < text.length();
        String kept = points > most ? line.substring(0, line.offsetByCodePoints(0, most)) : line;
        return Printable.of(kept) + (cut ? "…" : "");
    }
}
