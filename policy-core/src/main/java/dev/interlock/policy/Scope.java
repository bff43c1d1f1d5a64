package dev.interlock.policy;

import java.util.Locale;

/** What a limit counts separately and what it counts together. */
public enum Scope {
    /** Each agent session and tool separately. */
    SESSION,
    /** Each identity and tool separately. Policies may also write {@code grant}. */
    IDENTITY,
    /** Each tool separately, for all callers together. */
    TOOL,
    /** One count for all the tools that the entry matches. */
    ENTRY,
    /** One count for all. */
    GLOBAL;

    /** Returns the scope as policies write it: {@code session}, … */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
