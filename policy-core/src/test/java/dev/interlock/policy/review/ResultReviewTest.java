package dev.interlock.policy.review;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is said of paths into results that a tool's output schema doesn't have. */
class ResultReviewTest {

    private static ToolDefinition tool(@Nullable Map<String, ?> output) {
        ObjectValue schema = output == null ? null : (ObjectValue) Value.freeze(output);
        return new ToolDefinition(
                "get_item",
                "",
                "",
                (ObjectValue) Value.freeze(Map.of("type", "object", "properties", Map.of())),
                schema,
                ObjectValue.EMPTY,
                true);
    }

    private static Map<String, ?> rows() {
        return Map.of(
                "type",
                "object",
                "additionalProperties",
                false,
                "properties",
                Map.of(
                        "rows",
                        Map.of(
                                "type",
                                "array",
                                "items",
                                Map.of(
                                        "type",
                                        "object",
                                        "additionalProperties",
                                        false,
                                        "properties",
                                        Map.of("id", Map.of("type", "string"))))));
    }

    private static List<Finding> review(ToolDefinition tool, Afterwards end) {
        return Policies.review(
                        Policies.policy(Map.of(
                                "get_item",
                                Entry.listed(Place.of("tools.get_item")).with(end))),
                        tool)
                .stream()
                .filter(finding -> finding.code() == Finding.Problem.UNKNOWN_RESULT)
                .toList();
    }

    private static Afterwards requires(String path) {
        Block block = new Block(List.of(Condition.of(path, Operator.EQ, "x")), null, Place.of("b"));
        ResultRule rule = new ResultRule(
                null, List.of(block), List.of(), List.of(), null, false, null, Mode.ENFORCE, Place.of("r"));
        return new Afterwards(List.of(rule), List.of(), List.of());
    }

    @Test
    void aPathThatTheOutputSchemaDoesNotHaveIsReportedWithTheNearestName() {
        List<Finding> findings = review(tool(rows()), requires("result.structured.row[*].id"));

        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).message()).contains("the tool's output schema has no 'row'");
        assertThat(findings.get(0).fix()).isEqualTo("did you mean 'rows'?");
        assertThat(findings.get(0).code().text()).isEqualTo("unknown-result");
        assertThat(review(tool(rows()), requires("result.structured.rows[*].name")))
                .hasSize(1);
    }

    @Test
    void aPathThatTheOutputSchemaHasIsFine() {
        assertThat(review(tool(rows()), requires("result.structured.rows[*].id")))
                .isEmpty();
        assertThat(review(tool(rows()), requires("result.text"))).isEmpty();
    }

    @Test
    void aToolWithoutAnOutputSchemaMayAnswerAnything() {
        assertThat(review(tool(null), requires("result.structured.row"))).isEmpty();
    }

    @Test
    void theValueOfAMarkIsLookedAtToo() {
        Mark mark = new Mark("seen", Path.parse("result.structured.row[*].id"), true, null, Place.of("m"));

        assertThat(review(tool(rows()), new Afterwards(List.of(), List.of(mark), List.of())))
                .hasSize(1);
    }
}
