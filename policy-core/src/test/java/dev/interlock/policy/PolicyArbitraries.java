package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.value.Value;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Generated policies. They speak of few tools and few arguments, so that entries and conditions often meet the calls
 * that {@code CallArbitraries} generates.
 */
public final class PolicyArbitraries {

    /** The tools that entries name. */
    public static final List<String> TOOLS = List.of("pay", "send", "read_file", "delete_repo");

    /** The identities that grants are made for; they have matching globs among {@link #GRANTS}. */
    public static final List<String> IDENTITIES = List.of("alice", "bob", "ops-1");

    private static final List<String> SERVERS = List.of("files", "web", "f*");
    private static final List<String> GLOBS = List.of("p*", "p?y", "*_file", "s?nd", "*e*");
    private static final List<String> GRANTS = List.of("alice", "bob", "ops-*", "*");

    private PolicyArbitraries() {}

    /** Policies with everything in them but servers. */
    public static Arbitrary<Policy> policies() {
        return policies(entries());
    }

    /** Policies that may distinguish servers, at the top and in grants. */
    public static Arbitrary<Policy> policiesByServer() {
        return policies(entries(), 0.15);
    }

    /** Policies in which nothing is counted. */
    public static Arbitrary<Policy> uncountedPolicies() {
        return policies(entries(rules(Arbitraries.just(Rule.Demands.NONE)), Arbitraries.just(List.of())));
    }

    /** Entries with everything in them; their places and counters are not settled before they are in a policy. */
    public static Arbitrary<Entry> entries() {
        return entries(
                rules(DemandArbitraries.counting()),
                DemandArbitraries.limits().list().ofMaxSize(1));
    }

    /** Rules of every kind, as they stand in {@link #entries()}. */
    public static Arbitrary<Rule> rules() {
        return rules(DemandArbitraries.counting());
    }

    private static Arbitrary<Policy> policies(Arbitrary<Entry> entries) {
        return policies(entries, 0);
    }

    private static Arbitrary<Policy> policies(Arbitrary<Entry> entries, double byServer) {
        Arbitrary<Mode> modes = Arbitraries.frequency(Tuple.of(9, Mode.ENFORCE), Tuple.of(1, Mode.AUDIT));
        Arbitrary<PolicyBody> bodies = withServers(bodies(entries, 14, 1), bodies(entries, 6, 1), byServer);
        Arbitrary<Optional<Map<NamePattern, PolicyBody>>> grants = Arbitraries.maps(
                        Arbitraries.of(GRANTS).map(NamePattern::new),
                        granted(withServers(bodies(entries, 3, 2), bodies(entries, 6, 1), byServer)))
                .ofMaxSize(2)
                .map(map -> (Map<NamePattern, PolicyBody>) new LinkedHashMap<>(map))
                .optional(0.08);
        return Combinators.combine(modes, bodies, grants)
                .as((mode, body, granted) -> PolicyAssembly.assemble(new Policy("", mode, body, Map.of(), granted)));
    }

    private static Arbitrary<PolicyBody> granted(Arbitrary<PolicyBody> bodies) {
        Arbitrary<TimeWindow> windows = Arbitraries.of(
                        Map.of("from", "2026-04-01"), Map.of("days", List.of("mon-wed"), "hours", "22:00-02:30"))
                .map(window -> TimeWindow.of(Value.freeze(window)));
        return Combinators.combine(bodies, windows.injectNull(0.7))
                .as((body, window) -> window == null ? body : body.during(window));
    }

    private static Arbitrary<PolicyBody> bodies(Arbitrary<Entry> entries, int allow, int deny) {
        Arbitrary<Posture> postures =
                Arbitraries.frequency(Tuple.of(allow, Posture.ALLOW), Tuple.of(deny, Posture.DENY));
        Arbitrary<NamePattern> names = Arbitraries.of(TOOLS).map(NamePattern::new);
        Arbitrary<NamePattern> patterns = Arbitraries.frequencyOf(
                Tuple.of(4, names), Tuple.of(1, Arbitraries.of(GLOBS).map(NamePattern::new)));
        Arbitrary<List<NamePattern>> hide = Arbitraries.frequencyOf(
                Tuple.of(20, Arbitraries.just(List.of())),
                Tuple.of(1, patterns.list().ofSize(1)));
        return Combinators.combine(
                        postures,
                        hide,
                        Arbitraries.maps(patterns, entries).ofMinSize(1).ofMaxSize(4),
                        rarely(Arbitraries.maps(Arbitraries.of(ToolCategory.class), entries)
                                .ofSize(1)),
                        rarely(Arbitraries.maps(selectors(), entries).ofSize(1)),
                        entries.optional(0.15),
                        entries.optional(0.1))
                .as((posture, hidden, tools, categories, risks, star, all) ->
                        new PolicyBody(posture, hidden, tools, categories, risks, star, all));
    }

