package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.Unwrap;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.Answer;
import dev.interlock.policy.naive.NaiveInterpreter;
import dev.interlock.policy.naive.TimedCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/** The engine and the naive interpreter give the same answers about calls that run other tools. */
class UnwrapProperties {

    private static final long START = 1_775_001_570_000L;

    @Provide
    Arbitrary<Scenario> scenarios() {
        Arbitrary<Policy> policies = Combinators.combine(
                        unwraps().optional(0.95), unwraps().optional(0.3), PolicyArbitraries.policiesByServer())
                .as((send, pay, policy) ->
                        PolicyEdits.unwrapping("send", send, PolicyEdits.unwrapping("pay", pay, policy)));
        return Combinators.combine(policies, calls(2).list().ofMinSize(1).ofMaxSize(6))
                .as(UnwrapProperties::scenario);
    }

    private static Scenario scenario(Policy policy, List<ToolCall> calls) {
        List<TimedCall> timed = new ArrayList<>();
        calls.forEach(call -> timed.add(new TimedCall(call, START, CallOutcome.SUCCEEDED)));
        return new Scenario(policy, timed);
    }

    private static Arbitrary<Unwrap> unwraps() {
        Place place = Place.of("?");
        return Arbitraries.of(
                new Unwrap(null, path("name"), path("input"), false, false, null, null, place),
                new Unwrap(null, path("name"), path("input"), false, false, null, "web", place),
                new Unwrap(path("calls"), path("name"), path("input"), false, false, null, null, place),
                new Unwrap(path("calls"), path("name"), null, true, false, null, null, place));
    }

    private static Path path(String name) {
        return Path.parse("args." + name);
    }

    private static Arbitrary<ToolCall> calls(int depth) {
        return Combinators.combine(
                        Arbitraries.frequencyOf(
                                Tuple.of(5, Arbitraries.just("send")),
                                Tuple.of(1, Arbitraries.of("pay", "delete_repo"))),
                        inputs(depth),
                        Arbitraries.of("alice", "bob", "mallory"),
                        Arbitraries.of("s1", "s2"),
                        Arbitraries.of("files", "web"))
                .as((tool, input, identity, session, server) ->
                        ToolCall.of(tool, input).by(identity).in(session).on(server));
    }

    /** Arguments that name a tool to run, several, or none. */
    private static Arbitrary<Map<String, Object>> inputs(int depth) {
        Arbitrary<Map<String, Object>> plain = Arbitraries.of(
                Map.of("amount", 2, "to", "ops"), Map.of("amount", "x"), Map.of("path", "/app/a"), Map.of());
        if (depth == 0) {
            return plain;
        }
        Arbitrary<Object> names = Arbitraries.frequencyOf(
                Tuple.of(12, Arbitraries.of("pay", "send", "delete_repo")), Tuple.of(1, Arbitraries.of("Pay", "", 5)));
        Arbitrary<Map<String, Object>> one = Combinators.combine(names, inputs(depth - 1), plain)
                .as((name, input, rest) -> {
                    Map<String, Object> call = new LinkedHashMap<>(rest);
                    call.put("name", name);
                    call.put("input", input);
                    return call;
                });
        Arbitrary<Map<String, Object>> several = Combinators.combine(
                        one, one.list().ofMaxSize(3))
                .as((call, calls) -> {
                    Map<String, Object> all = new LinkedHashMap<>(call);
                    all.put("calls", calls);
                    return all;
                });
        return Arbitraries.frequencyOf(Tuple.of(1, plain), Tuple.of(4, several));
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void everyCallIsAnsweredAsTheNaiveInterpreterDoes(@ForAll("scenarios") Scenario scenario) {
        Run run = new Run(scenario.policy());
        NaiveInterpreter oracle = new NaiveInterpreter(scenario.policy(), UsualWorld.WORLD);
        List<Answer> expected = new ArrayList<>();
        List<Answer> given = new ArrayList<>();
        for (TimedCall timed : scenario.calls()) {
            run.moveTo(timed.millis());
            Decision foreseen = run.engine.decide(timed.call());
            expected.add(oracle.admit(timed));
            Decision decision = run.make(timed);
            given.add(Answer.of(decision));
            assertThat(foreseen.code() == Decision.Code.LIMIT)
                    .as("foreseen")
                    .isEqualTo(decision.code() == Decision.Code.LIMIT);
            boolean runs = !Unwrapping.calls(run.engine.current(), timed.call()).isEmpty();
            Statistics.label("answers").collect(runs ? "runs, " + decision.verdict() : "runs nothing");
        }
        assertThat(given).isEqualTo(expected);
        Statistics.label("answers").coverage(coverage -> {
            coverage.check("runs, ALLOWED").percentage(share -> share > 1.5);
            coverage.check("runs, DENIED").percentage(share -> share > 5);
        });
    }
}
