package dev.interlock.policy.yaml;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Clearing;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Limit.Form;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.ResultRule.TextRedaction;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rounds;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.Validation;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Generates policies that use every feature of the language, with the places that they have in a document. What their
 * tools and arguments are called, and which values and texts they use, can be chosen, so that calls can be generated
 * that meet them.
 *
 * <p>Parts are generated as functions of where they will stand, and placed at the end: so a counterexample shrinks by
 * losing parts, and stays a policy while it does.
 */
public final class PolicyArbitraries {

    /** The marks that entries set, the first without values and the other with some. */
    private static final List<String> MARKS = List.of("web", "seen");

    private final List<String> tools;
    private final List<String> args;
    private final Arbitrary<String> texts;
    private final Arbitrary<Value> values;
    private final Set<Feature> without;

    /** Features that can be left out. */
    public enum Feature {
        /** {@code grants}. */
        GRANTS,
        /** {@code methods}. */
        METHODS,
        /** Everything that counts. */
        LIMITS,
        /** {@code action: require_approval}. */
        APPROVALS,
        /** {@code mode: audit}, of the policy and of rules. */
        AUDIT,
        /** {@code schema: true} and {@code no_unknown_args: true}. */
        SCHEMA,
        /** {@code hide}. */
        HIDING,
        /** {@code suspended}. */
        SUSPENDING,
        /** {@code servers}. */
        SERVERS,
        /** {@code unwrap}. */
        UNWRAP,
        /** {@code results}, {@code marks}, {@code clears} and {@code session}, and amounts known only afterwards. */
        AFTERWARDS
    }

    private PolicyArbitraries(
            List<String> tools,
            List<String> args,
            Arbitrary<String> texts,
            Arbitrary<Value> values,
            Set<Feature> without) {
        this.tools = List.copyOf(tools);
        this.args = List.copyOf(args);
        this.texts = texts;
        this.values = values;
        this.without = Set.copyOf(without);
    }

    /** A handful of tools and arguments, plain texts, and values that are easily met. */
    public static PolicyArbitraries plain() {
        return new PolicyArbitraries(
                List.of("read_file", "write_file", "create_charge", "delete_repo"),
                List.of("path", "amount", "currency", "items"),
                Arbitraries.of("no", "Too much.", "ask first"),
                plainValues(),
                Set.of());
    }

    /** Names, texts and values that are hard to write down. */
    public static PolicyArbitraries odd() {
        Arbitrary<String> texts = oddTexts();
        return new PolicyArbitraries(
                List.of(
                        "a.b", "yes", "0777", "null", "~", "a b", "ключ", "tool", "on", "1", "{}", "#x", "- a",
                        "é\u0301", "\"q\""),
                List.of("a", "\"a.b\"", "\"\"", "ö", "0", "\"[*]\"", "\" \"", "true"),
                texts,
                oddValues(texts),
                Set.of());
    }

    /** With these tools; a glob may be among them. */
    public PolicyArbitraries tools(List<String> names) {
        return new PolicyArbitraries(names, args, texts, values, without);
    }

    /** With arguments at these paths, as they are written after {@code args.}. */
    public PolicyArbitraries args(List<String> paths) {
        return new PolicyArbitraries(tools, paths, texts, values, without);
    }

    /** With these values to compare with. */
    public PolicyArbitraries values(Arbitrary<Value> others) {
        return new PolicyArbitraries(tools, args, texts, others, without);
    }

    /** Without some features. */
    public PolicyArbitraries without(Feature... features) {
        Set<Feature> all = new HashSet<>(without);
        all.addAll(List.of(features));
        return new PolicyArbitraries(tools, args, texts, values, all);
    }

    /** Whole policies. */
    public Arbitrary<Policy> policies() {
        Arbitrary<Mode> modes = modes();
        Arbitrary<Map<NamePattern, Posture>> methods = has(Feature.METHODS)
                ? Arbitraries.maps(
                                Arbitraries.of("resources/read", "prompts/*", "sampling/createMessage", "*")
                                        .map(NamePattern::new),
                                Arbitraries.of(Posture.class))
                        .ofMaxSize(2)
                : Arbitraries.just(Map.of());
        Arbitrary<Optional<Map<String, Function<NodePath, PolicyBody>>>> grants = has(Feature.GRANTS)
                ? Arbitraries.maps(Arbitraries.of("alice", "team-*", "a.b@c"), granted(bodies()))
                        .ofMaxSize(2)
                        .optional(0.3)
                : Arbitraries.just(Optional.empty());
        // What conditions read, and more.
        Arbitrary<Optional<List<String>>> contexts = Arbitraries.of(
                        List.of("tenant"), List.of("tenant", "yes"), List.of("a.b", "tenant", "x-note"))
                .optional(0.2);
        Arbitrary<Optional<String>> suspended = has(Feature.SUSPENDING)
                ? Arbitraries.oneOf(Arbitraries.just(""), texts).optional(0.1)
                : Arbitraries.just(Optional.empty());
        return Combinators.combine(texts.optional(0.3), modes, bodies(), methods, grants, contexts, suspended)
                .as((description, mode, body, methodMap, grantMap, context, stopped) -> new Policy(
                        description.orElse(""),
                        mode,
                        body.apply(NodePath.ROOT),
                        methodMap,
                        grantMap.map(bodies -> place(bodies, NodePath.ROOT.key("grants"))),
                        context,
                        stopped,
                        has(Feature.METHODS) ? methodEntries(methodMap) : Map.of()))
                // Combined edge cases are more than all the tries there are, and nearly all alike.
                .withoutEdgeCases();
    }

