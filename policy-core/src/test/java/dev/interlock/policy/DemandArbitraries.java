package dev.interlock.policy;

import dev.interlock.policy.Limit.Form;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generated limits, counters, budgets and validations. Limits are low, so that a few calls use them up. */
final class DemandArbitraries {

    private static final Path AMOUNT = Path.parse("args.amount");
    private static final Place NOWHERE = Place.of("?");

    private DemandArbitraries() {}

    /** Demands that count, or, often, nothing. */
    static Arbitrary<Rule.Demands> counting() {
        return Arbitraries.frequencyOf(
                Tuple.of(2, Arbitraries.just(Rule.Demands.NONE)),
                Tuple.of(4, rateLimits().map(rate -> new Rule.Demands(List.of(), List.of(rate), null))),
                Tuple.of(2, counters()),
                Tuple.of(2, concurrency().map(places -> new Rule.Demands(List.of(), List.of(places), null))),
                Tuple.of(1, spends().map(budget -> new Rule.Demands(List.of(), budget, null))));
    }

    static Arbitrary<Limit> limits() {
        return Combinators.combine(
                        amounts(),
                        windows(),
                        Arbitraries.of(Algorithm.class),
                        Arbitraries.of(Scope.class),
                        Arbitraries.of(AMOUNT).optional(0.3),
                        Arbitraries.of(ChargeMode.class),
                        partitions())
                .as((max, window, algorithm, scope, from, charge, per) -> new Limit(
                        Form.LIMITS,
                        "?",
                        max,
                        countable(algorithm, window),
                        algorithm,
                        scope,
                        Amount.ONE,
                        from.orElse(null),
                        algorithm == Algorithm.TOKEN_BUCKET && charge == ChargeMode.FAILURES ? ChargeMode.SENT : charge,
                        null,
                        NOWHERE,
                        per));
    }

    private static Arbitrary<Limit> concurrency() {
        return Combinators.combine(
                        Arbitraries.of(1L, 1L, 2L),
                        Arbitraries.of(Scope.class),
                        partitions(),
                        Arbitraries.of(Duration.ofSeconds(8), Duration.ofSeconds(61), Limit.DEFAULT_LEASE))
                .as((max, scope, per, lease) -> Limit.concurrent(max, scope, per, lease, NOWHERE));
    }

    /** What limits count separately by; mostly nothing. */
    private static Arbitrary<List<PartitionKey>> partitions() {
        return Arbitraries.frequency(
                Tuple.of(6, List.of()),
                Tuple.of(2, List.of(key("args.to", false))),
                Tuple.of(1, List.of(key("args.to", true))),
                Tuple.of(1, List.of(key("args.amount", false), key("ctx.tenant", true))),
                Tuple.of(1, List.of(key("call.server", false))),
                Tuple.of(1, List.of(PartitionKey.ALL_ARGUMENTS)));
    }

    private static PartitionKey key(String path, boolean fold) {
        return new PartitionKey(Path.parse(path), fold);
    }

    static Arbitrary<Validation> validations() {
        Arbitrary<Boolean> seldom = Arbitraries.frequency(Tuple.of(4, false), Tuple.of(1, true));
        return Combinators.combine(
                        seldom,
                        Arbitraries.of("amount", "to").list().ofMaxSize(1),
                        seldom,
                        seldom,
                        Arbitraries.of(20, 60),
                        Arbitraries.of(1, 2),
                        Arbitraries.integers().between(0, 5))
                .as((schemaRequired, required, schema, noUnknown, bytes, depth, bounds) -> new Validation(
                        schemaRequired,
                        required,
                        schema,
                        noUnknown,
                        bounds == 1 ? OptionalInt.of(bytes) : OptionalInt.empty(),
                        bounds == 2 ? OptionalInt.of(depth) : OptionalInt.empty()));
    }

