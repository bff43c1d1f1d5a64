package dev.interlock.policy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a policy says about the tools that one of its keys names. An empty entry only lists them.
 *
 * @param hide whether the tools are hidden, and so denied
 * @param require conditions that must all hold
 * @param denyIf conditions, each of which denies
 * @param askIf conditions, each of which asks a person
 * @param rules rules that must all pass
 * @param limits limits that must all have room
 * @param rounds how often a call may be made again with what its server asks for; null if the entry doesn't say
 * @param unwrap which other tools the tools run; null if the entry doesn't say that they run any
 * @param afterwards what it says about the end of a call
 * @param place where it stands
 */
public record Entry(
        boolean hide,
        List<Block> require,
        List<Block> denyIf,
        List<Block> askIf,
        List<Rule> rules,
        List<Limit> limits,
        @Nullable Rounds rounds,
        @Nullable Unwrap unwrap,
        Afterwards afterwards,
        Place place) {

    /** Copies the lists. */
    public Entry {
        require = List.copyOf(require);
        denyIf = List.copyOf(denyIf);
        askIf = List.copyOf(askIf);
        rules = List.copyOf(rules);
        limits = List.copyOf(limits);
    }

    /** Creates an entry that says nothing about the end of a call. */
    public Entry(
            boolean hide,
            List<Block> require,
            List<Block> denyIf,
            List<Block> askIf,
            List<Rule> rules,
            List<Limit> limits,
            @Nullable Rounds rounds,
            @Nullable Unwrap unwrap,
            Place place) {
        this(hide, require, denyIf, askIf, rules, limits, rounds, unwrap, Afterwards.NONE, place);
    }

    /** Creates an entry whose tools run no others. */
    public Entry(
            boolean hide,
            List<Block> require,
            List<Block> denyIf,
            List<Block> askIf,
            List<Rule> rules,
            List<Limit> limits,
            @Nullable Rounds rounds,
            Place place) {
        this(hide, require, denyIf, askIf, rules, limits, rounds, null, place);
    }

    /** Creates an entry that asks nobody, and whose tools run no others. */
    public Entry(
            boolean hide,
            List<Block> require,
            List<Block> denyIf,
            List<Rule> rules,
            List<Limit> limits,
            @Nullable Rounds rounds,
            Place place) {
        this(hide, require, denyIf, List.of(), rules, limits, rounds, null, place);
    }

    /** Creates an entry that says nothing about rounds, asks nobody, and whose tools run no others. */
    public Entry(
            boolean hide, List<Block> require, List<Block> denyIf, List<Rule> rules, List<Limit> limits, Place place) {
        this(hide, require, denyIf, rules, limits, null, place);
    }

    /** Returns the same entry with this to say about the end of a call. */
    public Entry with(Afterwards end) {
        return new Entry(hide, require, denyIf, askIf, rules, limits, rounds, unwrap, end, place);
    }

    /** Returns the items of {@code require}, {@code deny_if} and {@code ask_if}, in the order of checking. */
    public List<Block> blocks() {
        List<Block> blocks = new ArrayList<>(require);
        blocks.addAll(denyIf);
        blocks.addAll(askIf);
        return blocks;
    }

    /** Returns all its conditions, those of its rules and of its rules on results, too. */
    public List<Condition> conditions() {
        List<Condition> conditions = new ArrayList<>();
        blocks().forEach(block -> conditions.addAll(block.conditions()));
        rules.forEach(rule -> conditions.addAll(rule.demands().conditions()));
        for (ResultRule rule : afterwards.results()) {
            rule.blocks().forEach(block -> conditions.addAll(block.conditions()));
        }
        return conditions;
    }

    /** Returns an entry that only lists its tools. */
    public static Entry listed(Place place) {
        return new Entry(false, List.of(), List.of(), List.of(), List.of(), place);
    }
}
