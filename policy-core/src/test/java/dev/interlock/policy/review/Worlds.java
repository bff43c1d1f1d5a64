package dev.interlock.policy.review;

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
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generates policies that are often wrong, tools, and arguments that are close to what the policies speak of. */
final class Worlds {

    static final String TOOL = "delete_item";

    private Worlds() {}

    static Arbitrary<World> any() {
        return Combinators.combine(
                        policies(), schemas(), arguments().list().ofSize(12), Arbitraries.of("Removes it.", ""))
                .as((policy, schema, arguments, description) -> new World(
                        policy,
                        ToolDefinition.named(TOOL).withInputSchema(schema).withDescription(description),
                        arguments));
    }

    private static Arbitrary<Policy> policies() {
        return Combinators.combine(
                        bodies(),
                        bodies(),
                        Arbitraries.of(Mode.ENFORCE, Mode.ENFORCE, Mode.AUDIT),
                        Arbitraries.of(0, 0, 1))
                .as((body, granted, mode, grants) -> numbered(new Policy(
                        "",
                        mode,
                        body,
                        Map.of(),
                        grants == 0 ? Optional.empty() : Optional.of(Map.of(new NamePattern("b*"), granted)))));
    }

    private static Arbitrary<PolicyBody> bodies() {
        return Combinators.combine(
                        Arbitraries.frequency(Tuple.of(6, Posture.ALLOW), Tuple.of(1, Posture.DENY)),
                        Arbitraries.frequency(Tuple.of(12, List.<String>of()), Tuple.of(1, List.of("delete_*"))),
                        entries().optional(0.8),
                        entries().optional(0.4),
                        entries().optional(0.3))
                .as((posture, hide, own, glob, star) -> {
                    Map<String, Entry> entries = new LinkedHashMap<>();
                    own.ifPresent(entry -> entries.put(TOOL, entry));
                    glob.ifPresent(entry -> entries.put("delete_*", entry));
                    star.ifPresent(entry -> entries.put("*", entry));
                    return Policies.body(posture, hide, entries);
                });
    }

    private static Arbitrary<Entry> entries() {
        return Combinators.combine(
                        blocks().list().ofMaxSize(2),
                        blocks().list().ofMaxSize(1),
                        blocks().list().ofMaxSize(1),
                        rules().list().ofMaxSize(3),
                        limits().list().ofMaxSize(2).uniqueElements(Limit::label))
                .as((require, denyIf, askIf, rules, limits) ->
                        new Entry(false, require, denyIf, askIf, rules, limits, null, Place.of("")));
    }

    private static Arbitrary<Block> blocks() {
        return conditions().list().ofMinSize(1).ofMaxSize(3).map(list -> new Block(list, null, Place.of("")));
    }

    private static Arbitrary<Rule> rules() {
        Arbitrary<Mode> modes = Arbitraries.of(Mode.ENFORCE, Mode.ENFORCE, Mode.ENFORCE, Mode.AUDIT);
        Arbitrary<Rule> deny = modes.map(mode -> new Rule.Deny(null, null, mode, Place.of("")));
        Arbitrary<Rule> check = Combinators.combine(
                        conditions().list().ofMinSize(1).ofMaxSize(3), modes)
                .as((conditions, mode) ->
                        new Rule.Check(null, new Rule.Demands(conditions, List.of(), null), null, mode, Place.of("")));
        Arbitrary<Rule> approval = conditions()
                .list()
                .ofMaxSize(2)
                .map(conditions -> new Rule.Approval(
                        null,
                        new Rule.Demands(conditions, List.of(), null),
                        Rule.Approval.DEFAULT_TIMEOUT,
                        null,
                        Mode.ENFORCE,
                        Place.of("")));
        Arbitrary<Rule> counted = Combinators.combine(
                        Arbitraries.longs().between(0, 3),
                        Arbitraries.longs().between(-1, 4),
                        Arbitraries.of("lt", "lte"))
                .as((increment, most, operator) -> new Rule.Check(
                        null,
                        new Rule.Demands(
                                List.of(Policies.condition("", "state.delete_item.n", operator, most)),
                                List.of(new Limit(
                                        Limit.Form.STATE,
                                        "n",
                                        null,
                                        Window.Calendar.DAY,
                                        Algorithm.FIXED_WINDOW,
                                        Scope.TOOL,
                                        Amount.of(increment),
                                        null,
                                        ChargeMode.SUCCESS,
                                        null,
                                        Place.of(""))),
                                null),
                        null,
                        Mode.ENFORCE,
                        Place.of("")));
        Arbitrary<Rule> valid = Arbitraries.integers()
                .between(0, 3)
                .map(bytes -> new Rule.Check(
                        null,
                        new Rule.Demands(
                                List.of(),
                                List.of(),
                                new Validation(
                                        false,
                                        List.of("a"),
                                        false,
                                        false,
                                        OptionalInt.of(bytes * 20),
                                        OptionalInt.empty())),
                        null,
                        Mode.ENFORCE,
                        Place.of("")));
        return Arbitraries.frequencyOf(
                Tuple.of(1, deny), Tuple.of(6, check), Tuple.of(2, approval), Tuple.of(1, counted), Tuple.of(1, valid));
    }

