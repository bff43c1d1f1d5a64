package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.naive.Answer;
import dev.interlock.policy.naive.NaiveInterpreter;
import dev.interlock.policy.naive.TimedCall;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/**
 * The map of a method decides requests as the naive interpreter says that the same entry of a tool decides calls: the
 * method takes the place of the tool, and the parameters that of the arguments.
 */
class MethodEntriesProperties {

    private static final String NAME = "pay";

    @Provide
    Arbitrary<Policy> policies() {
        return PolicyArbitraries.policies();
    }

    @Provide
    Arbitrary<List<TimedCall>> sequences() {
        return CallArbitraries.sequences();
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void aMapDecidesRequestsAsAnEntryDecidesCalls(
            @ForAll("policies") Policy policy, @ForAll("sequences") List<TimedCall> sequence) {
        for (Entry each : policy.body().tools().values()) {
            Entry entry = asOfMethod(each);
            NaiveInterpreter oracle = new NaiveInterpreter(ofTool(policy, entry), UsualWorld.WORLD);
            ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
            Assent assent = new Assent();
            PolicyEngine engine = UsualWorld.engine(
                    ofMethod(policy, entry),
                    InMemoryRateLimiter.builder().time(clock).build(),
                    UsualWorld.WORLD,
                    assent,
                    clock);
            List<Answer> expected = new ArrayList<>();
            List<Answer> given = new ArrayList<>();
            for (TimedCall timed : sequence) {
                ToolCall call = timed.call();
                ToolCall ofTool = ToolCall.of(NAME, call.arguments())
                        .by(call.identity())
                        .in(call.session())
                        .on(call.server())
                        .with(call.context());
                MethodCall ofMethod = MethodCall.of(NAME)
                        .with(call.arguments())
                        .by(call.identity())
                        .in(call.session())
                        .on(call.server())
                        .with(call.context());
                clock.set(timed.millis());
                expected.add(oracle.admit(new TimedCall(ofTool, timed.millis(), timed.outcome())));
                Admission admission = engine.admitAsync(ofMethod, AdmitOptions.DEFAULT)
                        .toCompletableFuture()
                        .join();
                admission.settle(timed.outcome());
                Decision decision = assent.question(admission.decision());
                given.add(Answer.of(decision));
                Statistics.label("codes").collect(decision.code());
            }
            assertThat(given).isEqualTo(expected);
        }
        Statistics.label("codes").coverage(coverage -> {
            for (Decision.Code code : List.of(
                    Decision.Code.CONDITION, Decision.Code.DENY_IF, Decision.Code.APPROVAL, Decision.Code.LIMIT)) {
                coverage.check(code).count(times -> times > 0);
            }
        });
    }

    private static Policy ofTool(Policy policy, Entry entry) {
        return new Policy(
                "", policy.mode(), Policies.body(Posture.ALLOW, Map.of(NAME, entry)), Map.of(), Optional.empty());
    }

    private static Policy ofMethod(Policy policy, Entry entry) {
        NamePattern name = new NamePattern(NAME);
        return new Policy(
                "",
                policy.mode(),
                PolicyBody.of(Posture.ALLOW),
                Map.of(name, Posture.ALLOW),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(name, entry));
    }

    /** What a method has of an entry: no rules, and no conditions on ratings, counters or the host's predicates. */
    private static Entry asOfMethod(Entry entry) {
        return new Entry(
                false,
                blocks(entry.require()),
                blocks(entry.denyIf()),
                blocks(entry.askIf()),
                List.of(),
                entry.limits(),
                null,
                entry.place());
    }

    private static List<Block> blocks(List<Block> blocks) {
        Set<Path.Root> unknown = Set.of(Path.Root.STATE, Path.Root.TOOL);
        return blocks.stream()
                .map(block -> {
                    List<Condition> conditions = block.conditions().stream()
                            .filter(condition -> condition.operator() != Operator.CUSTOM)
                            .filter(condition ->
                                    condition.reads().stream().noneMatch(path -> unknown.contains(path.root())))
                            .toList();
                    return new Block(conditions, block.message(), block.place());
                })
                .toList();
    }
}
