package dev.interlock.policy.review;

import dev.interlock.policy.Block;
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
import dev.interlock.policy.Rule;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Short ways to put policies and tools together, everything at a place of its own. */
final class Policies {

    private Policies() {}

    static Condition condition(String place, String path, String operator, Object operand) {
        return new Condition(
                Path.parse(path), Operator.of(operator).orElseThrow(), Value.freeze(operand), null, Place.of(place));
    }

    static Block block(String place, Condition... conditions) {
        return new Block(List.of(conditions), null, Place.of(place));
    }

    static Rule.Check check(String place, Rule.Demands demands) {
        return new Rule.Check(null, demands, null, Mode.ENFORCE, Place.of(place));
    }

    static Rule.Deny deny(String place) {
        return new Rule.Deny(null, null, Mode.ENFORCE, Place.of(place));
    }

    static Rule.Demands conditions(Condition... conditions) {
        return new Rule.Demands(List.of(conditions), List.of(), null);
    }

    static Entry rules(String place, Rule... rules) {
        return new Entry(false, List.of(), List.of(), List.of(rules), List.of(), Place.of(place));
    }

    static Entry limits(String place, Limit... limits) {
        return new Entry(false, List.of(), List.of(), List.of(), List.of(limits), Place.of(place));
    }

    static Entry require(String place, Block... blocks) {
        return new Entry(false, List.of(blocks), List.of(), List.of(), List.of(), Place.of(place));
    }

    static Entry denyIf(String place, Block... blocks) {
        return new Entry(false, List.of(), List.of(blocks), List.of(), List.of(), Place.of(place));
    }

    /** A policy with entries by name or glob; the one under {@code *} is for all. */
    static Policy policy(Map<String, Entry> entries) {
        return Policy.of(body(Posture.ALLOW, List.of(), entries));
    }

    static PolicyBody body(Posture posture, List<String> hide, Map<String, Entry> entries) {
        Map<NamePattern, Entry> named = new LinkedHashMap<>();
        entries.forEach((name, entry) -> {
            if (!name.equals("*")) {
                named.put(new NamePattern(name), entry);
            }
        });
        return new PolicyBody(
                posture,
                hide.stream().map(NamePattern::new).toList(),
                named,
                Map.of(),
                Map.of(),
                Optional.ofNullable(entries.get("*")),
                Optional.empty());
    }

    static ToolDefinition tool(String name, Map<String, ?> properties, String... required) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("required", List.of(required));
        return ToolDefinition.named(name).withInputSchema((ObjectValue) Value.freeze(schema));
    }

    static List<Finding> review(Policy policy, ToolDefinition... tools) {
        return PolicyReview.of(policy, List.of(new ServerTools(null, List.of(tools))))
                .findings();
    }

    /** {@code error unknown-tool at tools.x}. */
    static List<String> brief(List<Finding> findings) {
        List<String> lines = new ArrayList<>();
        for (Finding finding : findings) {
            String place = finding.place().path();
            lines.add(
                    finding.severity().text() + " " + finding.code().text() + (place.isEmpty() ? "" : " at " + place));
        }
        return lines;
    }
}
