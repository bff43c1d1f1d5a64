package dev.interlock.policy.yaml;

import dev.interlock.policy.Scope;

/**
 * The entry that a rule or limit belongs to. It decides the default scope of a limit and how paths name its counters.
 *
 * @param kind what kind of key the entry has
 * @param name the tool's name, or for a group the entry's path, which is unique
 * @param counters the counters of the entry's body
 */
record EntryKey(EntryType kind, String name, Counters counters) {

    /** What kind of key an entry has. */
    enum EntryType {
        /** The exact name of a tool. */
        TOOL,
        /** A glob, a category or a risk. */
        GROUP,
        /** A method other than {@code tools/call}, or a glob of such. */
        METHOD,
        /** {@code all_tools} or {@code "*"}. */
        ALL
    }

    /** The scope of this entry's limits, unless they specify one. */
    Scope defaultScope() {
        return kind == EntryType.ALL ? Scope.GLOBAL : Scope.TOOL;
    }

    /** The part between {@code state.} and the counter's name in a path to a counter of this entry. */
    String segment() {
        return switch (kind) {
            case TOOL -> name;
            case GROUP, METHOD -> Counters.OWN;
            case ALL -> Counters.GLOBAL;
        };
    }
}
