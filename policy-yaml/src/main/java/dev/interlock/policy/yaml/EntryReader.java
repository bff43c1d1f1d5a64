package dev.interlock.policy.yaml;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Block;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Unwrap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads entries. */
final class EntryReader {

    private final ReadContext context;
    private final ConditionReader conditions;
    private final LimitReader limits;
    private final RuleReader rules;
    private final UnwrapReader unwraps;
    private final ResultReader results;
    private final MarkReader marks;

    EntryReader(ReadContext context) {
        this.context = context;
        WindowReader times = new WindowReader(context);
        PathExpressionReader paths = new PathExpressionReader(context);
        this.conditions = new ConditionReader(context, paths);
        this.limits = new LimitReader(context, times, paths);
        this.rules = new RuleReader(context, conditions, limits, times);
        this.unwraps = new UnwrapReader(context, paths);
        this.results = new ResultReader(context, conditions);
        this.marks = new MarkReader(context, paths, times);
    }

    /** Reads an entry. A broken part is reported and left out. */
    Entry read(Node.Pair pair, NodePath at, EntryKey owner) {
        Place place = ReadContext.place(pair.key(), at);
        Node node = pair.value();
        if (node instanceof Node.Scalar scalar && scalar.isNull()) {
            return Entry.listed(place);
        }
        if (!(node instanceof Node.Mapping map)) {
            wrongType(node, at);
            return Entry.listed(place);
        }
        if (map.pairs().isEmpty()) {
            return Entry.listed(place);
        }
        Fields fields = Fields.of(Keys.ENTRY, map, at, context.findings, Hints.IGNORED);
        for (String key : List.of(
                "require", "deny_if", "ask_if", "limits", "hide", "rounds", "unwrap", "results", "marks", "clears")) {
            Node.Pair ignored = fields.pair(key);
            if (ignored != null) {
                context.intercept.ignores("'" + key + "'", ignored.key(), at.key(key));
            }
        }
        Node hideNode = fields.get("hide");
        boolean hide = hideNode != null && Boolean.TRUE.equals(context.scalars.bool(hideNode, at.key("hide"), "hide"));
        InterceptView intercept = context.intercept;
        UnboundedKeys keys = new UnboundedKeys();
        Entry entry = new Entry(
                hide,
                intercept.skipping(() -> blocks(fields, "require", owner, ConditionReader.ConditionUse.ALLOWS)),
                intercept.skipping(() -> blocks(fields, "deny_if", owner, ConditionReader.ConditionUse.DENIES)),
                intercept.skipping(() -> blocks(fields, "ask_if", owner, ConditionReader.ConditionUse.ASKS)),
                rules(fields, owner, keys),
                intercept.skipping(() -> limits(fields, owner, keys)),
                rounds(fields),
                unwrap(fields),
                place);
        Entry whole = entry.with(intercept.skipping(() -> afterwards(fields, owner, entry)));
        keys.report(context.findings);
        return whole;
    }

    /** Reads what requests of a method must satisfy. A broken part is reported and left out. */
    Entry method(Node.Mapping map, Node key, NodePath at, Counters counters) {
        Fields fields = Fields.of(Keys.METHOD, map, at, context.findings, null);
        EntryKey owner = new EntryKey(EntryKey.EntryType.METHOD, at.toString(), counters);
        context.ofMethod = true;
        try {
            Node limits = fields.get("limits");
            if (limits instanceof Node.Sequence sequence) {
                for (int i = 0; i < sequence.items().size(); i++) {
                    refuseFailures(sequence.items().get(i), at.key("limits").item(i));
                }
            }
            UnboundedKeys keys = new UnboundedKeys();
            Entry entry = new Entry(
                    false,
                    blocks(fields, "require", owner, ConditionReader.ConditionUse.ALLOWS),
                    blocks(fields, "deny_if", owner, ConditionReader.ConditionUse.DENIES),
                    blocks(fields, "ask_if", owner, ConditionReader.ConditionUse.ASKS),
                    List.of(),
                    limits(fields, owner, keys),
                    null,
                    ReadContext.place(key, at));
            keys.report(context.findings);
            return entry.with(afterwards(fields, owner, entry));
        } finally {
            context.ofMethod = false;
        }
    }

    /**
     * What a server asks for in an answer, and what a notification leads to, is not followed. Each of them would count
     * as a failure.
     */
    private void refuseFailures(Node limit, NodePath at) {
        Node.Pair pair = limit instanceof Node.Mapping map ? map.pair("counts") : null;
        if (pair != null) {
            context.findings.error(
                    "bad-value",
                    pair.key(),
                    at.key("counts"),
                    "a limit of a method can't count failures, since whether a request has failed is not always known",
                    "leave 'counts' out");
        }
    }

