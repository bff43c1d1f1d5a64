package dev.interlock.policy.cli;

import picocli.CommandLine.Help.Ansi;

/** Colours, where somebody sees them: on a terminal, unless {@code NO_COLOR} is set. */
enum Colours {
    ON,
    OFF;

    static Colours detect() {
        return Ansi.AUTO.enabled() ? ON : OFF;
    }

    String red(String text) {
        return in("31", text);
    }

    String green(String text) {
        return in("32", text);
    }

    String yellow(String text) {
        return in("33", text);
    }

    String faint(String text) {
        return in("2", text);
    }

    String bold(String text) {
        return in("1", text);
    }

    private String in(String code, String text) {
        return this == ON ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
