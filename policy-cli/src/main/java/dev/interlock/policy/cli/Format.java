package dev.interlock.policy.cli;

/** For whom the output is meant. */
enum Format {
    /** For people. */
    TEXT,
    /** For programs. */
    JSON;

    @Override
    public String toString() {
        return this == TEXT ? "text" : "json";
    }
}
