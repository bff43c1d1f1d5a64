package dev.interlock.policy.cli.io;

import java.util.Locale;

/** Formats counts: {@code 1 file}, {@code 20,311 calls}. */
public final class Count {

    private Count() {}

    public static String of(long count, String thing) {
        return number(count) + " " + thing + (count == 1 ? "" : "s");
    }

    public static String number(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
