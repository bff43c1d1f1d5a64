package dev.interlock.policy.review;

import dev.interlock.policy.text.VisibleText;
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
        return VisibleText.escaped(text, LONGEST);
    }

    /** A few names in quotes and the number of the others. */
    static String list(Collection<String> names) {
        String few =
                String.join(", ", names.stream().limit(MOST).map(Shown::quoted).toList());
        return names.size() > MOST ? few + " and " + (names.size() - MOST) + " more" : few;
    }
}
