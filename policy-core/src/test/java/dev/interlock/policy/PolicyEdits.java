package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;

/** Changes to generated policies, for laws about what a change can do. */
public final class PolicyEdits {

    private PolicyEdits() {}

    /** A body that says nothing. */
    public static PolicyBody nothing() {
        return new PolicyBody(
                Posture.ALLOW, List.of(), Map.of(), Map.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    /** Where the entries of the policy stand, those of its grants, too. */
    public static List<String> entries(Policy policy) {
        List<String> places = new ArrayList<>();
        mapEntries(policy, entry -> {
            places.add(entry.place().path());
            return entry;
        });
        return places;
    }

    /** The policy with one more rule, the last one of its entry number {@code index}. */
    public static Policy withRule(Policy policy, int index, Rule rule) {
        int[] count = new int[1];
        return PolicyAssembly.assemble(mapEntries(policy, entry -> {
            boolean here = count[0]++ == index;
            List<Rule> rules = new ArrayList<>(entry.rules());
            if (here) {
                rules.add(rule);
            }
            return new Entry(
                    entry.hide(),
                    entry.require(),
                    entry.denyIf(),
                    entry.askIf(),
                    rules,
                    entry.limits(),
                    entry.rounds(),
                    entry.unwrap(),
                    entry.afterwards(),
                    entry.place());
        }));
    }

    /** The policy with the rules of every entry, its conditions and its limits in another order. */
    public static Policy shuffled(Policy policy, long seed) {
        Random random = new Random(seed);
        return PolicyAssembly.assemble(mapEntries(policy, entry -> {
            List<Rule> rules = new ArrayList<>(entry.rules());
            Collections.shuffle(rules, random);
            List<Limit> limits = new ArrayList<>(entry.limits());
            Collections.shuffle(limits, random);
            return new Entry(
                    entry.hide(),
                    entry.require(),
                    entry.denyIf(),
                    entry.askIf(),
                    rules,
                    limits,
                    entry.rounds(),
                    entry.unwrap(),
                    entry.afterwards(),
                    entry.place());
        }));
    }

    /**
     * The policy whose entries and rules count as they did and check nothing but what they count. What it denies
     * whatever the call is, such as hidden tools, it still denies.
     */
    public static Policy onlyCounting(Policy policy) {
        return mapEntries(
                policy,
                entry -> new Entry(
                        entry.hide(),
                        List.of(),
                        List.of(),
                        List.of(),
                        entry.rules().stream().map(PolicyEdits::onlyCounting).toList(),
                        entry.limits(),
                        entry.rounds(),
                        entry.unwrap(),
                        entry.afterwards(),
                        entry.place()));
    }

    /** The conditions of a rule that asks say what it counts, too. */
    private static Rule onlyCounting(Rule rule) {
        if (rule instanceof Rule.Approval) {
            return rule;
        }
        List<Condition> limits = rule.demands().conditions().stream()
                .filter(condition -> condition.path().root() == Path.Root.STATE)
                .toList();
        return new Rule.Check(
                rule.name(),
                new Rule.Demands(limits, rule.demands().limits(), null),
                rule.message(),
                rule.mode(),
                rule.place());
    }

    /** The policy in the other mode. */
    public static Policy in(Mode mode, Policy policy) {
        return new Policy(
                policy.description(),
                mode,
                policy.body(),
                policy.methods(),
                policy.grants(),
                policy.context(),
                policy.suspended());
    }

    /** The policy in which every entry of the tools that match a name has this {@code unwrap}. */
    public static Policy unwrapping(String tool, Optional<Unwrap> unwrap, Policy policy) {
        PolicyBody body = policy.body();
        Map<NamePattern, Entry> tools = new LinkedHashMap<>(body.tools());
        Entry old = body.tool(tool);
        Entry entry = old == null ? Entry.listed(Place.of("tools." + tool)) : old;
        unwrap.ifPresent(given -> tools.put(
                new NamePattern(tool),
                new Entry(
                        entry.hide(),
                        entry.require(),
                        entry.denyIf(),
                        entry.askIf(),
                        entry.rules(),
                        entry.limits(),
                        entry.rounds(),
                        given,
                        entry.afterwards(),
                        entry.place())));
        return PolicyAssembly.assemble(with(
                policy,
                new PolicyBody(
                        body.posture(),
                        body.hide(),
                        tools,
                        body.categories(),
                        body.risks(),
                        body.star(),
                        body.allTools(),
                        body.servers())));
    }

    /** The policy, which suspends every call if a text is given. */
    public static Policy suspended(Optional<String> text, Policy policy) {
        return new Policy(
                policy.description(),
                policy.mode(),
                policy.body(),
                policy.methods(),
                policy.grants(),
                policy.context(),
                text);
    }

    /** The policy with one more tool hidden. */
    public static Policy hiding(String tool, Policy policy) {
        PolicyBody body = policy.body();
        List<NamePattern> hide = new ArrayList<>(body.hide());
        hide.add(new NamePattern(tool));
        return with(
                policy,
                new PolicyBody(
                        body.posture(),
                        hide,
                        body.tools(),
                        body.categories(),
                        body.risks(),
                        body.star(),
                        body.allTools(),
                        body.servers(),
                        body.during()));
    }

    /** The policy with nothing in it but entries for tools by name or glob. */
    public static Policy onlyTools(Policy policy) {
        PolicyBody body = policy.body();
        PolicyBody tools = new PolicyBody(
                body.posture(), body.hide(), body.tools(), Map.of(), Map.of(), Optional.empty(), Optional.empty());
        // The counters of what is left out are gone, and what reads them must go, too.
        PolicyBody readable = mapEntries(
                tools,
                entry -> ConditionEdits.mapped(
                        entry,
                        condition -> condition.path().text().startsWith("state._global.")
                                ? Condition.of("args.amount", Operator.EXISTS, true)
                                : condition));
        return new Policy(
                policy.description(),
                policy.mode(),
                readable,
                policy.methods(),
                Optional.empty(),
                policy.context(),
                policy.suspended());
    }

    /** The policy with another name for a tool, wherever it speaks of it. */
    public static Policy renamed(String from, String to, Policy policy) {
        UnaryOperator<PolicyBody> rename = body -> renamed(from, to, body);
        return new Policy(
                policy.description(),
                policy.mode(),
                rename.apply(policy.body()),
                policy.methods(),
                policy.grants().map(grants -> mapValues(grants, rename)),
                policy.context(),
                policy.suspended());
    }

    private static PolicyBody renamed(String from, String to, PolicyBody body) {
        UnaryOperator<NamePattern> rename = pattern -> pattern.text().equals(from) ? new NamePattern(to) : pattern;
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        body.tools().forEach((pattern, entry) -> tools.put(rename.apply(pattern), entry));
        PolicyBody listed = new PolicyBody(
                body.posture(),
                body.hide().stream().map(rename).toList(),
                tools,
                body.categories(),
                body.risks(),
                body.star(),
                body.allTools(),
                body.servers().map(servers -> mapValues(servers, inner -> renamed(from, to, inner))),
                body.during());
        return mapEntries(listed, entry -> ConditionEdits.mapped(entry, condition -> renamed(from, to, condition)));
    }

    private static Condition renamed(String from, String to, Condition condition) {
        String prefix = "state." + from + ".";
        String path = condition.path().text();
        return path.startsWith(prefix)
                ? new Condition(
                        Path.parse("state." + to + "." + path.substring(prefix.length())),
                        condition.operator(),
                        condition.operand(),
                        condition.message(),
                        condition.place())
                : condition;
    }

    private static Policy with(Policy policy, PolicyBody body) {
        return new Policy(
                policy.description(),
                policy.mode(),
                body,
                policy.methods(),
                policy.grants(),
                policy.context(),
                policy.suspended());
    }

    private static Policy mapEntries(Policy policy, UnaryOperator<Entry> change) {
        return new Policy(
                policy.description(),
                policy.mode(),
                mapEntries(policy.body(), change),
                policy.methods(),
                policy.grants().map(grants -> mapValues(grants, body -> mapEntries(body, change))),
                policy.context(),
                policy.suspended());
    }

    private static PolicyBody mapEntries(PolicyBody body, UnaryOperator<Entry> change) {
        Map<NamePattern, Entry> tools = mapValues(body.tools(), change);
        Map<ToolCategory, Entry> categories = mapValues(body.categories(), change);
        Map<RiskSelector, Entry> risks = mapValues(body.risks(), change);
        return new PolicyBody(
                body.posture(),
                body.hide(),
                tools,
                categories,
                risks,
                body.star().map(change),
                body.allTools().map(change),
                body.servers().map(servers -> mapValues(servers, inner -> mapEntries(inner, change))),
                body.during());
    }

    private static <K, V> Map<K, V> mapValues(Map<K, V> map, UnaryOperator<V> change) {
        Map<K, V> changed = new LinkedHashMap<>();
        map.forEach((key, value) -> changed.put(key, change.apply(value)));
        return changed;
    }
}
