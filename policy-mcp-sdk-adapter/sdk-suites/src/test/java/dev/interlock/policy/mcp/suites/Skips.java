package dev.interlock.policy.mcp.suites;

import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The tests that cannot run, with or without the adapter. */
final class Skips implements ExecutionCondition {

    private static final Map<String, String> REASONS = Map.of(
            "testToolListChangeHandlingSuccess", "it asks a host on the internet, which a build must not depend on");

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String reason = context.getTestMethod()
                .map(method -> REASONS.get(method.getName()))
                .orElse(null);
        return reason == null
                ? ConditionEvaluationResult.enabled("nothing is against it")
                : ConditionEvaluationResult.disabled(reason);
    }
}
