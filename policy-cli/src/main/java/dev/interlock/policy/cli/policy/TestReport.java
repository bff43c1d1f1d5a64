package dev.interlock.policy.cli.policy;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.testing.CaseResult;
import dev.interlock.policy.testing.Coverage.RuleCoverage;
import dev.interlock.policy.value.Value;
import java.util.List;

/**
 * The results of test files.
 *
 * @param runs the files, in order
 * @param coverage how the tests covered each rule
 */
record TestReport(List<TestRun> runs, List<RuleCoverage> coverage) {

    long cases() {
        return runs.stream().mapToLong(run -> run.results().size()).sum();
    }

    long failed() {
        return runs.stream()
                .flatMap(run -> run.results().stream())
                .filter(result -> !result.passed())
                .count();
    }

    boolean isCovered() {
        return coverage.stream().allMatch(RuleCoverage::isComplete);
    }

    Json json() {
        List<Json> cases = runs.stream()
                .flatMap(run -> run.results().stream().map(result -> json(run.file(), result)))
                .toList();
        return new Json()
                .put("passed", cases() - failed())
                .put("failed", failed())
                .put("cases", cases, json -> json)
                .put("coverage", coverage, TestReport::json);
    }

    private static Json json(String file, CaseResult result) {
        Json json = new Json()
                .put("file", file)
                .put("name", result.name())
                .put("line", result.line())
                .put("passed", result.passed())
                .put("calls", result.calls());
        result.failure().ifPresent(failure -> {
            Json told = new Json()
                    .put("line", failure.line())
                    .put("tool", failure.tool())
                    .put("repetition", failure.repetition())
                    .put(
                            "differences",
                            new Value.Array(failure.differences().stream()
                                    .<Value>map(Value.Text::new)
                                    .toList()));
            if (failure.explanation() != null) {
                told.put("explanation", Explanations.json(failure.tool(), failure.explanation()));
            }
            json.put("failure", told);
        });
        return json;
    }

    private static Json json(RuleCoverage rule) {
        return new Json()
                .put("rule", rule.name())
                .put("place", Json.of(rule.place()))
                .put("denied", rule.denied())
                .put("passed", rule.passed())
                .put("complete", rule.isComplete());
    }
}
