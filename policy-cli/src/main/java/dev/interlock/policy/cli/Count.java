package dev.interlock.policy.cli;

import java.util.Locale;

/** Numbers of things, in words: {@code 1 file}, {@code 20,311 calls}. */
final class Count {

    private Count() {}

    static String of(long count, String thing) {
        return number(count) + " " + thing + (count == 1 ? "" : "s");
    }

    static String number(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
