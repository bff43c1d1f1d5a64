package dev.interlock.policy.yaml;

import dev.interlock.policy.Scope;

/**
 * The entry that a rule or limit belongs to: decides what a limit counts apart unless it says, and how its counters are
 * called in paths.
 *
 * @param kind what the entry's key is
 * @param name the tool's name, or for a group the path of the entry, which no other entry has
 * @param counters the counters of the entry's body
 */
record EntryKey(Kind kind, String name, Counters counters) {

    /** What an entry's key is. */
    enum Kind {
        /** The exact name of a tool. */
        TOOL,
        /** A glob, a category or a risk. */
        GROUP,
        /** {@code all_tools} or {@code "*"}. */
        ALL
    }

    /** What a limit of this entry counts apart, unless it says. */
    Scope defaultScope() {
        return kind == Kind.ALL ? Scope.GLOBAL : Scope.TOOL;
    }

    /** What stands between {@code state.} and the counter's name in a path that means a counter of this entry. */
    String segment() {
        return switch (kind) {
            case TOOL -> name;
            case GROUP -> Counters.OWN;
            case ALL -> Counters.GLOBAL;
        };
    }
}
