package dev.interlock.policy.text;

/**
 * Finds {@code [A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:L\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])}, where {@code L} is a
 * label of a domain, {@code [A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?}: a valid e-mail address of the HTML Standard
 * whose domain has a dot, and ends with a name that begins with a letter.
 */
final class EmailFinder implements PresetRedactor.Finder {

    private static final String SYMBOLS = ".!#$%&'*+/=?^_`{|}~-";

    @Override
    public long next(String text, int from) {
        int least = from;
        for (int at = text.indexOf('@', from); at >= 0; at = text.indexOf('@', at + 1)) {
            int start = at;
            while (start > least && isLocal(text.charAt(start - 1))) {
                start--;
            }
            int end = start == at ? -1 : endOfDomain(text, at + 1);
            if (end >= 0) {
                return PresetRedactor.Finder.match(start, end);
            }
            least = at + 1;
        }
        return NONE;
    }

    private static boolean isLocal(char c) {
        return AsciiWord.isAlphanumeric(c) || SYMBOLS.indexOf(c) >= 0;
    }

    /** The end of the longest domain that begins at {@code begin}; -1 if none does. */
    private static int endOfDomain(String text, int begin) {
        int end = -1;
        int label = begin;
        while (label < text.length() && AsciiWord.isAlphanumeric(text.charAt(label))) {
            int run = label;
            int last = label;
            while (run < text.length() && (AsciiWord.isAlphanumeric(text.charAt(run)) || text.charAt(run) == '-')) {
                if (text.charAt(run) != '-') {
                    last = run;
                }
                run++;
            }
            if (label > begin && last > label && AsciiWord.isLetter(text.charAt(label))) {
                end = last + 1;
            }
            if (last + 1 < run || run == text.length() || text.charAt(run) != '.') {
                return end;
            }
            label = run + 1;
        }
        return end;
    }
}
