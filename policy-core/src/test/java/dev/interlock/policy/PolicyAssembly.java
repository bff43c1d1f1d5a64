package dev.interlock.policy;

import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns generated parts into a policy as a reader would have built it: gives every part its place, counters of one
 * entry different names, and conditions on counters the path of one that exists. Conditions on a counter that nothing
 * defines are left out. Assembling an assembled policy again, after a part was added or moved, keeps what was settled.
 */
final class PolicyAssembly {

    /** Stands for the counter of the same rule. */
    static final String OWN_COUNTER = "state.own.own";

    /** Stands for any counter of the same entry. */
    static final String SOME_COUNTER = "state.some.some";

    /** Stands for a counter of the body's entry for all tools. */
    static final String GLOBAL_COUNTER = "state.some._global";

    /** Stands for a counter of the body's entry for the tool {@code pay}. */
    static final String PAY_COUNTER = "state.some.pay";

    private final PolicyBody body;
    private final String at;

    private PolicyAssembly(PolicyBody body, String at) {
        this.body = body;
        this.at = at;
    }

    static Policy assemble(Policy parts) {
        return new Policy(
                parts.description(),
                parts.mode(),
                new PolicyAssembly(parts.body(), "").assemble(),
                parts.methods(),
                parts.grants().map(grants -> {
                    Map<NamePattern, PolicyBody> assembled = new LinkedHashMap<>();
                    grants.forEach((pattern, body) ->
                            assembled.put(pattern, new PolicyAssembly(body, "grants." + pattern + ".").assemble()));
                    return assembled;
                }),
                parts.context(),
                parts.suspended());
    }

    static <T> List<T> joined(List<? extends T> first, List<? extends T> second) {
        return Stream.<T>concat(first.stream(), second.stream()).toList();
    }

    private PolicyBody assemble() {
        Map<NamePattern, Entry> tools = new LinkedHashMap<>();
        body.tools()
                .forEach((pattern, entry) -> tools.put(
                        pattern,
                        assemble(entry, "tools." + pattern, pattern.isExact() ? pattern.text() : "tool", "c")));
        Map<dev.interlock.policy.tool.ToolCategory, Entry> categories = new LinkedHashMap<>();
        body.categories()
                .forEach((category, entry) ->
                        categories.put(category, assemble(entry, "categories." + category.text(), "tool", "c")));
        Map<RiskSelector, Entry> risks = new LinkedHashMap<>();
        body.risks().forEach((risk, entry) -> risks.put(risk, assemble(entry, "risks." + risk.text(), "tool", "c")));
        return new PolicyBody(
                body.posture(),
                body.hide(),
                tools,
                categories,
                risks,
                body.star().map(entry -> assemble(entry, "tools.*", "_global", "c")),
                body.allTools().map(entry -> assemble(entry, "all_tools", "_global", "d")),
                body.servers().map(servers -> {
                    Map<NamePattern, PolicyBody> assembled = new LinkedHashMap<>();
                    servers.forEach((pattern, inner) -> assembled.put(
                            pattern, new PolicyAssembly(inner, at + "servers." + pattern + ".").assemble()));
                    return assembled;
                }),
                body.during());
    }

    private Entry assemble(Entry entry, String key, String scope, String letter) {
        String place = at + key;
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < entry.rules().size(); i++) {
            rules.add(assemble(entry.rules().get(i), entry, scope, letter, i, place + ".rules[" + i + "]"));
        }
        List<Limit> limits = new ArrayList<>();
        for (int i = 0; i < entry.limits().size(); i++) {
            Limit limit = entry.limits().get(i);
            limits.add(
                    with(limit, name(limit, letter + "l" + i), limit.scope(), Place.of(place + ".limits[" + i + "]")));
        }
        return new Entry(
                entry.hide(),
                blocks(entry.require(), entry, scope, letter, place + ".require"),
                blocks(entry.denyIf(), entry, scope, letter, place + ".deny_if"),
                blocks(entry.askIf(), entry, scope, letter, place + ".ask_if"),
                rules,
                limits,
                entry.rounds() == null ? null : new Rounds(entry.rounds().most(), Place.of(place + ".rounds")),
                entry.unwrap() == null ? null : placed(entry.unwrap(), Place.of(place + ".unwrap")),
                Place.of(place));
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

