package dev.interlock.policy.cli.screen;

import dev.interlock.policy.text.VisibleText;

/** Measures how many columns text takes on a terminal. */
public final class Columns {

    private Columns() {}

    /** Measures a text without colours. */
    public static int of(String text) {
        return text.codePoints().map(Columns::of).sum();
    }

    /** Measures a character: a combining mark takes no column, a wide character two, any other one. */
    public static int of(int point) {
        if (VisibleText.isMark(point)) {
            return 0;
        }
        boolean wide = (point >= 0x1100 && point <= 0x115f)
                || (point >= 0x2e80 && point <= 0xa4cf)
                || (point >= 0xac00 && point <= 0xd7a3)
                || (point >= 0xf900 && point <= 0xfaff)
                || (point >= 0xfe30 && point <= 0xfe6f)
                || (point >= 0xff00 && point <= 0xff60)
                || (point >= 0xffe0 && point <= 0xffe6)
                || (point >= 0x1f300 && point <= 0x1faff)
                || (point >= 0x20000 && point <= 0x3fffd);
        return wide ? 2 : 1;
    }
}
