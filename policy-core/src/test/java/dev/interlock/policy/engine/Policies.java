package dev.interlock.policy.engine;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Rule.Demands;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Small policies for tests, put together in code. Most are about one tool, {@code pay}. */
final class Policies {

    private Policies() {}

    static Condition when(String path, Operator operator, @Nullable Object operand) {
        return Condition.of(path, operator, operand);
    }

    /** A policy of one entry, for {@code pay}, with these rules. */
    static Policy pay(Rule... rules) {
        return of("pay", entry(List.of(rules), List.of(), List.of()));
    }

    /** A policy of one entry, for {@code pay}, with one item of {@code deny_if}. */
    static Policy denyIf(Condition... conditions) {
        Block block = new Block(List.of(conditions), null, Place.of("tools.pay.deny_if[0]"));
        return of("pay", new Entry(false, List.of(), List.of(block), List.of(), List.of(), Place.of("tools.pay")));
    }

    /** A policy of one entry, for {@code pay}, with one item of {@code require}. */
    static Policy require(Condition... conditions) {
        Block block = new Block(List.of(conditions), null, Place.of("tools.pay.require[0]"));
        return of("pay", new Entry(false, List.of(block), List.of(), List.of(), List.of(), Place.of("tools.pay")));
    }

    /** A policy of one entry, for {@code pay}, with these items of {@code ask_if} before these rules. */
    static Policy askIf(List<Block> blocks, Rule... rules) {
        return of(
                "pay",
                new Entry(
                        false,
                        List.of(),
                        List.of(),
                        blocks,
                        List.of(rules),
                        List.of(),
                        null,
                        null,
                        Place.of("tools.pay")));
    }

    static Policy of(String toolOrGlob, Entry entry) {
        return Policy.of(body(Posture.ALLOW, Map.of(toolOrGlob, entry)));
    }

    static PolicyBody body(Posture posture, Map<String, Entry> entries) {
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        entries.forEach((name, entry) -> tools.put(new NamePattern(name), entry));
        return new PolicyBody(posture, List.of(), tools, Map.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    static PolicyBody hiding(String... patterns) {
        List<NamePattern> hide =
                List.of(patterns).stream().map(NamePattern::new).toList();
        return new PolicyBody(Posture.ALLOW, hide, Map.of(), Map.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    static PolicyBody star(Entry entry) {
        return new PolicyBody(
                Posture.ALLOW, List.of(), Map.of(), Map.of(), Map.of(), Optional.of(entry), Optional.empty());
    }

    static Policy granting(PolicyBody body, Map<String, PolicyBody> grants) {
        Map<NamePattern, PolicyBody> all = new LinkedHashMap<>();
        grants.forEach((identity, granted) -> all.put(new NamePattern(identity), granted));
        return new Policy("", Mode.ENFORCE, body, Map.of(), Optional.of(all));
    }

    static Policy audited(Policy policy) {
        return new Policy(policy.description(), Mode.AUDIT, policy.body(), policy.methods(), policy.grants());
    }

    static Entry listed() {
        return Entry.listed(Place.of("tools.pay"));
    }

    static Entry entry(List<Rule> rules, List<Limit> limits, List<Block> denyIf) {
        return new Entry(false, List.of(), denyIf, rules, limits, Place.of("tools.pay"));
    }

    /** The same entry with so many rounds. */
    static Entry rounds(int most, Entry entry) {
        return new Entry(
                entry.hide(),
                entry.require(),
                entry.denyIf(),
                entry.askIf(),
                entry.rules(),
                entry.limits(),
                new Rounds(most, Place.of(entry.place().path() + ".rounds")),
                entry.place());
    }

    static Rule deny(String name) {
        return new Rule.Deny(name, null, Mode.ENFORCE, place(name));
    }

    static Rule check(String name, Condition... conditions) {
        return check(name, new Demands(List.of(conditions), List.of(), null));
    }

    static Rule check(String name, Demands demands) {
        return new Rule.Check(name, demands, null, Mode.ENFORCE, place(name));
    }

    static Rule recorded(Rule rule) {
        if (rule instanceof Rule.Check check) {
            return new Rule.Check(check.name(), check.demands(), check.message(), Mode.AUDIT, check.place());
        }
        if (rule instanceof Rule.Approval ask) {
            return new Rule.Approval(ask.name(), ask.demands(), ask.timeout(), ask.message(), Mode.AUDIT, ask.place());
        }
        return new Rule.Deny(rule.name(), rule.message(), Mode.AUDIT, rule.place());
    }

    static Rule ask(String name, Condition... conditions) {
        return ask(name, new Demands(List.of(conditions), List.of(), null));
    }

    static Rule ask(String name, Demands demands) {
        return new Rule.Approval(name, demands, Rule.Approval.DEFAULT_TIMEOUT, null, Mode.ENFORCE, place(name));
    }

    static Rule rate(String name, Limit limit) {
        return check(name, new Demands(List.of(), List.of(limit), null));
    }

    static Rule validate(String name, Validation validation) {
        return check(name, new Demands(List.of(), List.of(), validation));
    }

    /** A budget of {@code pay} for what an argument says. */
    static Rule spend(
            String name, @Nullable Amount perCall, Map<Window.Calendar, Amount> caps, String from, ChargeMode charge) {
        List<Limit> budget = Limit.budget(perCall, caps, Path.parse(from), charge, Scope.TOOL, place(name));
        return check(name, new Demands(List.of(), budget, null));
    }

    /** A counter {@code n} of {@code pay}, of an argument or, without one, of calls, with these conditions. */
    static Rule count(String name, @Nullable String from, ChargeMode charge, Condition... conditions) {
        return count(name, from, charge, Scope.TOOL, conditions);
    }

    static Rule count(String name, @Nullable String from, ChargeMode charge, Scope scope, Condition... conditions) {
        Limit counter = new Limit(
                Limit.Form.STATE,
                "n",
                null,
                Window.Calendar.HOUR,
                Algorithm.FIXED_WINDOW,
                scope,
                Amount.ONE,
                from == null ? null : Path.parse(from),
                charge,
                null,
                place(name));
        return check(name, new Demands(List.of(conditions), List.of(counter), null));
    }

    /** Calls of each tool in a calendar hour, given back if they fail. */
    static Limit hourly(long max) {
        return Limit.calls(max, Window.Calendar.HOUR, Scope.TOOL, place("hourly"));
    }

    static Limit rateOf(long max, Window window, Algorithm algorithm, Scope scope, ChargeMode charge) {
        return new Limit(
                Limit.Form.RATE_LIMIT,
                null,
                Amount.of(max),
                window,
                algorithm,
                scope,
                Amount.ONE,
                null,
                charge,
                null,
                place("rate"));
    }

    static Validation schema() {
        return new Validation(false, List.of(), true, false, OptionalInt.empty(), OptionalInt.empty());
    }

    private static Place place(String name) {
        return Place.of("tools.pay.rules['" + name + "']");
    }
}