    private List<Block> blocks(List<Block> blocks, Entry entry, String scope, String letter, String place) {
        List<Block> placed = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            List<Condition> kept = conditions(block.conditions(), entry, scope, letter, null);
            // A block that lost its only condition would hold always, which is another thing.
            if (block.conditions().isEmpty() || !kept.isEmpty()) {
                placed.add(new Block(kept, block.message(), Place.of(place + "[" + placed.size() + "]")));
            }
        }
        return placed;
    }

    private Rule assemble(Rule rule, Entry entry, String scope, String letter, int number, String place) {
        Place at = Place.of(place);
        String name = name(rule.name(), letter, number);
        if (rule instanceof Rule.Check check) {
            Rule.Demands demands = demands(check.demands(), entry, scope, letter, number);
            return new Rule.Check(name, demands, rule.message(), rule.mode(), at);
        }
        if (rule instanceof Rule.Approval approval) {
            Rule.Demands demands = demands(approval.demands(), entry, scope, letter, number);
            return new Rule.Approval(name, demands, approval.timeout(), rule.message(), rule.mode(), at);
        }
        return new Rule.Deny(name, rule.message(), rule.mode(), at);
    }

    /** Rules of one entry have different names; one may well be called as a counter is. */
    private static @Nullable String name(@Nullable String name, String letter, int number) {
        if (name == null) {
            return null;
        }
        return switch (name) {
            case "named" -> "r" + number;
            case "like a counter" -> letter + (1 - number);
            default -> name;
        };
    }

    private Rule.Demands demands(Rule.Demands demands, Entry entry, String scope, String letter, int number) {
        Limit state = demands.limit(Limit.Form.STATE);
        String own = state == null ? null : name(state, letter + number);
        List<Limit> limits = new ArrayList<>();
        for (Limit limit : demands.limits()) {
            Scope usual = scope.equals("_global") ? Scope.GLOBAL : Scope.TOOL;
            limits.add(
                    switch (limit.form()) {
                        case STATE -> with(limit, own, usual, limit.place());
                        case SPEND -> with(limit, null, usual, limit.place());
                        default ->
                            isTaken(limit, entry, number) ? with(limit, null, limit.scope(), limit.place()) : limit;
                    });
        }
        return new Rule.Demands(
                conditions(demands.conditions(), entry, scope, letter, own), limits, demands.validation());
    }

    /** Whether a short rate limit has an earlier one of its window in its entry; it is then written out. */
    private static boolean isTaken(Limit rate, Entry entry, int number) {
        return entry.rules().subList(0, number).stream()
                .map(rule -> rule.demands().limit(Limit.Form.RATE_LIMIT))
                .anyMatch(other -> other != null
                        && rate.counter() != null
                        && rate.counter().equals(other.counter()));
    }

    private static Limit with(Limit limit, @Nullable String counter, Scope scope, Place place) {
        return new Limit(
                limit.form(),
                counter,
                limit.max(),
                limit.window(),
                limit.algorithm(),
                scope,
                limit.increment(),
                limit.incrementFrom(),
                limit.charge(),
                limit.message(),
                place,
                counter != null && counter.startsWith("_rate_") ? List.of() : limit.per(),
                limit.lease());
    }

    private static String name(Limit counter, String fresh) {
        return counter.label().equals("?") ? fresh : counter.label();
    }

    private List<Condition> conditions(
            List<Condition> conditions, Entry entry, String scope, String letter, @Nullable String own) {
        List<Condition> kept = new ArrayList<>();
        for (Condition condition : conditions) {
            String path = condition.path().text();
            Optional<String> real = switch (path) {
                case OWN_COUNTER -> Optional.ofNullable(own).map(name -> "state." + scope + "." + name);
                case SOME_COUNTER -> counter(entry, letter).map(name -> "state." + scope + "." + name);
                case GLOBAL_COUNTER ->
                    body.star().flatMap(star -> counter(star, "c")).map(name -> "state._global." + name);
                case PAY_COUNTER ->
                    Optional.ofNullable(body.tool("pay"))
                            .flatMap(pay -> counter(pay, "c"))
                            .map(name -> "state.pay." + name);
                default -> Optional.of(path);
            };
            real.ifPresent(text -> kept.add(new Condition(
                    Path.parse(text),
                    condition.operator(),
                    condition.operand(),
                    condition.message(),
                    condition.place())));
        }
        return kept;
    }

    /** The name that the first counter of the entry has, or will have. */
    private static Optional<String> counter(Entry entry, String letter) {
        for (int i = 0; i < entry.rules().size(); i++) {
            Limit state = entry.rules().get(i).demands().limit(Limit.Form.STATE);
            if (state != null) {
                return Optional.of(name(state, letter + i));
            }
        }
        return entry.limits().stream().findFirst().map(limit -> name(limit, letter + "l0"));
    }
}