    private static Arbitrary<Limit> rateLimits() {
        Arbitrary<Limit> shorthand = Combinators.combine(
                        Arbitraries.longs().between(1, 3), Arbitraries.of(Window.Calendar.class))
                .as((max, unit) -> Limit.calls(max, unit, Scope.TOOL, NOWHERE));
        Arbitrary<Limit> written = Combinators.combine(
                        Arbitraries.longs().between(1, 3),
                        windows(),
                        Arbitraries.of(Algorithm.class),
                        Arbitraries.of(Scope.class),
                        Arbitraries.of(ChargeMode.SUCCESS, ChargeMode.SENT),
                        partitions())
                .as((max, window, algorithm, scope, charge, per) -> new Limit(
                        Form.RATE_LIMIT,
                        null,
                        Amount.of(max),
                        countable(algorithm, window),
                        algorithm,
                        scope,
                        Amount.ONE,
                        null,
                        charge,
                        null,
                        NOWHERE,
                        per));
        return Arbitraries.oneOf(shorthand, written);
    }

    /** A counter, mostly with a limit; {@link PolicyAssembly} gives both their names. */
    private static Arbitrary<Rule.Demands> counters() {
        Arbitrary<Limit> states = Combinators.combine(
                        Arbitraries.of(Window.Calendar.class),
                        Arbitraries.of("1", "0.5", "2"),
                        Arbitraries.of(AMOUNT).optional(0.4),
                        Arbitraries.of(ChargeMode.SUCCESS, ChargeMode.SENT),
                        partitions())
                .as((window, increment, from, charge, per) -> new Limit(
                        Form.STATE,
                        "?",
                        null,
                        window,
                        Algorithm.FIXED_WINDOW,
                        Scope.TOOL,
                        amount(increment),
                        from.orElse(null),
                        charge,
                        null,
                        NOWHERE,
                        per));
        Arbitrary<List<Condition>> own = Combinators.combine(
                        Arbitraries.of(Operator.LTE, Operator.LT, Operator.NEQ, Operator.GTE),
                        Arbitraries.of(0, 1, 2, 5, 3.5))
                .as((operator, bound) -> Condition.of(PolicyAssembly.OWN_COUNTER, operator, bound))
                .list()
                .ofMaxSize(1);
        return Combinators.combine(own, states).as((limits, state) -> new Rule.Demands(limits, List.of(state), null));
    }

    private static Arbitrary<List<Limit>> spends() {
        Arbitrary<Map<Window.Calendar, Amount>> caps = Arbitraries.maps(
                        Arbitraries.of(
                                Window.Calendar.HOUR, Window.Calendar.DAY, Window.Calendar.WEEK, Window.Calendar.MONTH),
                        amounts())
                .ofMaxSize(2)
                .map(LinkedHashMap::new);
        return Combinators.combine(
                        amounts().optional(0.6),
                        caps,
                        Arbitraries.of(AMOUNT).optional(0.7),
                        Arbitraries.of(ChargeMode.SUCCESS, ChargeMode.SENT),
                        partitions())
                .filter((perCall, capped, from, charge, per) ->
                        (perCall.isPresent() || from.isPresent()) && (perCall.isPresent() || !capped.isEmpty()))
                .as((perCall, capped, from, charge, per) ->
                        Limit.budget(perCall.orElse(null), capped, from.orElse(null), charge, Scope.TOOL, NOWHERE)
                                .stream()
                                .map(limit -> limit.per(per))
                                .toList());
    }

    private static Arbitrary<Window> windows() {
        Arbitrary<Window> lengths =
                Arbitraries.of(1, 10, 60, 90, 3600).map(seconds -> new Window.Length(Duration.ofSeconds(seconds)));
        return Arbitraries.oneOf(lengths, Arbitraries.of(Window.Calendar.class).map(unit -> unit));
    }

    private static Window countable(Algorithm algorithm, Window window) {
        return algorithm != Algorithm.FIXED_WINDOW && window == Window.Calendar.MONTH ? Window.Calendar.DAY : window;
    }

    private static Arbitrary<Amount> amounts() {
        return Arbitraries.of("1", "2", "3", "5", "0.3", "10", "0").map(DemandArbitraries::amount);
    }

    private static Amount amount(String text) {
        return Amount.of(new java.math.BigDecimal(text)).orElseThrow();
    }
}
