package dev.interlock.policy.yaml;

import dev.interlock.policy.Path;
import dev.interlock.policy.text.Suggestion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The counters that the entries of one body define, and the conditions that read them. A condition may come before the
 * rule that defines its counter, so references are resolved at the end.
 *
 * <p>A grant's conditions look in the grant's own counters first, then in those of the whole policy.
 */
final class Counters {

    /** In a path: the counters of {@code all_tools} and {@code "*"}. */
    static final String GLOBAL = "_global";

    /** In a path within a glob, category or risk entry: that entry's own counters. */
    static final String OWN = "tool";

    /** How many counters a message lists. */
    private static final int LISTED = 8;

    /** How many counters are searched for one that the author may have meant. */
    private static final int CONSIDERED = 64;

    private final @Nullable Counters outer;

    /** By entry: its path segment, or a unique key for an entry whose counters no other entry can read. */
    private final Map<Object, Map<String, Node>> defined = new LinkedHashMap<>();

    private final List<Reference> references = new ArrayList<>();

    private record Reference(EntryKey owner, Path path, Node node, NodePath at) {}

    Counters(@Nullable Counters outer) {
        this.outer = outer;
    }

    /** Adds a counter, and reports it if the entry already has one of that name. */
    void define(EntryKey owner, String counter, Node node, NodePath at, DiagnosticCollector findings) {
        if (owner.kind() == EntryKey.EntryType.TOOL && owner.name().equals(GLOBAL)) {
            findings.error(
                    "reserved-name",
                    node,
                    at,
                    "a tool called '_global' can't have counters",
                    "state._global means the counters of all_tools");
            return;
        }
        Node first =
                defined.computeIfAbsent(key(owner), k -> new LinkedHashMap<>()).putIfAbsent(counter, node);
        if (first == null) {
            return;
        }
        boolean shorthand = counter.startsWith("_rate_");
        findings.error(
                "duplicate-counter",
                node,
                at,
                "this entry has two counters called " + Display.quoted(counter),
                shorthand
                        ? "the first is in line " + first.line()
                                + "; two limits of the same calendar window count the same calls, so keep the lower one"
                        : "the first is in line " + first.line() + "; rename one");
    }

    /** Adds a condition that reads a counter. */
    void reference(EntryKey owner, Path path, Node node, NodePath at) {
        references.add(new Reference(owner, path, node, at));
    }

    /** Reports every condition that reads an undefined counter. */
    void check(DiagnosticCollector findings) {
        for (Reference reference : references) {
            String segment = reference.path().member(0);
            String counter = reference.path().member(1);
            if (isDefined(reference.owner(), segment, counter)) {
                continue;
            }
            if (findings.isFull()) {
                findings.countError();
                continue;
            }
            findings.error(
                    "unknown-counter",
                    reference.node(),
                    reference.at(),
                    "no rule here counts " + Display.quoted(reference.path().text()),
                    hint(reference, counter) + "Intercept would have read 0 for it, always");
        }
    }

    private boolean isDefined(EntryKey owner, String segment, String counter) {
        Map<String, Node> counters = defined.get(target(owner, segment));
        if (counters != null && counters.containsKey(counter)) {
            return true;
        }
        boolean own = owner.kind() == EntryKey.EntryType.GROUP && segment.equals(OWN);
        return outer != null && !own && outer.isDefined(owner, segment, counter);
    }

    private String hint(Reference reference, String counter) {
        List<String> known = new ArrayList<>();
        collect(reference.owner(), known);
        if (known.isEmpty()) {
            return "nothing is counted here; a rule counts with state: {counter: " + Display.clean(counter, 40)
                    + ", window: hour}; ";
        }
        String nearest = Suggestion.to(reference.path().text(), known);
        for (String path : known) {
            if (nearest == null && (path.endsWith("." + counter) || path.endsWith(".\"" + counter + "\""))) {
                nearest = path;
            }
        }
        if (nearest != null) {
            return "did you mean '" + Display.clean(nearest, 80) + "'? ";
        }
        String list = String.join(", ", known.subList(0, Math.min(LISTED, known.size())));
        return "the counters are " + Display.clean(list, 300) + (known.size() > LISTED ? " and others; " : "; ");
    }

    /** Collects the paths of the counters that an entry's conditions may read, its own first. */
    private void collect(EntryKey owner, List<String> known) {
        add(owner.segment(), defined.get(key(owner)), known);
        for (Map.Entry<Object, Map<String, Node>> entry : defined.entrySet()) {
            if (known.size() >= CONSIDERED) {
                return;
            }
            if (entry.getKey() instanceof String name && !name.equals(key(owner))) {
                add(name, entry.getValue(), known);
            }
        }
        if (outer != null) {
            outer.collect(owner, known);
        }
    }

    private static void add(String segment, @Nullable Map<String, Node> counters, List<String> known) {
        if (counters == null) {
            return;
        }
        for (String counter : counters.keySet()) {
            if (known.size() >= CONSIDERED) {
                return;
            }
            known.add("state." + step(segment) + "." + step(counter));
        }
    }

    private static String step(String name) {
        return name.matches("[^.\\[\\]\"\\s]+") ? name : "\"" + name + "\"";
    }

    private static Object key(EntryKey owner) {
        return owner.kind() == EntryKey.EntryType.GROUP || owner.kind() == EntryKey.EntryType.METHOD
                ? new CounterGroup(owner.name())
                : owner.segment();
    }

    private static Object target(EntryKey owner, String segment) {
        return owner.kind() == EntryKey.EntryType.GROUP && segment.equals(OWN)
                ? new CounterGroup(owner.name())
                : segment;
    }

    /** The key of an entry whose counters no other entry can read. */
    private record CounterGroup(String name) {}
}
