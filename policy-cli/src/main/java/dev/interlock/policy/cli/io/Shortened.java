package dev.interlock.policy.cli.io;

/** Foreign text, shortened and made safe to show. */
public final class Shortened {

    private Shortened() {}

    /** Returns the text on one line, with white space collapsed to single spaces and without invisible characters. */
    public static String line(String text, int most) {
        String head = text.substring(0, Math.min(text.length(), most * 4));
        String line = head.replaceAll("[ \\t\\r\\n]+", " ").strip();
        int points = line.codePointCount(0, line.length());
        boolean cut = points > most || head.length() < text.length();
        String kept = points > most ? line.substring(0, line.offsetByCodePoints(0, most)) : line;
        return Printable.of(kept) + (cut ? "…" : "");
    }
}
