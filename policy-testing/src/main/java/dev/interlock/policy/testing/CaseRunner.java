package dev.interlock.policy.testing;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.tool.SchemaValidator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the calls of cases, each case against a new engine, and checks every decision. */
final class CaseRunner {

    private final Policy policy;
    private final ToolList tools;
    private final @Nullable SchemaValidator validator;
    private final Coverage coverage;

    CaseRunner(Policy policy, ToolList tools, @Nullable SchemaValidator validator, Coverage coverage) {
        this.policy = policy;
        this.tools = tools;
        this.validator = validator;
        this.coverage = coverage;
    }

    /** Runs a case up to its first failure: calls after a wrong decision prove nothing. */
    CaseResult run(TestCase test) {
        long began = System.nanoTime();
        PolicySimulator simulator = new PolicySimulator(policy, tools, validator);
        int made = 0;
        CaseResult.Failure failure = null;
        for (TestCall call : test.calls()) {
            simulator.moveTo(call.time());
            for (int i = 1; i <= call.times() && failure == null; i++) {
                failure = make(simulator, call, i);
                made++;
            }
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        return new CaseResult(test.name(), test.line(), made, took, Optional.ofNullable(failure));
    }

    private CaseResult.@Nullable Failure make(PolicySimulator simulator, TestCall call, int repetition) {
        if (call.isRequest()) {
            Decision decided = simulator.make(call.request());
            return failure(call, repetition, call.expected().differences(decided, true), null);
        }
        Explanation explanation = simulator.explain(call.call());
        coverage.add(explanation);
        boolean visible = simulator.visible(call.call());
        Decision decision = simulator.make(call.call(), call.outcome(), call.approved(), call.rounds(), call.ends());
        coverage.add(decision);
        if (call.approved()) {
            coverage.addApproved(decision);
        }
        return failure(call, repetition, call.expected().differences(decision, visible), explanation);
    }

    private static CaseResult.@Nullable Failure failure(
            TestCall call, int repetition, List<String> differences, @Nullable Explanation explanation) {
        return differences.isEmpty()
                ? null
                : new CaseResult.Failure(
                        call.line(), call.call().tool(), call.times() == 1 ? 0 : repetition, differences, explanation);
    }
}
