package dev.interlock.policy.mcp;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Puts small policies together. */
final class Policies {

    private Posture posture = Posture.ALLOW;
    private List<NamePattern> hide = List.of();
    private final Map<NamePattern, Entry> tools = new LinkedHashMap<>();
    private final Map<RiskSelector, Entry> risks = new LinkedHashMap<>();
    private final Map<NamePattern, Posture> methods = new LinkedHashMap<>();
    private final Map<NamePattern, PolicyBody> grants = new LinkedHashMap<>();

    static Policy allowingAll() {
        return new Policies().policy();
    }

    /** Ten calls of {@code start_export} a minute, with their required arguments; no {@code delete_store}. */
    static Policies export() {
        return new Policies()
                .tool("start_export", limit(10), requiredArguments())
                .tool("delete_store", denied("Stores are not deleted by agents."));
    }

    /** No call to {@code pay} where this path has this value. */
    static Policy denyingIf(String path, String value) {
        Condition condition = new Condition(
                Path.parse(path), Operator.EQ, new Value.Text(value), null, Place.of("tools.pay.deny_if[0]"));
        Block block = new Block(List.of(condition), null, condition.place());
        Policies policies = new Policies();
        policies.tools.put(
                new NamePattern("pay"),
                new Entry(false, List.of(), List.of(block), List.of(), List.of(), Place.of("tools.pay")));
        return policies.policy();
    }

    /** Grants an identity these tools, and no others. */
    Policies granting(String identity, String... names) {
        Map<NamePattern, Entry> granted = new LinkedHashMap<>();
        for (String name : names) {
            granted.put(new NamePattern(name), Entry.listed(Place.of("grants." + identity + "." + name)));
        }
        grants.put(
                new NamePattern(identity),
                new PolicyBody(
                        Posture.DENY, List.of(), granted, Map.of(), Map.of(), Optional.empty(), Optional.empty()));
        return this;
    }

    Policies defaultDeny() {
        posture = Posture.DENY;
        return this;
    }

    Policies hiding(String... patterns) {
        hide = List.of(patterns).stream().map(NamePattern::new).toList();
        return this;
    }

    Policies tool(String pattern, Rule... rules) {
        Place place = Place.of("tools." + pattern);
        tools.put(new NamePattern(pattern), new Entry(false, List.of(), List.of(), List.of(rules), List.of(), place));
        return this;
    }

    /** The entries of tools in a text. */
    Policies reading(String yaml) {
        tools.putAll(PolicyYaml.read("version: \"1\"\n" + yaml, "test")
                .orThrow()
                .body()
                .tools());
        return this;
    }

    /** Tools with these rules whose calls may be made again so often. */
    Policies rounds(String pattern, int most, Rule... rules) {
        Place place = Place.of("tools." + pattern);
        Rounds rounds = new Rounds(most, Place.of(place.path() + ".rounds"));
        tools.put(
                new NamePattern(pattern),
                new Entry(false, List.of(), List.of(), List.of(rules), List.of(), rounds, place));
        return this;
    }

    Policies risk(String selector, Rule... rules) {
        Place place = Place.of("risks." + selector);
        risks.put(
                RiskSelector.of(selector).orElseThrow(),
                new Entry(false, List.of(), List.of(), List.of(rules), List.of(), place));
        return this;
    }

    Policies method(String pattern, Posture answer) {
        methods.put(new NamePattern(pattern), answer);
        return this;
    }

    Policy policy() {
        PolicyBody body = new PolicyBody(posture, hide, tools, Map.of(), risks, Optional.empty(), Optional.empty());
        return new Policy("", Mode.ENFORCE, body, methods, grants.isEmpty() ? Optional.empty() : Optional.of(grants));
    }

    static Rule limit(int max) {
        Limit limit = new Limit(
                Limit.Form.RATE_LIMIT,
                null,
                Amount.of(max),
                new Window.Length(Duration.ofDays(30)),
                Algorithm.TOKEN_BUCKET,
                Scope.SESSION,
                Amount.ONE,
                null,
                ChargeMode.SUCCESS,
                null,
                Place.of("limit"));
        return check("limit", new Rule.Demands(List.of(), List.of(limit), null));
    }

    static Rule requiredArguments() {
        Validation validation = new Validation(true, List.of(), false, false, OptionalInt.empty(), OptionalInt.empty());
        return check("required", new Rule.Demands(List.of(), List.of(), validation));
    }

    static Rule validSchema() {
        Validation validation = new Validation(false, List.of(), true, false, OptionalInt.empty(), OptionalInt.empty());
        return check("schema", new Rule.Demands(List.of(), List.of(), validation));
    }

    /** Asks a predicate of the host's about what stands at this path. */
    static Rule asksHost(String predicate, String path) {
        Condition condition = new Condition(
                Path.parse(path),
                Operator.CUSTOM,
                Operand.custom(predicate, Value.Nil.NULL),
                null,
                Place.of("rules.host"));
        return check("host", new Rule.Demands(List.of(condition), List.of(), null));
    }

    static Rule denied(String message) {
        return new Rule.Deny("no", message, Mode.ENFORCE, Place.of("rules[0]"));
    }

    /** Asks a person about every call. */
    static Rule ask() {
        return ask(Rule.Approval.DEFAULT_TIMEOUT);
    }

    static Rule ask(Duration timeout) {
        return new Rule.Approval("ask", Rule.Demands.NONE, timeout, null, Mode.ENFORCE, Place.of("rules.ask"));
    }

    private static Rule check(String name, Rule.Demands demands) {
        return new Rule.Check(name, demands, null, Mode.ENFORCE, Place.of("rules." + name));
    }
}
