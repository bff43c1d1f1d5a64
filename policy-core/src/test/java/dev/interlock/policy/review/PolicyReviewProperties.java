package dev.interlock.policy.review;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Severity;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * What a review says of every call is held against the engine, with calls that try to prove it wrong: values from the
 * policy's own conditions and the schema, and neighbours of them.
 */
class PolicyReviewProperties {

    private static final String TOOL = Worlds.TOOL;

    @Provide
    Arbitrary<World> worlds() {
        return Worlds.any();
    }

    private static PolicyEngine engine(Policy policy, ToolDefinition tool) {
        PolicyEngine engine = PolicyEngine.builder(policy)
                .schemaValidator((schema, arguments) -> Optional.empty())
                .build();
        engine.tools().learn(null, List.of(tool));
        return engine;
    }

    private static ToolCall call(ObjectValue arguments) {
        return ToolCall.of(TOOL, arguments.toJava()).by("bot").in("s1");
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whereEveryCallIsSaidToBeDeniedEveryCallIs(@ForAll("worlds") World world) {
        PolicyEngine engine = engine(world.policy(), world.tool());
        for (Finding finding : world.findings()) {
            if (finding.severity() == Severity.ERROR
                    && (finding.message().contains("is denied")
                            || finding.message().contains("no call passes"))) {
                for (ObjectValue arguments : world.meant(finding)) {
                    assertThat(engine.decide(call(arguments)).verdict())
                            .as("%s, of %s", finding, arguments.json())
                            .isEqualTo(Decision.Verdict.DENIED);
                }
            }
        }
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void conditionsThatAreSaidNeverToHoldNeverDo(@ForAll("worlds") World world) {
        holdsOrNot(
                world,
                finding -> (finding.code() == Problem.NEVER_HOLDS
                                || finding.code() == Problem.WRONG_TYPE
                                || finding.code() == Problem.IMPOSSIBLE_VALUE)
                        && (finding.message().contains("no such value")
                                || finding.message().contains("holds for no value")),
                false);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void conditionsThatAreSaidAlwaysToHoldAlwaysDo(@ForAll("worlds") World world) {
        holdsOrNot(world, finding -> finding.code() == Problem.ALWAYS_HOLDS, true);
    }

    private static void holdsOrNot(World world, Predicate<Finding> kind, boolean holds) {
        for (Finding finding : world.findings()) {
            List<Condition> conditions = kind.test(finding) ? at(world.policy(), finding.place()) : List.of();
            // Of every element: an empty list, for which it holds, is another matter.
            if (conditions.isEmpty() || finding.message().contains("empty list")) {
                continue;
            }
            Policy alone =
                    Policies.policy(Map.of(TOOL, Policies.require("r", new Block(conditions, null, Place.of("r")))));
            PolicyEngine engine = engine(alone, world.tool());
            for (ObjectValue arguments : world.meant(finding)) {
                Decision decision = engine.decide(call(arguments));
                assertThat(decision.allowed())
                        .as("%s, of %s", finding, arguments.json())
                        .isEqualTo(holds);
            }
        }
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whatIsSaidNeverToDecideNeverDoes(@ForAll("worlds") World world) {
        List<Finding> unreachable = world.findings().stream()
                .filter(finding ->
                        finding.code() == Problem.UNREACHABLE_RULE || finding.code() == Problem.UNREACHABLE_LIMIT)
                .toList();
        if (unreachable.isEmpty()) {
            return;
        }
        PolicyEngine engine = engine(world.policy(), world.tool());
        // More than once around, so that limits fill.
        Stream.of(world.arguments(), world.arguments(), world.arguments())
                .flatMap(List::stream)
                .forEach(arguments -> {
                    var admission = engine.admit(call(arguments));
                    Decision decision = admission.decision();
                    admission.succeeded();
                    assertThat(unreachable)
                            .as("%s, of %s", decision, arguments.json())
                            .noneMatch(finding -> decision.rule() != null
                                    && finding.place().equals(decision.rule().place()));
                });
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whatIsSaidToBeUncoveredMayAlwaysBeCalled(@ForAll("worlds") World world) {
        if (world.policy().grants().isPresent()
                || world.findings().stream().noneMatch(finding -> finding.code() == Problem.UNCOVERED_TOOL)) {
            return;
        }
        PolicyEngine engine = engine(world.policy(), world.tool());
        for (ObjectValue arguments : world.arguments()) {
            assertThat(engine.decide(call(arguments)).allowed()).isTrue();
        }
    }

    /** The condition at a place, or all of the block or rule there. */
    private static List<Condition> at(Policy policy, Place place) {
        List<PolicyBody> bodies = new ArrayList<>(List.of(policy.body()));
        policy.grants().ifPresent(grants -> bodies.addAll(grants.values()));
        for (PolicyBody body : bodies) {
            for (EntrySelection.Selected entry : new EntrySelection(body).all()) {
                for (ConditionGroup clause : ConditionGroup.of(entry, true)) {
                    if (clause.place().equals(place)) {
                        return clause.conditions();
                    }
                    for (Condition condition : clause.conditions()) {
                        if (condition.place().equals(place)) {
                            return List.of(condition);
                        }
                    }
                }
            }
        }
        return List.of();
    }
}