    private static Arbitrary<PolicyBody> withServers(
            Arbitrary<PolicyBody> bodies, Arbitrary<PolicyBody> ofServers, double share) {
        if (share == 0) {
            return bodies;
        }
        Arbitrary<Optional<Map<NamePattern, PolicyBody>>> servers = Arbitraries.maps(
                        Arbitraries.of(SERVERS).map(NamePattern::new), ofServers)
                .ofMaxSize(2)
                .map(map -> (Map<NamePattern, PolicyBody>) new LinkedHashMap<>(map))
                .optional(share);
        return Combinators.combine(bodies, servers)
                .as((body, inner) -> new PolicyBody(
                        body.posture(),
                        body.hide(),
                        body.tools(),
                        body.categories(),
                        body.risks(),
                        body.star(),
                        body.allTools(),
                        inner));
    }

    private static <K> Arbitrary<Map<K, Entry>> rarely(Arbitrary<Map<K, Entry>> maps) {
        return Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(Map.of())), Tuple.of(1, maps));
    }

    private static Arbitrary<RiskSelector> selectors() {
        return Combinators.combine(Arbitraries.of(RiskLevel.class), Arbitraries.of(false, true))
                .as(RiskSelector::new);
    }

    private static Arbitrary<Entry> entries(Arbitrary<Rule> rules, Arbitrary<List<Limit>> limits) {
        Place nowhere = Place.of("?");
        Arbitrary<Block> strict = blocks(ConditionArbitraries.usuallyTrue());
        Arbitrary<Block> lax = blocks(ConditionArbitraries.usuallyFalse());
        return Combinators.combine(
                        Arbitraries.frequency(Tuple.of(60, false), Tuple.of(1, true)),
                        upTo(1, strict),
                        upTo(1, lax),
                        rarely(1, lax),
                        rules.list().ofMaxSize(2),
                        limits,
                        Arbitraries.integers().between(0, Rounds.MOST).optional(0.1))
                .as((hide, require, denyIf, askIf, checked, counted, rounds) -> new Entry(
                        hide,
                        require,
                        denyIf,
                        askIf,
                        checked,
                        counted,
                        rounds.map(most -> new Rounds(most, nowhere)).orElse(null),
                        nowhere));
    }

    private static Arbitrary<List<Block>> upTo(int size, Arbitrary<Block> blocks) {
        return Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.just(List.of())),
                Tuple.of(1, blocks.list().ofMinSize(1).ofMaxSize(size)));
    }

    private static Arbitrary<List<Block>> rarely(int size, Arbitrary<Block> blocks) {
        return Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.just(List.of())),
                Tuple.of(1, blocks.list().ofMinSize(1).ofMaxSize(size)));
    }

    private static Arbitrary<Block> blocks(Arbitrary<Condition> conditions) {
        return Arbitraries.frequencyOf(
                        Tuple.of(12, conditions.list().ofMinSize(1).ofMaxSize(2)),
                        Tuple.of(1, Arbitraries.just(List.<Condition>of())))
                .map(all -> new Block(all, null, Place.of("?")));
    }

    private static Arbitrary<Rule> rules(Arbitrary<Rule.Demands> counting) {
        Place nowhere = Place.of("?");
        Arbitrary<String> names = Arbitraries.of(Arrays.asList(null, "named", "like a counter"));
        Arbitrary<Mode> modes = Arbitraries.frequency(Tuple.of(9, Mode.ENFORCE), Tuple.of(1, Mode.AUDIT));
        Arbitrary<Rule> checks = Combinators.combine(
                        names, demands(ConditionArbitraries.usuallyTrue(), counting), modes)
                .as((name, demands, mode) -> new Rule.Check(name, demands, null, mode, nowhere));
        Arbitrary<Rule> approvals = Combinators.combine(names, demands(ConditionArbitraries.any(), counting), modes)
                .as((name, demands, mode) ->
                        new Rule.Approval(name, demands, Rule.Approval.DEFAULT_TIMEOUT, null, mode, nowhere));
        Arbitrary<Rule> denials =
                Combinators.combine(names, modes).as((name, mode) -> new Rule.Deny(name, null, mode, nowhere));
        return Arbitraries.frequencyOf(Tuple.of(20, checks), Tuple.of(12, approvals), Tuple.of(1, denials));
    }

    private static Arbitrary<List<Condition>> few(Arbitrary<Condition> conditions) {
        return Arbitraries.frequencyOf(
                Tuple.of(2, Arbitraries.just(List.of())),
                Tuple.of(1, conditions.list().ofMinSize(1).ofMaxSize(2)));
    }

    private static Arbitrary<Rule.Demands> demands(Arbitrary<Condition> conditions, Arbitrary<Rule.Demands> counting) {
        return Combinators.combine(
                        few(conditions),
                        counting,
                        DemandArbitraries.validations().optional(0.1))
                .as((asked, counted, validation) -> new Rule.Demands(
                        PolicyAssembly.joined(asked, counted.conditions()), counted.limits(), validation.orElse(null)));
    }
}