    /**
     * What the entry says about the end of a call.
     *
     * @param entry what it says besides
     */
    private Afterwards afterwards(Fields fields, EntryKey owner, Entry entry) {
        Node resultsNode = fields.get("results");
        Node marksNode = fields.get("marks");
        Node clearsNode = context.ofMethod ? null : fields.get("clears");
        if (resultsNode == null && marksNode == null && clearsNode == null) {
            return Afterwards.NONE;
        }
        boolean asks = !entry.askIf().isEmpty() || entry.rules().stream().anyMatch(Rule.Approval.class::isInstance);
        return new Afterwards(
                resultsNode == null ? List.of() : results.read(resultsNode, fields.at("results"), owner),
                marksNode == null ? List.of() : marks.marks(marksNode, fields.at("marks")),
                clearsNode == null ? List.of() : marks.clears(clearsNode, fields.at("clears"), asks));
    }

    private @Nullable Unwrap unwrap(Fields fields) {
        Node.Pair pair = fields.pair("unwrap");
        return pair == null ? null : unwraps.read(pair, fields.at("unwrap"));
    }

    private @Nullable Rounds rounds(Fields fields) {
        Node.Pair pair = fields.pair("rounds");
        if (pair == null) {
            return null;
        }
        NodePath at = fields.at("rounds");
        Long most = context.scalars.whole(pair.value(), at, "rounds", 0, Rounds.MOST);
        return most == null ? null : new Rounds(most.intValue(), ReadContext.place(pair.key(), at));
    }

    private void wrongType(Node node, NodePath at) {
        String hint = null;
        if (node instanceof Node.Scalar scalar && scalar.text().equals("deny")) {
            hint = "write {rules: [{action: deny}]}";
        } else if (node instanceof Node.Scalar scalar && scalar.text().equals("allow")) {
            hint = "write {} to list the tool";
        } else if (node instanceof Node.Sequence) {
            hint = "put the list under 'rules'";
        }
        context.findings.error("wrong-type", node, at, "an entry must be a map, not " + node.describe(), hint);
    }

    private List<Block> blocks(Fields fields, String key, EntryKey owner, ConditionReader.ConditionUse use) {
        Node node = fields.get(key);
        return node == null ? List.of() : conditions.blocks(node, fields.at(key), key, owner, use);
    }

    private List<Rule> rules(Fields fields, EntryKey owner, UnboundedKeys keys) {
        Node node = fields.get("rules");
        if (node == null) {
            return List.of();
        }
        NodePath at = fields.at("rules");
        if (!(node instanceof Node.Sequence sequence)) {
            String hint = node instanceof Node.Mapping ? "begin each rule with '- '" : null;
            if (hint == null) {
                context.scalars.wrongType(node, at, "rules", "a list");
            } else {
                context.findings.error("wrong-type", node, at, "rules must be a list, not a map", hint);
            }
            return List.of();
        }
        List<Rule> read = new ArrayList<>(sequence.items().size());
        // Most entries have one rule, and no other name to compare with.
        Map<String, Rule> byName = sequence.items().size() > 1 ? new HashMap<>() : Map.of();
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            Rule rule = rules.read(item, at.item(i), owner);
            if (rule == null) {
                continue;
            }
            read.add(rule);
            keys.add(rule.demands().limits(), rule.demands().conditions(), item, at.item(i));
            String name = rule.name();
            if (name != null && sequence.items().size() > 1) {
                checkName(name, rule, byName.putIfAbsent(name, rule), item, at.item(i));
            }
        }
        return read;
    }

    /** A bucket or budget belongs to its rule's name, so two rules with one name would share it. */
    private void checkName(String name, Rule rule, @Nullable Rule first, Node node, NodePath at) {
        if (first == null) {
            return;
        }
        String hint = "the first is in line " + first.place().line() + "; rename one";
        String message = "this entry has two rules called " + Display.quoted(name);
        if (countsByName(rule) && countsByName(first)) {
            context.findings.error("duplicate-name", node, at, message + ", and both count by their rule's name", hint);
        } else {
            context.findings.warn("duplicate-name", node, at, message, hint);
        }
    }

    private static boolean countsByName(Rule rule) {
        return rule.demands().limits().stream().anyMatch(limit -> limit.counter() == null);
    }

    private List<Limit> limits(Fields fields, EntryKey owner, UnboundedKeys keys) {
        Node node = fields.get("limits");
        if (node == null) {
            return List.of();
        }
        NodePath at = fields.at("limits");
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, "limits", "a list");
            return List.of();
        }
        List<Limit> read = new ArrayList<>(sequence.items().size());
        for (int i = 0; i < sequence.items().size(); i++) {
            Node item = sequence.items().get(i);
            if (item instanceof Node.Scalar scalar && scalar.isNull()) {
                context.findings.error("null-value", item, at.item(i), "there is no limit here", Hints.DROPPED);
                continue;
            }
            Limit limit = limits.limit(item, at.item(i), owner);
            if (limit != null) {
                read.add(limit);
                keys.add(List.of(limit), List.of(), item, at.item(i));
            }
        }
        return read;
    }
}
