package dev.interlock.policy.cli.io;

import picocli.CommandLine.Help.Ansi;

/** Whether to use colours: on a terminal, unless {@code NO_COLOR} is set. */
public enum Colours {
    ON,
    OFF;

    public static Colours detect() {
        return Ansi.AUTO.enabled() ? ON : OFF;
    }

    public String red(String text) {
        return in("31", text);
    }

    public String green(String text) {
        return in("32", text);
    }

    public String yellow(String text) {
        return in("33", text);
    }

    public String faint(String text) {
        return in("2", text);
    }

    public String bold(String text) {
        return in("1", text);
    }

    private String in(String code, String text) {
        return this == ON ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
