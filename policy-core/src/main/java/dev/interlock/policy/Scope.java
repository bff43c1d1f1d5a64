package dev.interlock.policy;

import java.util.Locale;

/** What a limit counts apart and what together. */
public enum Scope {
    /** Each agent session and tool apart. */
    SESSION,
    /** Each identity and tool apart. Policies may also write {@code grant}. */
    IDENTITY,
    /** Each tool apart, whoever calls. */
    TOOL,
    /** One count for all the tools that the entry matches. */
    ENTRY,
    /** One count for all. */
    GLOBAL;

    /** As policies write it: {@code session}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
