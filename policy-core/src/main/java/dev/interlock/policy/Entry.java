package dev.interlock.policy;

import java.util.List;

/**
 * What a policy says of the tools that a key of it names. An entry without anything in it just lists them.
 *
 * @param hide whether the tools are hidden, and so denied
 * @param require conditions of which every one must hold
 * @param denyIf conditions of which any one denies
 * @param rules rules, all of which must pass
 * @param limits limits, all of which must have room
 * @param place where it stands
 */
public record Entry(
        boolean hide, List<Block> require, List<Block> denyIf, List<Rule> rules, List<Limit> limits, Place place) {

    /** Copies the lists. */
    public Entry {
        require = List.copyOf(require);
        denyIf = List.copyOf(denyIf);
        rules = List.copyOf(rules);
        limits = List.copyOf(limits);
    }

    /** An entry that just lists its tools. */
    public static Entry listed(Place place) {
        return new Entry(false, List.of(), List.of(), List.of(), List.of(), place);
    }
}
