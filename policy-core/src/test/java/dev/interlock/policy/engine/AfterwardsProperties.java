package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** What limits count once calls have ended. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class AfterwardsProperties {

    private static final Place PLACE = Place.of("tools.pay.limits[0]");

    /** What a server answers. */
    enum Answer {
        RESULT,
        TOOL_ERROR,
        ERROR;

        CallResult of(int cost) {
            return switch (this) {
                case RESULT -> result(cost);
                case TOOL_ERROR ->
                    CallResult.of(
                            Map.of("isError", true, "content", List.of(), "structuredContent", Map.of("cost", cost)));
                case ERROR -> CallResult.failed(-32000, "no", null);
            };
        }
    }

    /** A call, so long after the one before, and what came of it. */
    record Step(int millis, int amount, int cost, Answer answer) {}

    @Property
    void aCallWhoseResultIsWithheldStaysCharged(@ForAll("limits") Limit limit, @ForAll("steps") List<Step> steps) {
        ManualTime time = ManualTime.at("2026-03-31T23:30:00Z");
        PolicyEngine shows = engine(limit, Afterwards.NONE, time);
        PolicyEngine withholds = engine(limit, new Afterwards(List.of(withheld()), List.of(), List.of()), time);

        for (Step step : steps) {
            time.advance(Duration.ofMillis(step.millis));
            Admission shown = shows.admit(Desk.pay(Map.of("amount", step.amount)));
            Admission withheld = withholds.admit(Desk.pay(Map.of("amount", step.amount)));
            assertThat(withheld.decision()).isEqualTo(shown.decision());
            if (withheld.decision().allowed()) {
                // An error that is withheld counts as one of the tool.
                CallResult came = step.answer.of(step.cost);
                CallOutcome end = step.answer == Answer.ERROR ? CallOutcome.TOOL_ERROR : came.outcome();
                shown.answered(came, end).toCompletableFuture().join();
                assertThat(withheld.answered(came, came.outcome())
                                .toCompletableFuture()
                                .join()
                                .decision()
                                .allowed())
                        .isFalse();
            }
            assertThat(used(withholds)).isEqualTo(used(shows));
        }
    }

    private static ResultRule withheld() {
        Block always = new Block(List.of(Policies.when("result.bytes", Operator.GTE, 0)), null, Place.of("r"));
        return new ResultRule(null, List.of(), List.of(always), List.of(), null, false, null, Mode.ENFORCE, PLACE);
    }

    @Provide
    Arbitrary<Limit> limits() {
        Arbitrary<Algorithm> algorithms = Arbitraries.of(Algorithm.class);
        Arbitrary<String> froms = Arbitraries.of("", "args.amount", "result.structured.cost", "result.bytes");
        Arbitrary<Amount> holds = Arbitraries.of(Amount.of(1), Amount.of(30)).injectNull(0.3);
        return Combinators.combine(algorithms, froms, Arbitraries.of(ChargeMode.class), holds)
                .as((algorithm, from, charge, hold) ->
                        limit(algorithm, from.isEmpty() ? null : Path.parse(from), charge, hold));
    }

    private static Limit limit(Algorithm algorithm, @Nullable Path from, ChargeMode charge, @Nullable Amount hold) {
        boolean later = from != null && from.root() == Path.Root.RESULT;
        Algorithm can = later && algorithm == Algorithm.TOKEN_BUCKET ? Algorithm.SLIDING_WINDOW : algorithm;
        ChargeMode counts =
                charge == ChargeMode.FAILURES && (later || can == Algorithm.TOKEN_BUCKET) ? ChargeMode.SUCCESS : charge;
        return counting(can, from, counts, later ? hold : null);
    }

    private static Limit counting(Algorithm algorithm, @Nullable Path from, ChargeMode charge, @Nullable Amount hold) {
        return new Limit(
                        Limit.Form.LIMITS,
                        "n",
                        Amount.of(100),
                        new Window.Length(Duration.ofSeconds(60)),
                        algorithm,
                        Scope.TOOL,
                        Amount.ONE,
                        from,
                        charge,
                        null,
                        PLACE)
                .holding(hold);
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 20_000),
                        Arbitraries.integers().between(0, 40),
                        Arbitraries.integers().between(0, 40),
                        Arbitraries.of(Answer.class))
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(12);
    }

    /** How a call may end, and how much of the limit it has truly used up by then. */
    enum End {
        ANSWERED,
        TOLD,
        UNTOLD,
        ILLEGIBLE,
        UNKNOWN,
        FAILED,
        UNSENT;

        void of(Admission call, int cost) {
            switch (this) {
                case ANSWERED ->
                    call.answered(result(cost), CallOutcome.SUCCEEDED)
                            .toCompletableFuture()
                            .join();
                case TOLD -> call.succeeded(CallUsage.of(Map.of("cost", cost)));
                case UNTOLD -> call.succeeded();
                case ILLEGIBLE -> call.succeeded(CallUsage.of(Map.of("cost", "much")));
                case UNKNOWN -> call.unknown();
                case FAILED -> call.settle(CallOutcome.FAILED);
                case UNSENT -> call.unsent();
            }
        }
    }

    /**
     * A call begins, or one of those that have begun ends, or ends again.
     *
     * @param call which one; negative for a new one
     */
    record Move(int call, End end, int cost) {}

    @Property
    void theSumIsNeverBelowWhatWasSpentAndWhatIsHeld(
            @ForAll("moves") List<Move> moves, @ForAll("holds") @Nullable Amount hold, @ForAll boolean byAnswer) {
        ManualTime time = ManualTime.at("2026-03-31T23:30:00Z");
        Path from = Path.parse(byAnswer ? "result.structured.cost" : "usage.cost");
        Limit limit = counting(Algorithm.FIXED_WINDOW, from, ChargeMode.SUCCESS, hold);
        PolicyEngine engine = engine(limit, Afterwards.NONE, time);
        BigDecimal held = hold == null ? BigDecimal.ZERO : new BigDecimal(hold.toString());
        BigDecimal unknown = hold == null ? new BigDecimal(100) : held;
        List<Admission> calls = new ArrayList<>();
        List<@Nullable BigDecimal> spent = new ArrayList<>();

        for (Move move : moves) {
            if (move.call < 0 || calls.isEmpty()) {
                Admission call = engine.admit(Desk.pay(Map.of("amount", 1)));
                if (call.decision().allowed()) {
                    calls.add(call);
                    spent.add(null);
                }
            } else {
                int one = move.call % calls.size();
                move.end.of(calls.get(one), move.cost);
                if (spent.get(one) == null) {
                    spent.set(
                            one,
                            switch (move.end) {
                                case ANSWERED -> byAnswer ? BigDecimal.valueOf(move.cost) : unknown;
                                case TOLD -> byAnswer ? unknown : BigDecimal.valueOf(move.cost);
                                case UNTOLD, ILLEGIBLE, UNKNOWN -> unknown;
                                case FAILED, UNSENT -> BigDecimal.ZERO;
                            });
                }
            }
            BigDecimal sum = spent.stream()
                    .map(amount -> amount == null ? held : amount)
                    .reduce(BigDecimal.ZERO, BigDecimal::add);
            assertThat(new BigDecimal(used(engine))).isEqualByComparingTo(sum);
        }
    }

    @Provide
    Arbitrary<Amount> holds() {
        return Arbitraries.of(Amount.of(1), Amount.of(7), new Amount(500_000)).injectNull(0.2);
    }

    @Provide
    Arbitrary<List<Move>> moves() {
        return Combinators.combine(
                        Arbitraries.integers().between(-8, 10),
                        Arbitraries.of(End.class),
                        Arbitraries.integers().between(0, 60))
                .as(Move::new)
                .list()
                .ofMinSize(2)
                .ofMaxSize(30);
    }

    private static CallResult result(int cost) {
        return CallResult.of(Map.of("content", List.of(), "structuredContent", Map.of("cost", cost)));
    }

    private static PolicyEngine engine(Limit limit, Afterwards end, ManualTime time) {
        return PolicyEngine.builder(Policies.of(
                        "pay",
                        Policies.entry(List.of(), List.of(limit), List.of()).with(end)))
                .rateLimiter(InMemoryRateLimiter.builder().time(time).build())
                .time(time)
                .build();
    }

    /** What the limit has counted, as explain shows it. */
    private static String used(PolicyEngine engine) {
        String text = engine.explain(Desk.pay(Map.of("amount", 1))).steps().stream()
                .map(Explanation.ExplainedStep::text)
                .filter(step -> step.contains("; used "))
                .findFirst()
                .orElseThrow();
        return text.substring(text.indexOf("; used ") + 7, text.indexOf(" of "));
    }
}