    /** Entries for some of the methods that are allowed. */
    private Map<NamePattern, Entry> methodEntries(Map<NamePattern, Posture> methods) {
        Map<NamePattern, Entry> entries = new LinkedHashMap<>();
        methods.forEach((method, posture) -> {
            if (posture == Posture.ALLOW && !method.equals(NamePattern.ANY)) {
                NodePath at = NodePath.ROOT.key("methods").key(method.text());
                Place require = Place.of(at.key("require").item(0).toString());
                Condition condition = new Condition(
                        Path.parse("params.uri"), Operator.STARTS_WITH, new Value.Text("file:"), null, require);
                Place ask = Place.of(at.key("ask_if").item(0).toString());
                Condition asks =
                        new Condition(Path.parse("ctx.tenant"), Operator.NEQ, new Value.Text("red"), null, ask);
                entries.put(
                        method,
                        new Entry(
                                        false,
                                        List.of(new Block(List.of(condition), null, require)),
                                        List.of(),
                                        has(Feature.APPROVALS)
                                                ? List.of(new Block(List.of(asks), null, ask))
                                                : List.of(),
                                        List.of(),
                                        List.of(),
                                        null,
                                        Place.of(at.toString()))
                                .with(has(Feature.AFTERWARDS) ? endOfMethod(at) : Afterwards.NONE));
            }
        });
        return entries;
    }

    private static Afterwards endOfMethod(NodePath at) {
        ResultRule rule = new ResultRule(
                "bounded",
                List.of(),
                List.of(),
                List.of(TextRedaction.Preset.SECRETS),
                4_096L,
                false,
                null,
                Mode.ENFORCE,
                Place.of(at.key("results").item(0).toString()));
        Mark mark = new Mark(
                "web", null, true, null, Place.of(at.key("marks").item(0).toString()));
        return new Afterwards(List.of(rule), List.of(mark), List.of());
    }

    private static Arbitrary<Function<NodePath, PolicyBody>> granted(Arbitrary<Function<NodePath, PolicyBody>> bodies) {
        return Combinators.combine(bodies, timeWindows().injectNull(0.7))
                .as((body, window) ->
                        at -> window == null ? body.apply(at) : body.apply(at).during(window));
    }

    private static Map<NamePattern, PolicyBody> place(Map<String, Function<NodePath, PolicyBody>> bodies, NodePath at) {
        Map<NamePattern, PolicyBody> placed = new LinkedHashMap<>();
        bodies.forEach((name, body) -> placed.put(new NamePattern(name), body.apply(at.key(name))));
        return placed;
    }

    /** Bodies: what a policy and each of its grants have, with those of servers in some. */
    private Arbitrary<Function<NodePath, PolicyBody>> bodies() {
        if (!has(Feature.SERVERS)) {
            return plainBodies();
        }
        Arbitrary<Optional<Map<String, Function<NodePath, PolicyBody>>>> servers = Arbitraries.maps(
                        Arbitraries.of("github", "git*", "a.b", "*"), plainBodies())
                .ofMaxSize(2)
                .optional(0.15);
        return Combinators.combine(plainBodies(), servers).as((body, inner) -> at -> {
            PolicyBody outer = body.apply(at);
            return new PolicyBody(
                    outer.posture(),
                    outer.hide(),
                    outer.tools(),
                    outer.categories(),
                    outer.risks(),
                    outer.star(),
                    outer.allTools(),
                    inner.map(bodies -> place(bodies, at.key("servers"))));
        });
    }

    private Arbitrary<Function<NodePath, PolicyBody>> plainBodies() {
        Arbitrary<String> names = Arbitraries.frequencyOf(
                Tuple.of(6, Arbitraries.of(tools)),
                Tuple.of(1, Arbitraries.of("*_file", "delete_*", "?*", "create_??????")));
        Arbitrary<List<NamePattern>> hide = has(Feature.HIDING)
                ? names.map(NamePattern::new).list().uniqueElements().ofMaxSize(2)
                : Arbitraries.just(List.of());
        Arbitrary<Map<String, EntryMaker>> named =
                Arbitraries.maps(names, entries()).ofMaxSize(3);
        Arbitrary<Map<ToolCategory, EntryMaker>> categories =
                Arbitraries.maps(Arbitraries.of(ToolCategory.class), entries()).ofMaxSize(2);
        Arbitrary<Map<RiskSelector, EntryMaker>> risks = Arbitraries.maps(
                        Combinators.combine(Arbitraries.of(RiskLevel.class), Arbitraries.of(true, false))
                                .as(RiskSelector::new),
                        entries())
                .ofMaxSize(2);
        Arbitrary<Optional<EntryMaker>> star = entries().optional(0.2);
        Arbitrary<Optional<EntryMaker>> all = entries().optional(0.2);
        return Combinators.combine(Arbitraries.of(Posture.class), hide, named, categories, risks, star, all)
                .as((posture, hidden, n, c, r, s, a) -> at -> body(at, posture, hidden, n, c, r, s, a));
    }

    private static PolicyBody body(
            NodePath at,
            Posture posture,
            List<NamePattern> hide,
            Map<String, EntryMaker> named,
            Map<ToolCategory, EntryMaker> categories,
            Map<RiskSelector, EntryMaker> risks,
            Optional<EntryMaker> star,
            Optional<EntryMaker> allTools) {
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        named.forEach((name, maker) -> {
            NamePattern pattern = new NamePattern(name);
            String segment = pattern.isExact() ? name : "tool";
            tools.put(pattern, maker.make(new Slot(at.key("tools").key(name), segment, Scope.TOOL, new HashSet<>())));
        });
        Map<ToolCategory, Entry> byCategory = new LinkedHashMap<>();
        categories.forEach((category, maker) -> byCategory.put(
                category,
                maker.make(new Slot(at.key("categories").key(category.text()), "tool", Scope.TOOL, new HashSet<>()))));
        Map<RiskSelector, Entry> byRisk = new LinkedHashMap<>();
        risks.forEach((risk, maker) -> byRisk.put(
                risk, maker.make(new Slot(at.key("risks").key(risk.text()), "tool", Scope.TOOL, new HashSet<>()))));
        // The two entries for all tools share their counters' names.
        Set<String> globals = new HashSet<>();
        return new PolicyBody(
                posture,
                hide,
                tools,
                byCategory,
                byRisk,
                star.map(maker -> maker.make(new Slot(at.key("tools").key("*"), "_global", Scope.GLOBAL, globals))),
                allTools.map(maker -> maker.make(new Slot(at.key("all_tools"), "_global", Scope.GLOBAL, globals))));
    }

