package dev.interlock.policy.observe;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.time.TimeSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Engines to look at: {@code pay} up to an amount, {@code drop} never, anything else as the posture has it. */
final class Engines {

    private Engines() {}

    static PolicyEngine.Builder observed(Posture posture, TimeSource time, AuditSink... observers) {
        PolicyEngine.Builder builder = PolicyEngine.builder(policy(posture)).time(time);
        for (AuditSink observer : observers) {
            builder.observer(observer);
        }
        return builder;
    }

    static Policy policy(Posture posture) {
        Rule cap = new Rule.Check(
                "cap",
                new Rule.Demands(List.of(Condition.of("args.amount", Operator.LTE, 100)), List.of(), null),
                null,
                Mode.ENFORCE,
                Place.of("tools.pay.rules[0]"));
        Limit hourly = Limit.calls(1_000, Window.Calendar.HOUR, Scope.TOOL, Place.of("tools.pay.rules[1]"));
        Rule pace = new Rule.Check(
                "pace",
                new Rule.Demands(List.of(), List.of(hourly), null),
                null,
                Mode.ENFORCE,
                Place.of("tools.pay.rules[1]"));
        Rule never = new Rule.Deny("never", null, Mode.ENFORCE, Place.of("tools.drop.rules[0]"));
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        tools.put(new NamePattern("pay"), entry(cap, pace));
        tools.put(new NamePattern("drop"), entry(never));
        return Policy.of(
                new PolicyBody(posture, List.of(), tools, Map.of(), Map.of(), Optional.empty(), Optional.empty()));
    }

    /** A policy with this rule for {@code pay}, that allows all else. */
    static Policy policy(Rule rule) {
        return Policy.of(new PolicyBody(
                Posture.ALLOW,
                List.of(),
                Map.of(new NamePattern("pay"), entry(rule)),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty()));
    }

    private static Entry entry(Rule... rules) {
        return new Entry(false, List.of(), List.of(), List.of(rules), List.of(), Place.of("tools"));
    }
}
