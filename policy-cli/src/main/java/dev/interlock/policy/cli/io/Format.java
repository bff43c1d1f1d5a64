package dev.interlock.policy.cli.io;

/** Who the output is for. */
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