    /**
     * Where a part will stand.
     *
     * @param at its path
     * @param segment how paths call its entry's counters
     * @param scope the default scope of its entry's limits
     * @param counters the counters that the entry has so far
     */
    private record Slot(NodePath at, String segment, Scope scope, Set<String> counters) {
        Slot key(String key) {
            return new Slot(at.key(key), segment, scope, counters);
        }

        Slot item(int index) {
            return new Slot(at.item(index), segment, scope, counters);
        }

        Place place() {
            return Place.of(at.toString());
        }

        /** A counter's name that the entry doesn't have yet. */
        String fresh(String name) {
            String fresh = name;
            for (int i = 2; !counters.add(fresh); i++) {
                fresh = name + i;
            }
            return fresh;
        }

        /** The path of a counter of this entry; there is none if the tool's name has quotes in it. */
        Optional<Path> counter(String name) {
            return segment.contains("\"")
                    ? Optional.empty()
                    : Optional.of(Path.parse("state.\"" + segment + "\"." + name));
        }
    }

    private interface EntryMaker {
        Entry make(Slot slot);
    }

    private interface RuleMaker {
        Rule make(Slot slot, Optional<String> name);
    }

    private interface ConditionMaker {
        Condition make(NodePath at);
    }

    private Arbitrary<EntryMaker> entries() {
        Arbitrary<Boolean> hide = has(Feature.HIDING)
                ? Arbitraries.frequency(Tuple.of(9, false), Tuple.of(1, true))
                : Arbitraries.just(false);
        Arbitrary<List<Function<NodePath, Block>>> require = blocks().list().ofMaxSize(2);
        Arbitrary<List<Function<NodePath, Block>>> denyIf = blocks().list().ofMaxSize(2);
        Arbitrary<List<Function<NodePath, Block>>> askIf =
                has(Feature.APPROVALS) ? blocks().list().ofMaxSize(1) : Arbitraries.just(List.of());
        Arbitrary<List<RuleMaker>> rules = rules().list().ofMaxSize(3);
        Arbitrary<List<Optional<String>>> names =
                Arbitraries.of("a", "b", "Limit each hour").optional(0.6).list().ofSize(3);
        Arbitrary<List<Function<Slot, Limit>>> limits =
                has(Feature.LIMITS) ? limits().list().ofMaxSize(2) : Arbitraries.just(List.of());
        Arbitrary<Optional<Integer>> rounds =
                Arbitraries.integers().between(0, Rounds.MOST).optional(0.1);
        Arbitrary<Optional<Unwrap>> unwraps =
                has(Feature.UNWRAP) ? unwraps().optional(0.05) : Arbitraries.just(Optional.empty());
        return Combinators.combine(
                        hide,
                        Combinators.combine(require, denyIf, askIf).as(Tuple::of),
                        rules,
                        names,
                        limits,
                        rounds,
                        unwraps,
                        ends())
                .as((h, checks, makers, ruleNames, l, most, runs, end) -> slot -> {
                    List<Rule> placed = new ArrayList<>();
                    Set<String> seen = new HashSet<>();
                    for (int i = 0; i < makers.size(); i++) {
                        Optional<String> name = ruleNames.get(i).filter(seen::add);
                        placed.add(makers.get(i).make(slot.key("rules").item(i), name));
                    }
                    List<Limit> placedLimits = new ArrayList<>();
                    for (int i = 0; i < l.size(); i++) {
                        placedLimits.add(l.get(i).apply(slot.key("limits").item(i)));
                    }
                    return new Entry(
                            h,
                            place(checks.get1(), slot.at().key("require")),
                            place(checks.get2(), slot.at().key("deny_if")),
                            place(checks.get3(), slot.at().key("ask_if")),
                            placed,
                            placedLimits,
                            most.map(n -> new Rounds(n, slot.key("rounds").place()))
                                    .orElse(null),
                            runs.map(unwrap -> placed(unwrap, slot.key("unwrap").place()))
                                    .orElse(null),
                            end.apply(slot.at()),
                            slot.place());
                });
    }

