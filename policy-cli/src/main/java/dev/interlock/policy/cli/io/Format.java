package dev.interlock.policy.cli.io;

/** For whom the output is meant. */
public enum Format {
    /** For people. */
    TEXT,
    /** For programs. */
    JSON;

    @Override
    public String toString() {
        return this == TEXT ? "text" : "json";
    }
}