    private static Arbitrary<Limit> limits() {
        return Combinators.combine(
                        Arbitraries.of("x", "y", "z"),
                        Arbitraries.longs().between(0, 9),
                        Arbitraries.of(Window.Calendar.class),
                        Arbitraries.of(Scope.class),
                        Arbitraries.of(ChargeMode.SUCCESS, ChargeMode.SENT),
                        Arbitraries.of("", "", "args.a", "args.c"))
                .as((counter, max, window, scope, charge, from) -> new Limit(
                        Limit.Form.LIMITS,
                        counter,
                        Amount.of(max),
                        window,
                        Algorithm.FIXED_WINDOW,
                        scope,
                        Amount.ONE,
                        from.isEmpty() ? null : Path.parse(from),
                        charge,
                        null,
                        Place.of("")));
    }

    private static Arbitrary<Condition> conditions() {
        Arbitrary<String> paths = Arbitraries.of(
                "args.a",
                "args.a",
                "args.a",
                "args.b",
                "args.c",
                "args.o.x",
                "args.l[*]",
                "args.l[any]",
                "args.l.0",
                "tool.risk",
                "call.session");
        Arbitrary<Operator> operators = Arbitraries.of(Operator.class)
                .filter(operator -> operator != Operator.DURING && operator != Operator.CUSTOM);
        return Combinators.combine(paths, operators, operands())
                .as((path, operator, operand) ->
                        new Condition(Path.parse(path), operator, fit(operator, operand), null, Place.of("")));
    }

    /** An operand that the operator takes, made from any. */
    private static Value fit(Operator operator, Value operand) {
        if (operator == Operator.WITHIN_PATH) {
            return new Value.Text(operand.json().length() % 2 == 0 ? "/a/b" : "C:\\a");
        }
        if (operator == Operator.URL_IN) {
            return new Value.Text(operand.json().length() % 2 == 0 ? "https://a/b" : "ws://*.a:1");
        }
        if (operator.problemWith(operand).isEmpty()) {
            return operand;
        }
        return switch (operator) {
            case IN, NOT_IN -> new Value.Array(List.of(operand));
            case EXISTS -> Value.Bool.of(operand.json().length() % 2 == 0);
            case LT, LTE, GT, GTE, MAX_LENGTH -> Value.freeze(operand.json().length() % 5);
            default -> new Value.Text("ab".substring(operand.json().length() % 2));
        };
    }

    private static Arbitrary<Value> operands() {
        return Arbitraries.oneOf(
                scalars(), scalars(), scalars().list().ofMaxSize(3).map(Value.Array::new));
    }

    private static Arbitrary<Value> scalars() {
        return Arbitraries.of(Stream.of(
                                0,
                                1,
                                2,
                                3,
                                4,
                                5,
                                1.5,
                                -1,
                                "",
                                "a",
                                "b",
                                "ab",
                                "abc",
                                "ba",
                                "1",
                                "1.0",
                                "true",
                                true,
                                false,
                                "low",
                                "critical",
                                "/a/b",
                                "http://a/",
                                null)
                        .map(Optional::ofNullable)
                        .toList())
                .map(value -> Value.freeze(value.orElse(null)));
    }

    private static Arbitrary<ObjectValue> schemas() {
        return Combinators.combine(
                        property(),
                        property(),
                        property(),
                        Arbitraries.of(0, 1, 2, 3),
                        Arbitraries.of(true, true, false))
                .as((a, b, x, required, open) -> {
                    Map<String, Object> schema = new LinkedHashMap<>();
                    schema.put("type", "object");
                    Map<String, Object> properties = new HashMap<>();
                    properties.put("a", a);
                    properties.put("b", b);
                    properties.put(
                            "o", Map.of("type", "object", "properties", Map.of("x", x), "required", List.of("x")));
                    properties.put("l", Map.of("type", "array", "items", x));
                    schema.put("properties", properties);
                    schema.put("required", List.of("a", "b", "o", "l").subList(0, required));
                    if (!open) {
                        schema.put("additionalProperties", false);
                    }
                    return (ObjectValue) Value.freeze(schema);
                });
    }

    private static Arbitrary<Object> property() {
        return Arbitraries.<Object>of(
                Map.of("type", "string"),
                Map.of("type", "integer"),
                Map.of("type", "integer", "minimum", 1, "maximum", 3),
                Map.of("type", "number", "exclusiveMinimum", 1),
                Map.of("type", "boolean"),
                Map.of("type", List.of("string", "null")),
                Map.of("enum", List.of("a", "b")),
                Map.of("type", "string", "enum", List.of("a", "ab")),
                Map.of("const", 1),
                Map.of("type", "string", "minLength", 1, "maxLength", 2),
                Map.of("anyOf", List.of(Map.of("type", "integer", "minimum", 3), Map.of("type", "boolean"))),
                Map.of("allOf", List.of(Map.of("type", "number"), Map.of("maximum", 2))),
                Map.of("type", "array"),
                Map.of("type", "object"),
                Map.of());
    }