    /** What entries say about the end of a call, mostly nothing. A mark can be read only if it is set somewhere. */
    private Arbitrary<Function<NodePath, Afterwards>> ends() {
        if (!has(Feature.AFTERWARDS)) {
            return Arbitraries.just(at -> Afterwards.NONE);
        }
        Arbitrary<List<Function<NodePath, Mark>>> marks = Arbitraries.oneOf(
                        MARKS.stream().map(this::marks).toList())
                .list()
                .ofMaxSize(2);
        Arbitrary<List<String>> clears =
                Arbitraries.of("web", "seen", "never-set").list().ofMaxSize(2);
        Arbitrary<Function<NodePath, Afterwards>> some = Combinators.combine(
                        resultRules().list().ofMaxSize(2), marks, clears, Arbitraries.of(Operator.EXISTS, Operator.EQ))
                .as((results, set, cleared, operator) -> at -> {
                    List<ResultRule> rules = new ArrayList<>();
                    for (int i = 0; i < results.size(); i++) {
                        rules.add(results.get(i).apply(at.key("results").item(i)));
                    }
                    List<Mark> placed = new ArrayList<>();
                    for (int i = 0; i < set.size(); i++) {
                        placed.add(set.get(i).apply(at.key("marks").item(i)));
                    }
                    for (Mark mark : placed) {
                        rules.add(reading(mark, operator, at.key("results").item(rules.size())));
                    }
                    List<Clearing> gone = new ArrayList<>();
                    for (int i = 0; i < cleared.size(); i++) {
                        gone.add(new Clearing(
                                cleared.get(i),
                                Place.of(at.key("clears").item(i).toString())));
                    }
                    return new Afterwards(rules, placed, gone);
                });
        return Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(at -> Afterwards.NONE)), Tuple.of(2, some));
    }

    private static ResultRule reading(Mark mark, Operator operator, NodePath at) {
        Place place = Place.of(at.key("deny_if").item(0).toString());
        Condition condition =
                new Condition(Path.parse("session." + mark.name()), operator, Value.freeze(true), null, place);
        return new ResultRule(
                null,
                List.of(),
                List.of(new Block(List.of(condition), null, place)),
                List.of(),
                null,
                false,
                null,
                Mode.ENFORCE,
                Place.of(at.toString()));
    }

    /** A mark has values everywhere or nowhere. */
    private Arbitrary<Function<NodePath, Mark>> marks(String name) {
        Arbitrary<Optional<Path>> values = name.equals("web")
                ? Arbitraries.just(Optional.empty())
                : Arbitraries.oneOf(
                                Arbitraries.of(args).map(arg -> Path.parse("args." + arg)),
                                Arbitraries.of("result.structured.items[*].id", "result.structured.\"a b\"")
                                        .map(Path::parse))
                        .map(Optional::of);
        return Combinators.combine(
                        values,
                        Arbitraries.of(true, false),
                        Arbitraries.of(Duration.ofMinutes(5), Duration.ofHours(24), Duration.ofMillis(1_500))
                                .injectNull(0.5))
                .as((value, onSuccess, lasting) ->
                        at -> new Mark(name, value.orElse(null), onSuccess, lasting, Place.of(at.toString())));
    }

    private Arbitrary<Function<NodePath, ResultRule>> resultRules() {
        Arbitrary<TextRedaction> presets =
                Arbitraries.of(TextRedaction.Preset.class).map(preset -> preset);
        Arbitrary<TextRedaction> matches = Combinators.combine(
                        Arbitraries.of("^a", "[0-9]+$", "usd|eur", "(?i)x", "\\pL+"),
                        Arbitraries.oneOf(Arbitraries.of("", TextRedaction.REDACTED, "$1"), texts))
                .as(TextRedaction.Matches::new);
        Arbitrary<Long> sizes = Arbitraries.of(1L, 4_096L, 1_000_000L, 1L << 40);
        return Combinators.combine(
                        texts.injectNull(0.5),
                        resultBlocks().list().ofMaxSize(2),
                        resultBlocks().list().ofMaxSize(2),
                        Arbitraries.oneOf(presets, matches).list().ofMaxSize(2),
                        sizes.injectNull(0.4),
                        Arbitraries.of(true, false),
                        texts.injectNull(0.5),
                        modes())
                .as((name, require, denyIf, redact, most, cuts, message, mode) -> {
                    // A rule does something.
                    Long bound = most == null && require.isEmpty() && denyIf.isEmpty() && redact.isEmpty()
                            ? Long.valueOf(100)
                            : most;
                    return at -> new ResultRule(
                            name,
                            place(require, at.key("require")),
                            place(denyIf, at.key("deny_if")),
                            redact,
                            bound,
                            cuts && bound != null,
                            message,
                            mode,
                            Place.of(at.toString()));
                });
    }

    /** Conditions on what comes back, and on all else. */
    private Arbitrary<Function<NodePath, Block>> resultBlocks() {
        Arbitrary<ConditionMaker> ofResult = Combinators.combine(
                        Arbitraries.of("result.structured.items[any].id", "result.structured.total", "result.bytes"),
                        Arbitraries.of(Operator.LT, Operator.GTE),
                        Arbitraries.integers().between(0, 5))
                .as((path, operator, number) -> at -> new Condition(
                        Path.parse(path), operator, NumberValue.of(number), null, Place.of(at.toString())));
        Arbitrary<ConditionMaker> ofText = texts.map(text -> at -> new Condition(
                Path.parse("result.text"), Operator.CONTAINS, new Value.Text(text), null, Place.of(at.toString())));
        Arbitrary<ConditionMaker> ofError = Arbitraries.of(true, false)
                .map(flag -> at -> new Condition(
                        Path.parse("result.is_error"), Operator.EQ, Value.freeze(flag), null, Place.of(at.toString())));
        return Combinators.combine(
                        Arbitraries.oneOf(ofResult, ofText, ofError, conditions())
                                .list()
                                .ofMinSize(1)
                                .ofMaxSize(2),
                        texts.injectNull(0.5))
                .as((makers, message) -> at -> makers.size() == 1
                        ? new Block(List.of(makers.get(0).make(at)), null, Place.of(at.toString()))
                        : new Block(place(makers, at.key("conditions"), List.of()), message, Place.of(at.toString())));
    }

    /** Where an amount stands that is known only when the call has ended, and what is held until then. */
    private record Later(Path from, @Nullable Amount hold) {}

    private Arbitrary<Optional<Later>> laters(double share) {
        if (!has(Feature.AFTERWARDS)) {
            return Arbitraries.just(Optional.empty());
        }
        return Combinators.combine(
                        Arbitraries.of(
                                        "usage.tokens",
                                        "usage.cost",
                                        "result.bytes",
                                        "result.blocks",
                                        "result.structured.cost",
                                        "result.structured.\"a b\".0")
                                .map(Path::parse),
                        amounts().injectNull(0.3))
                .as(Later::new)
                .optional(share);
    }

    /** The same limit counting an amount that is known only afterwards, if it can. */
    private static Limit later(Limit limit, Optional<Later> later) {
        if (later.isEmpty() || limit.algorithm() == Algorithm.TOKEN_BUCKET || limit.charge() == ChargeMode.FAILURES) {
            return limit;
        }
        return new Limit(
                limit.form(),
                limit.counter(),
                limit.max(),
                limit.window(),
                limit.algorithm(),
                limit.scope(),
                limit.increment(),
                later.get().from(),
                limit.charge(),
                limit.message(),
                limit.place(),
                limit.per(),
                limit.lease(),
                later.get().hold());
    }

    private Arbitrary<Unwrap> unwraps() {
        Place nowhere = Place.of("?");
        Arbitrary<Path> paths = Arbitraries.of(args).map(arg -> Path.parse("args." + arg));
        return Combinators.combine(
                        paths.optional(0.3),
                        paths,
                        paths.optional(0.7),
                        Arbitraries.of(true, false),
                        paths.optional(0.3),
                        texts.optional(0.5))
                .as((each, tool, arguments, flag, server, name) -> new Unwrap(
                        each.orElse(null),
                        tool,
                        arguments.orElse(null),
                        flag && arguments.isEmpty(),
                        flag && arguments.isPresent(),
                        server.orElse(null),
                        server.isPresent() ? null : name.orElse(null),
                        nowhere));
    }

    private static Unwrap placed(Unwrap unwrap, Place place) {
        return new Unwrap(
                unwrap.each(),
                unwrap.tool(),
                unwrap.arguments(),
                unwrap.takesNone(),
                unwrap.json(),
                unwrap.server(),
                unwrap.serverName(),
                place);
    }

    private static List<Block> place(List<Function<NodePath, Block>> blocks, NodePath at) {
        List<Block> placed = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            placed.add(blocks.get(i).apply(at.item(i)));
        }
        return placed;
    }

    private Arbitrary<Function<NodePath, Block>> blocks() {
        Arbitrary<Function<NodePath, Block>> single = conditions()
                .map(condition -> at -> new Block(List.of(condition.make(at)), null, Place.of(at.toString())));
        Arbitrary<Function<NodePath, Block>> several = Combinators.combine(
                        conditions().list().ofMaxSize(2), texts.injectNull(0.5))
                .as((makers, message) -> at ->
                        new Block(place(makers, at.key("conditions"), List.of()), message, Place.of(at.toString())));
        return Arbitraries.oneOf(single, several);
    }

    private static List<Condition> place(List<ConditionMaker> makers, NodePath at, List<ConditionMaker> more) {
        List<ConditionMaker> all = new ArrayList<>(makers);
        all.addAll(more);
        List<Condition> placed = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            placed.add(all.get(i).make(at.item(i)));
        }
        return placed;
    }

    private Arbitrary<RuleMaker> rules() {
        List<Tuple.Tuple2<Integer, Arbitrary<RuleMaker>>> kinds = new ArrayList<>();
        kinds.add(Tuple.of(6, checks()));
        kinds.add(Tuple.of(1, denials()));
        if (has(Feature.APPROVALS)) {
            kinds.add(Tuple.of(1, approvals()));
        }
        return Arbitraries.frequencyOf(kinds);
    }

    private Arbitrary<RuleMaker> denials() {
        return Combinators.combine(texts.injectNull(0.5), modes())
                .as((message, mode) -> (slot, name) -> new Rule.Deny(name.orElse(null), message, mode, slot.place()));
    }

    private Arbitrary<RuleMaker> checks() {
        return Combinators.combine(demands(), texts.injectNull(0.5), modes())
                .as((demands, message, mode) -> (slot, name) ->
                        new Rule.Check(name.orElse(null), demands.apply(slot), message, mode, slot.place()));
    }

    private Arbitrary<RuleMaker> approvals() {
        Arbitrary<Duration> timeouts = Arbitraries.of(
                Duration.ofMinutes(5), Duration.ofSeconds(90), Duration.ofHours(2), Duration.ofMillis(1500));
        return Combinators.combine(demands(), timeouts, texts.injectNull(0.5), modes())
                .as((demands, timeout, message, mode) -> (slot, name) -> new Rule.Approval(
                        name.orElse(null), demands.apply(slot), timeout, message, mode, slot.place()));
    }

    private Arbitrary<Function<Slot, Rule.Demands>> demands() {
        Arbitrary<List<ConditionMaker>> conditions = conditions().list().ofMaxSize(2);
        Arbitrary<Optional<Validation>> validations = validations().optional(0.15);
        if (!has(Feature.LIMITS)) {
            return Combinators.combine(conditions, validations)
                    .as((list, validation) -> slot -> new Rule.Demands(
                            place(list, slot.at().key("conditions"), List.of()), List.of(), validation.orElse(null)));
        }
        return Combinators.combine(
                        conditions,
                        rateLimits().optional(0.3),
                        counters().optional(0.3),
                        spends().optional(0.15),
                        concurrency().optional(0.15),
                        validations)
                .as((list, rate, counter, spend, places, validation) -> slot -> {
                    Limit rateLimit = rate.map(maker -> maker.apply(slot)).orElse(null);
                    // The short form is a counter itself, and a rule has one.
                    Optional<Counted> counted = rateLimit != null && rateLimit.counter() != null
                            ? Optional.empty()
                            : counter.map(maker -> maker.apply(slot));
                    List<ConditionMaker> own =
                            counted.flatMap(Counted::limit).map(List::of).orElse(List.of());
                    List<Limit> limits = new ArrayList<>();
                    counted.map(Counted::counter).ifPresent(limits::add);
                    Optional.ofNullable(rateLimit).ifPresent(limits::add);
                    spend.ifPresent(maker -> limits.addAll(maker.apply(slot)));
                    places.ifPresent(maker -> limits.add(maker.apply(slot)));
                    return new Rule.Demands(
                            place(list, slot.at().key("conditions"), own), limits, validation.orElse(null));
                });
    }

    /** A counter, and the condition of its rule that limits it. */
    private record Counted(Limit counter, Optional<ConditionMaker> limit) {}

    private Arbitrary<Function<Slot, Counted>> counters() {
        Arbitrary<Optional<Integer>> limits =
                Arbitraries.integers().between(1, 5).optional(0.8);
        Arbitrary<Operator> operators = Arbitraries.of(Operator.LT, Operator.LTE);
        Arbitrary<Optional<Path>> froms = amountPaths().optional(0.3);
        return Combinators.combine(
                        Arbitraries.of("n", "spent"),
                        windows(),
                        amounts(),
                        froms,
                        Combinators.combine(charges(), partitions()).as(Counting::new),
                        limits,
                        operators,
                        laters(0.2))
                .as((name, window, increment, from, counting, limit, operator, later) -> slot -> {
                    String fresh = slot.fresh(name);
                    Limit counter = new Limit(
                            Form.STATE,
                            fresh,
                            null,
                            window,
                            Algorithm.FIXED_WINDOW,
                            slot.scope(),
                            increment,
                            from.orElse(null),
                            counting.charge(),
                            null,
                            slot.place(),
                            counting.per());
                    return new Counted(
                            later(counter, later),
                            slot.counter(fresh)
                                    .flatMap(path -> limit.map(max -> at -> new Condition(
                                            path,
                                            later.isEmpty() ? operator : Operator.LTE,
                                            NumberValue.of(max),
                                            null,
                                            Place.of(at.toString())))));
                });
    }

    private Arbitrary<Function<Slot, Limit>> rateLimits() {
        Arbitrary<Long> max = Arbitraries.longs().between(1, 5);
        Arbitrary<Function<Slot, Limit>> shorthands = Combinators.combine(max, Arbitraries.of(Window.Calendar.class))
                .as((n, window) -> slot -> slot.counters().add("_rate_" + window.text())
                        ? Limit.calls(n, window, slot.scope(), slot.place())
                        : bucket(n, slot.place()));
        Arbitrary<Function<Slot, Limit>> maps = Combinators.combine(
                        max,
                        windows(),
                        Arbitraries.of(Algorithm.class),
                        Arbitraries.of(Scope.class),
                        charges(),
                        partitions())
                .as((n, window, algorithm, scope, charge, per) ->
                        slot -> rate(n, window, countable(algorithm, window), scope, charge, slot.place())
                                .per(per));
        return Arbitraries.oneOf(shorthands, maps);
    }

    private static Limit bucket(long max, Place place) {
        Window minute = new Window.Length(Duration.ofMinutes(1));
        return rate(max, minute, Algorithm.TOKEN_BUCKET, Scope.SESSION, ChargeMode.SENT, place);
    }

    static Limit rate(long max, Window window, Algorithm algorithm, Scope scope, ChargeMode charge, Place place) {
        return new Limit(
                Form.RATE_LIMIT, null, Amount.of(max), window, algorithm, scope, Amount.ONE, null, charge, null, place);
    }

    private static Algorithm countable(Algorithm algorithm, Window window) {
        return window == Window.Calendar.MONTH || window instanceof Window.InZone ? Algorithm.FIXED_WINDOW : algorithm;
    }

    private Arbitrary<Function<Slot, Limit>> limits() {
        Arbitrary<Function<Slot, Limit>> usual = Combinators.combine(
                        Arbitraries.of("n", "rate", "a b"),
                        amounts(),
                        windows(),
                        Arbitraries.of(Algorithm.class),
                        Arbitraries.of(Scope.class),
                        amountPaths().optional(0.3),
                        Combinators.combine(Arbitraries.of(ChargeMode.class), partitions())
                                .as(Counting::new),
                        texts.injectNull(0.5))
                .as((name, max, window, algorithm, scope, from, counting, message) -> slot -> new Limit(
                        Form.LIMITS,
                        slot.fresh(name),
                        max,
                        window,
                        countable(algorithm, window),
                        scope,
                        Amount.ONE,
                        from.orElse(null),
                        counting.charge(countable(algorithm, window)),
                        message,
                        slot.place(),
                        counting.per()));
        return Combinators.combine(usual, laters(0.3)).as((limit, later) -> slot -> later(limit.apply(slot), later));
    }

    private record Counting(ChargeMode charge, List<PartitionKey> per) {

        ChargeMode charge(Algorithm algorithm) {
            return algorithm == Algorithm.TOKEN_BUCKET && charge == ChargeMode.FAILURES ? ChargeMode.SENT : charge;
        }
    }

    private Arbitrary<Function<Slot, List<Limit>>> spends() {
        Arbitrary<Map<Window.Calendar, Amount>> caps = Arbitraries.maps(
                        Arbitraries.of(
                                Window.Calendar.HOUR, Window.Calendar.DAY, Window.Calendar.WEEK, Window.Calendar.MONTH),
                        amounts())
                .ofMinSize(1)
                .ofMaxSize(2)
                .map(EnumMap::new);
        Arbitrary<Function<Slot, List<Limit>>> fixed = Combinators.combine(amounts(), caps, charges())
                .as((perCall, map, charge) ->
                        slot -> Limit.budget(perCall, map, null, charge, slot.scope(), slot.place()));
        Arbitrary<Function<Slot, List<Limit>>> varying = Combinators.combine(
                        amounts().optional(0.5), caps, amountPaths(), charges())
                .as((perCall, map, from, charge) -> slot -> Limit.budget(
                        perCall.orElse(null),
                        map,
                        map.size() > 1 ? ZoneId.of("Asia/Tokyo") : null,
                        from,
                        charge,
                        slot.scope(),
                        slot.place()));
        Arbitrary<Function<Slot, List<Limit>>> later = Combinators.combine(caps, charges(), laters(1))
                .as((map, charge, amount) -> slot ->
                        Limit.budget(null, map, null, amount.orElseThrow().from(), charge, slot.scope(), slot.place())
                                .stream()
                                .map(limit -> limit.holding(amount.orElseThrow().hold()))
                                .toList());
        return Combinators.combine(
                        has(Feature.AFTERWARDS)
                                ? Arbitraries.oneOf(fixed, varying, later)
                                : Arbitraries.oneOf(fixed, varying),
                        partitions())
                .as((budget, per) -> slot ->
                        budget.apply(slot).stream().map(limit -> limit.per(per)).toList());
    }

    private Arbitrary<Function<Slot, Limit>> concurrency() {
        return Combinators.combine(
                        Arbitraries.longs().between(1, 5),
                        Arbitraries.of(Scope.class),
                        partitions(),
                        Arbitraries.of(Limit.DEFAULT_LEASE, Duration.ofSeconds(90), Duration.ofMillis(1_500)))
                .as((max, scope, per, lease) -> slot -> Limit.concurrent(max, scope, per, lease, slot.place()));
    }

    private Arbitrary<Validation> validations() {
        boolean schema = has(Feature.SCHEMA);
        Arbitrary<Boolean> flags = Arbitraries.of(true, false);
        Arbitrary<List<String>> names = Arbitraries.of(args)
                .map(arg -> arg.replace("\"", "") + "_")
                .list()
                .uniqueElements()
                .ofMinSize(1)
                .ofMaxSize(2);
        Arbitrary<OptionalInt> sizes = Arbitraries.of(OptionalInt.empty(), OptionalInt.of(64), OptionalInt.of(100_000));
        Arbitrary<OptionalInt> depths = Arbitraries.of(OptionalInt.empty(), OptionalInt.of(1), OptionalInt.of(3));
        return Combinators.combine(flags, names.optional(0.4), flags, flags, sizes, depths)
                .as((required, list, s, u, bytes, depth) -> new Validation(
                        required && schema && list.isEmpty(),
                        list.orElse(List.of()),
                        s && schema,
                        u && schema,
                        bytes,
                        depth));
    }

    private Arbitrary<Window> windows() {
        return Arbitraries.oneOf(
                Arbitraries.of(Window.Calendar.class).map(unit -> unit),
                Arbitraries.of(Window.Calendar.class).map(unit -> new Window.InZone(unit, ZoneId.of("Europe/Berlin"))),
                Arbitraries.of(10, 60, 90, 3_600, 86_400 * 7)
                        .map(seconds -> new Window.Length(Duration.ofSeconds(seconds))));
    }

    private static Arbitrary<Amount> amounts() {
        return Arbitraries.of("1", "2", "5", "0.5", "0.000001", "49.99", "1000000000000")
                .map(text -> Amount.of(new BigDecimal(text)).orElseThrow());
    }

    private static Arbitrary<ChargeMode> charges() {
        return Arbitraries.of(ChargeMode.SUCCESS, ChargeMode.SENT);
    }

    /** What limits count separately by, mostly nothing. */
    private Arbitrary<List<PartitionKey>> partitions() {
        Arbitrary<PartitionKey> keys = Combinators.combine(
                        Arbitraries.of(args).map(arg -> Path.parse("args." + arg)), Arbitraries.of(true, false))
                .as(PartitionKey::new);
        Arbitrary<PartitionKey> others = Arbitraries.of(
                PartitionKey.ALL_ARGUMENTS,
                new PartitionKey(Path.parse("call.identity"), false),
                new PartitionKey(Path.parse("call.session"), true));
        return Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.just(List.of())),
                Tuple.of(1, Arbitraries.oneOf(keys, others).list().ofMinSize(1).ofMaxSize(2)));
    }

    private Arbitrary<Mode> modes() {
        return has(Feature.AUDIT)
                ? Arbitraries.frequency(Tuple.of(5, Mode.ENFORCE), Tuple.of(1, Mode.AUDIT))
                : Arbitraries.just(Mode.ENFORCE);
    }

    private Arbitrary<Path> amountPaths() {
        return Arbitraries.of(args).map(arg -> Path.parse("args." + arg));
    }

    /** Conditions, without those on counters. */
    private Arbitrary<ConditionMaker> conditions() {
        Arbitrary<Path> argument = Combinators.combine(
                        Arbitraries.of(args), Arbitraries.of("", "", "", "[*]", "[*].id", "[any]", "[any].id", ".0"))
                .as((arg, rest) -> Path.parse("args." + arg + rest));
        Arbitrary<Path> paths = Arbitraries.frequencyOf(
                Tuple.of(9, argument),
                Tuple.of(
                        1,
                        Arbitraries.of(
                                        "call.identity",
                                        "call.session",
                                        "call.server",
                                        "tool.category",
                                        "tool.risk",
                                        "ctx.tenant")
                                .map(Path::parse)));
        Arbitrary<Operation> operations = Arbitraries.of(Operator.class)
                .filter(operator -> operator != Operator.DURING && operator != Operator.CUSTOM)
                .flatMap(operator ->
                        operands(operator).map(operand -> new Operation(operator, Operand.of(operator, operand))));
        Arbitrary<Operation> between = Combinators.combine(
                        Arbitraries.of(Operator.class).filter(operator -> operator != Operator.DURING), argument)
                .as((operator, from) -> new Operation(operator, callOperand(operator, from)));
        Arbitrary<Operation> all =
                Arbitraries.frequencyOf(Tuple.of(6, operations), Tuple.of(1, between.filter(Operation::isPossible)));
        Arbitrary<Operation> windows = timeWindows()
                .map(window -> new Operation(Operator.DURING, Operand.of(Operator.DURING, window.value())));
        return Arbitraries.frequencyOf(
                Tuple.of(9, conditions(paths, all)),
                Tuple.of(1, conditions(Arbitraries.of(Path.parse("call.time")), windows)));
    }

    private Arbitrary<ConditionMaker> conditions(Arbitrary<Path> paths, Arbitrary<Operation> operations) {
        return Combinators.combine(paths, operations, texts.injectNull(0.8))
                .as((path, operation, message) -> at -> new Condition(
                        path,
                        operation.operator(),
                        Objects.requireNonNull(operation.operand()),
                        message,
                        Place.of(at.toString())));
    }

    /** Where an operator reads its operand: at this argument, or in what the host says. Null if nowhere. */
    private static @Nullable Operand callOperand(Operator operator, Path argument) {
        if (operator == Operator.CUSTOM) {
            return null;
        }
        for (Path from : List.of(argument, Path.parse("ctx.tenant"))) {
            try {
                return Operand.from(operator, from);
            } catch (IllegalArgumentException e) {
                // The operator doesn't take it from there.
            }
        }
        return null;
    }

    private static Arbitrary<TimeWindow> timeWindows() {
        return Combinators.combine(
                        Arbitraries.of(List.of("mon-fri"), List.of("sat", "mon", "tue"))
                                .injectNull(0.4),
                        Arbitraries.of("09:00-18:00", List.of("22:00-06:00", "12:00-24:00"))
                                .injectNull(0.4),
                        Arbitraries.of("2026-03-01", "2026-03-01T12:00", "2026-03-01T12:00:30+01:00")
                                .injectNull(0.6),
                        Arbitraries.just("2099-12-31"),
                        Arbitraries.of("Europe/Berlin", "UTC").injectNull(0.5))
                .as((days, hours, from, until, zone) -> {
                    Map<String, Object> window = new LinkedHashMap<>();
                    window.put("zone", zone);
                    window.put("until", until);
                    window.put("from", from);
                    window.put("hours", hours);
                    window.put("days", days);
                    window.values().removeIf(Objects::isNull);
                    return TimeWindow.of(Value.freeze(window));
                });
    }

    private record Operation(Operator operator, @Nullable Operand operand) {
        boolean isPossible() {
            return operand != null;
        }
    }

    private Arbitrary<Value> operands(Operator operator) {
        return switch (operator) {
            case EQ, NEQ -> values;
            case CONTAINS, NOT_CONTAINS -> values.filter(value -> value != Value.Nil.NULL);
            case IN, NOT_IN -> values.list().ofMaxSize(3).map(Value.Array::new);
            case LT, LTE, GT, GTE -> numbers();
            case REGEX, NOT_REGEX ->
                Arbitraries.of("^a", "[0-9]+$", "usd|eur", "(?i)x", "", "\\pL+", "^/app/src/")
                        .map(Value.Text::new);
            case STARTS_WITH, ENDS_WITH ->
                Arbitraries.oneOf(texts, Arbitraries.of("", "a", "/app")).map(Value.Text::new);
            case EXISTS -> Arbitraries.of(Value.Bool.class).map(bool -> bool);
            case WITHIN_PATH ->
                Arbitraries.oneOf(
                        Arbitraries.of("/app", "/app/src").map(Value.Text::new),
                        Arbitraries.of("C:\\work", "\\\\server\\share\\x").map(Value.Text::new),
                        Arbitraries.just(Value.freeze(List.of("/app", "/tmp"))),
                        Arbitraries.of("/app", "/").map(base -> Value.freeze(Map.of("in", "/app", "base", base))),
                        Arbitraries.just(Value.freeze(Map.of("in", List.of("D:/a", "C:/b"), "base", "C:\\b"))));
            case HOST_IN ->
                Arbitraries.of(List.of("example.com", "*.example.org"), List.of("10.0.0.0/8", "fd00::/8", "private"))
                        .map(Value::freeze);
            case MAIL_IN ->
                Arbitraries.of(List.of("example.com", "*.example.org"), List.of("ana@example.com"))
                        .map(Value::freeze);
            case URL_IN ->
                Arbitraries.oneOf(
                        Arbitraries.of("https://example.com", "wss://*.Example.org:8443/v1/")
                                .map(Value.Text::new),
                        Arbitraries.just(Value.freeze(List.of("http://10.0.0.1/a", "http://[fd00::1]/"))));
            case COMMAND_IN ->
                Arbitraries.oneOf(
                        Arbitraries.of("npm test", "git push origin feature/* !-")
                                .map(Value.Text::new),
                        Arbitraries.just(Value.freeze(List.of("ls *", "git commit -m 'a b'"))));
            case DURING -> throw new AssertionError("on the time only");
            case MAX_LENGTH -> Arbitraries.integers().between(0, 5).map(NumberValue::of);
            case CUSTOM -> throw new AssertionError();
        };
    }

    private static Arbitrary<Value> numbers() {
        return Arbitraries.of(
                        "0",
                        "-0",
                        "1",
                        "5",
                        "-3",
                        "10",
                        "0.1",
                        "0.30",
                        "9007199254740992",
                        "9007199254740993",
                        "9223372036854775808",
                        "1e400",
                        "-1e-400",
                        "100.0")
                .map(text -> NumberValue.of(new BigDecimal(text)));
    }

    private static Arbitrary<Value> plainValues() {
        Arbitrary<Value> words =
                Arbitraries.of("usd", "eur", "5", "true", "a", "/app/src/x", "").map(Value.Text::new);
        Arbitrary<Value> bools = Arbitraries.of(Value.Bool.class).map(bool -> bool);
        Arbitrary<Value> scalars = Arbitraries.oneOf(words, numbers(), bools, Arbitraries.just(Value.Nil.NULL));
        Arbitrary<Value> lists = scalars.list().ofMaxSize(2).map(Value.Array::new);
        return Arbitraries.frequencyOf(Tuple.of(6, scalars), Tuple.of(1, lists));
    }

    private static Arbitrary<Value> oddValues(Arbitrary<String> texts) {
        Arbitrary<Value> scalars = Arbitraries.oneOf(texts.map(Value.Text::new), plainValues());
        Arbitrary<Value> objects = Arbitraries.maps(texts, scalars).ofMaxSize(2).map(ObjectValue::of);
        return Arbitraries.frequencyOf(Tuple.of(4, scalars), Tuple.of(1, objects));
    }

    /** Texts that are not blank, of whatever Unicode has, and those that YAML has another meaning for. */
    private static Arbitrary<String> oddTexts() {
        Arbitrary<String> known = Arbitraries.of(
                "yes",
                "No",
                "on",
                "~",
                "null",
                "0777",
                "0o17",
                "1_000",
                "1:30",
                ".inf",
                "1e3",
                "2024-01-01",
                "<<",
                "=",
                "- a",
                "a: b",
                "a #b",
                "#",
                "&a",
                "*a",
                "!x",
                "|",
                ">",
                "%",
                "@",
                "`",
                "'",
                "\"",
                "\\",
                "{",
                "}",
                "[",
                "]",
                ",",
                "?",
                ":",
                "a\nb\n",
                "a\r\nb",
                "\tx\t",
                " x ",
                "line\u2028line",
                "nel\u0085",
                "\uFEFFbom",
                "\u202Eevil",
                "nul\0",
                "\u007F",
                "\uFFFE",
                "\uD83D\uDE00",
                "é",
                "e\u0301",
                "---",
                "...",
                "x-note");
        Arbitrary<String> any = Arbitraries.strings()
                .all()
                .ofMinLength(1)
                .ofMaxLength(6)
                .filter(text -> !text.isBlank() && isWellFormed(text));
        return Arbitraries.oneOf(known, any);
    }

    private static boolean isWellFormed(String text) {
        return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    private boolean has(Feature feature) {
        return !without.contains(feature);
    }
}
