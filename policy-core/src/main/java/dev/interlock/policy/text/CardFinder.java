package dev.interlock.policy.text;

/**
 * Finds numbers of payment cards: the lengths and first digits of Visa, Mastercard, American Express, Discover, Diners
 * Club and JCB, with a check digit that is right by Luhn's algorithm (ISO/IEC 7812-1), without separators or in the
 * groups that cards show, separated by one space or hyphen each.
 */
final class CardFinder implements PresetRedactor.Finder {

    private static final int[] FOURS = {4, 4, 4, 4};
    private static final int[] FOURS_AND_THREE = {4, 4, 4, 4, 3};
    private static final int[] OF_FIFTEEN = {4, 6, 5};
    private static final int[] OF_FOURTEEN = {4, 6, 4};

    @Override
    public long next(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (AsciiWord.isDigit(text.charAt(i))) {
                int end = AsciiWord.mayBegin(text, i) ? end(text, i) : -1;
                if (end >= 0) {
                    return PresetRedactor.Finder.match(i, end);
                }
            }
        }
        return NONE;
    }

    /** The end of the number that begins at {@code start}; -1 if none does. */
    private static int end(String text, int start) {
        int run = start;
        while (run < text.length() && run - start < 20 && AsciiWord.isDigit(text.charAt(run))) {
            run++;
        }
        if (run - start >= 12) {
            return AsciiWord.mayEnd(text, run) && isCard(text.substring(start, run)) ? run : -1;
        }
        if (run - start != 4) {
            return -1;
        }
        int end = grouped(text, start, FOURS_AND_THREE);
        if (end < 0) {
            end = grouped(text, start, FOURS);
        }
        if (end < 0) {
            end = grouped(text, start, OF_FIFTEEN);
        }
        return end < 0 ? grouped(text, start, OF_FOURTEEN) : end;
    }

    private static int grouped(String text, int start, int[] groups) {
        StringBuilder digits = new StringBuilder(19);
        int at = start;
        char separator = 0;
        for (int group = 0; group < groups.length; group++) {
            if (group > 0) {
                char c = at < text.length() ? text.charAt(at) : 0;
                if ((c != ' ' && c != '-') || (group > 1 && c != separator)) {
                    return -1;
                }
                separator = c;
                at++;
            }
            for (int i = 0; i < groups[group]; i++, at++) {
                if (at >= text.length() || !AsciiWord.isDigit(text.charAt(at))) {
                    return -1;
                }
                digits.append(text.charAt(at));
            }
        }
        return AsciiWord.mayEnd(text, at) && isCard(digits.toString()) ? at : -1;
    }

    private static boolean isCard(String digits) {
        return isIssued(digits) && checks(digits);
    }

    /** Whether a card network uses numbers of this length that begin so. */
    private static boolean isIssued(String digits) {
        int length = digits.length();
        int two = Integer.parseInt(digits.substring(0, 2));
        int four = Integer.parseInt(digits.substring(0, 4));
        if (two / 10 == 4) {
            return length == 13 || length == 16 || length == 19;
        }
        if (two == 34 || two == 37) {
            return length == 15;
        }
        if (two == 36 || two == 38 || two == 39 || (four >= 3000 && four <= 3059)) {
            return length == 14;
        }
        boolean mastercard = (two >= 51 && two <= 55) || (four >= 2221 && four <= 2720);
        boolean discover = four == 6011 || (four >= 6440 && four <= 6599);
        boolean jcb = four >= 3528 && four <= 3589;
        return (mastercard || discover || jcb) && length == 16;
    }

    private static boolean checks(String digits) {
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int twice = digit * 2;
            sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
        }
        return sum % 10 == 0;
    }
}