    private static Arbitrary<ObjectValue> arguments() {
        Arbitrary<Value> values = Arbitraries.oneOf(
                scalars(),
                scalars(),
                scalars(),
                scalars().list().ofMaxSize(2).map(Value.Array::new),
                scalars().map(each -> ObjectValue.of(Map.of("x", each))));
        return Combinators.combine(
                        values.optional(0.9),
                        values.optional(0.5),
                        values.optional(0.2),
                        values.optional(0.6),
                        values.list().ofMaxSize(2).optional(0.6),
                        Arbitraries.frequency(Tuple.of(8, ""), Tuple.of(1, "A"), Tuple.of(1, "L"), Tuple.of(1, "X")))
                .as((a, b, c, x, l, disguise) -> {
                    Map<String, Value> members = new LinkedHashMap<>();
                    if (!disguise.isEmpty()) {
                        members.put(disguise, new Value.Text("a"));
                    }
                    a.ifPresent(value -> members.put("a", value));
                    b.ifPresent(value -> members.put("b", value));
                    c.ifPresent(value -> members.put("c", value));
                    x.ifPresent(value -> members.put("o", ObjectValue.of(Map.of("x", value))));
                    l.ifPresent(items -> members.put("l", new Value.Array(items)));
                    return ObjectValue.of(members);
                });
    }

    // ---- places

    /** The same policy with everything at a place of its own, by which findings tell what they mean. */
    private static Policy numbered(Policy policy) {
        AtomicInteger next = new AtomicInteger();
        return new Policy(
                "",
                policy.mode(),
                numbered(policy.body(), next),
                Map.of(),
                policy.grants().map(grants -> {
                    Map<NamePattern, PolicyBody> copy = new LinkedHashMap<>();
                    grants.forEach((name, body) -> copy.put(name, numbered(body, next)));
                    return copy;
                }));
    }

    private static PolicyBody numbered(PolicyBody body, AtomicInteger next) {
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        body.tools().forEach((name, entry) -> tools.put(name, numbered(entry, name.isExact() ? TOOL : "tool", next)));
        return new PolicyBody(
                body.posture(),
                body.hide(),
                tools,
                Map.of(),
                Map.of(),
                body.star().map(entry -> numbered(entry, "_global", next)),
                Optional.empty());
    }

    private static Entry numbered(Entry entry, String owner, AtomicInteger next) {
        Place place = place(next);
        return new Entry(
                entry.hide(),
                entry.require().stream().map(block -> numbered(block, next)).toList(),
                entry.denyIf().stream().map(block -> numbered(block, next)).toList(),
                entry.askIf().stream().map(block -> numbered(block, next)).toList(),
                onlyOneCounter(entry.rules())
                        .map(rule -> numbered(rule, owner, next))
                        .toList(),
                entry.limits().stream()
                        .map(limit -> new Limit(
                                limit.form(),
                                limit.counter(),
                                limit.max(),
                                limit.window(),
                                limit.algorithm(),
                                limit.scope(),
                                limit.increment(),
                                limit.incrementFrom(),
                                limit.charge(),
                                null,
                                place(next)))
                        .toList(),
                null,
                place);
    }

    /** An entry may have one counter of a name. */
    private static Stream<Rule> onlyOneCounter(List<Rule> rules) {
        boolean[] seen = new boolean[1];
        return rules.stream().filter(rule -> {
            boolean counts = rule.demands().limit(Limit.Form.STATE) != null;
            boolean keep = !counts || !seen[0];
            seen[0] |= counts;
            return keep;
        });
    }

    private static Block numbered(Block block, AtomicInteger next) {
        return new Block(numbered(block.conditions(), TOOL, next), null, place(next));
    }

    /** A counter's path begins with the name of the entry that defines it. */
    private static Path path(Condition condition, String owner) {
        return condition.path().root() == Path.Root.STATE ? Path.parse("state." + owner + ".n") : condition.path();
    }

    private static List<Condition> numbered(List<Condition> conditions, String owner, AtomicInteger next) {
        return conditions.stream()
                .map(condition -> new Condition(
                        path(condition, owner), condition.operator(), condition.operand(), null, place(next)))
                .toList();
    }

    private static Rule numbered(Rule rule, String owner, AtomicInteger next) {
        if (rule instanceof Rule.Deny) {
            return new Rule.Deny(null, null, rule.mode(), place(next));
        }
        if (rule instanceof Rule.Approval approval) {
            return new Rule.Approval(
                    null,
                    numbered(approval.demands(), owner, next),
                    approval.timeout(),
                    null,
                    rule.mode(),
                    place(next));
        }
        return new Rule.Check(
                null, numbered(((Rule.Check) rule).demands(), owner, next), null, rule.mode(), place(next));
    }

    private static Rule.Demands numbered(Rule.Demands demands, String owner, AtomicInteger next) {
        return new Rule.Demands(numbered(demands.conditions(), owner, next), demands.limits(), demands.validation());
    }

    private static Place place(AtomicInteger next) {
        return Place.of("p" + next.incrementAndGet());
    }
}
