package dev.interlock.policy.testing;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.tool.SchemaValidator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes the calls of cases, each case against a new engine, and checks every decision. */
final class CaseRunner {

    private final Policy policy;
    private final ToolList tools;
    private final @Nullable SchemaValidator validator;
    private final Coverage coverage;
    private final Set<String> predicates;

    /**
     * @param cases all cases of the file; what one says of a predicate makes it known to the others
     */
    CaseRunner(
            Policy policy,
            ToolList tools,
            @Nullable SchemaValidator validator,
            Coverage coverage,
            List<TestCase> cases) {
        this.predicates = cases.stream()
                .flatMap(test -> test.calls().stream())
                .flatMap(call -> call.custom().keySet().stream())
                .collect(Collectors.toSet());
        this.policy = policy;
        this.tools = tools;
        this.validator = validator;
        this.coverage = coverage;
    }

    /** Runs a case up to its first failure: calls after a wrong decision prove nothing. */
    CaseResult run(TestCase test) {
        long began = System.nanoTime();
        PolicySimulator simulator = new PolicySimulator(policy, tools, validator, predicates);
        int made = 0;
        List<UnderWay> underWay = new ArrayList<>();
        CaseResult.Failure failure = null;
        for (TestCall call : test.calls()) {
            simulator.moveTo(call.time());
            failure = failure == null ? ended(underWay, call.time()) : failure;
            simulator.answering(call.custom());
            for (int i = 1; i <= call.times() && failure == null; i++) {
                failure = make(simulator, call, i, underWay);
                made++;
            }
        }
        if (failure == null) {
            simulator.endAll();
            failure = ended(underWay, Long.MAX_VALUE);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        return new CaseResult(test.name(), test.line(), made, took, Optional.ofNullable(failure));
    }

    /** A call whose result is still to come. */
    private record UnderWay(TestCall call, int repetition, SimulatedCall made) {}

    /** Checks the results of the calls that have ended by now. */
    private static CaseResult.@Nullable Failure ended(List<UnderWay> underWay, long now) {
        for (UnderWay each : List.copyOf(underWay)) {
            if (each.call.ends() <= now) {
                underWay.remove(each);
                List<String> differences = each.call.expected().differences(each.made.result());
                if (!differences.isEmpty()) {
                    return failure(each.call, each.repetition, differences, null);
                }
            }
        }
        return null;
    }

    private CaseResult.@Nullable Failure make(
            PolicySimulator simulator, TestCall call, int repetition, List<UnderWay> underWay) {
        if (call.isRequest()) {
            Decision decided = simulator.make(call.request());
            return failure(call, repetition, call.expected().differences(decided, true), null);
        }
        Explanation explanation = simulator.explain(call.call());
        coverage.add(explanation);
        boolean visible = simulator.visible(call.call());
        SimulatedCall made = simulator.make(call.call(), call.end(), call.approved(), call.rounds(), call.ends());
        Decision decision = made.decision();
        coverage.add(decision);
        if (call.approved()) {
            coverage.addApproved(decision);
        }
        List<String> differences = call.expected().differences(decision, visible);
        if (differences.isEmpty() && call.expected().checksResult()) {
            if (call.ends() > call.time() && decision.allowed()) {
                underWay.add(new UnderWay(call, repetition, made));
            } else {
                differences = call.expected().differences(made.result());
            }
        }
        return failure(call, repetition, differences, explanation);
    }

    private static CaseResult.@Nullable Failure failure(
            TestCall call, int repetition, List<String> differences, @Nullable Explanation explanation) {
        return differences.isEmpty()
                ? null
                : new CaseResult.Failure(
                        call.line(), call.call().tool(), call.times() == 1 ? 0 : repetition, differences, explanation);
    }
}
