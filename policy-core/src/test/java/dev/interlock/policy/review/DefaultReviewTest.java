package dev.interlock.policy.review;

import static dev.interlock.policy.review.Policies.block;
import static dev.interlock.policy.review.Policies.check;
import static dev.interlock.policy.review.Policies.condition;
import static dev.interlock.policy.review.Policies.conditions;
import static dev.interlock.policy.review.Policies.deny;
import static dev.interlock.policy.review.Policies.denyIf;
import static dev.interlock.policy.review.Policies.policy;
import static dev.interlock.policy.review.Policies.review;
import static dev.interlock.policy.review.Policies.rules;
import static dev.interlock.policy.review.Policies.tool;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Block;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Severity;
import dev.interlock.policy.Validation;
import dev.interlock.policy.tool.ToolDefinition;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy forbids, and the server does by itself when the argument is left out. */
class DefaultReviewTest {

    private static final ToolDefinition PUSH = tool(
            "push",
            Map.of(
                    "force",
                    Map.of("type", "boolean", "default", true),
                    "branch",
                    Map.of("anyOf", List.of(Map.of("type", "string"), Map.of("type", "null")), "default", "main"),
                    "depth",
                    Map.of("type", "integer", "default", 50),
                    "path",
                    Map.of("type", "string", "default", "/"),
                    "needed",
                    Map.of("type", "string", "default", "x"),
                    "options",
                    Map.of(
                            "type",
                            "object",
                            "properties",
                            Map.of(
                                    "tags",
                                    Map.of("type", "boolean", "default", true),
                                    "dry",
                                    Map.of("type", "boolean")),
                            "default",
                            Map.of("dry", false)),
                    "remote",
                    Map.of("type", "string")),
            "needed");

    private static List<Finding> defaults(Entry entry) {
        return review(policy(Map.of("push", entry)), PUSH).stream()
                .filter(finding -> finding.code() == Finding.Problem.FORBIDDEN_DEFAULT)
                .toList();
    }

    private static Block item(String path, String operator, Object operand) {
        return block("d", condition("d", path, operator, operand));
    }

    @Test
    void isToldWithTheDefaultAndHowToRequireTheArgument() {
        assertThat(defaults(denyIf("push", item("args.force", "eq", true))))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.WARNING);
                    assertThat(finding.place().path()).isEqualTo("d");
                    assertThat(finding.message())
                            .isEqualTo("'args.force eq true' doesn't hold if the argument is left out, but the tool's"
                                    + " default for it is true: every call without it does what this forbids");
                    assertThat(finding.fix()).isEqualTo("require it: {path: args.force, op: exists, value: true}");
                    assertThat(finding.tools()).containsExactly("push");
                });
    }

    @ParameterizedTest
    @CsvSource({
        "args.force, eq, true, true",
        "args.force, eq, false, false",
        "args.branch, eq, main, true",
        "args.branch, starts_with, ma, true",
        "args.branch, eq, master, false",
        "args.path, within_path, /etc, false",
        "args.path, within_path, /, true",
        "args.needed, eq, x, false",
        "args.options.tags, eq, true, true",
        "args.options.dry, eq, false, true",
        "args.options.dry, eq, true, false",
        "args.remote, eq, origin, false",
        "args.branch, exists, true, true",
        // These are invalid for what is missing, so such a call is denied.
        "args.branch, neq, feature, false",
        "args.branch, not_regex, ^feature, false",
        "ctx.force, eq, true, false",
    })
    void isFoundWhereTheDefaultIsWhatIsForbidden(String path, String operator, String operand, boolean found) {
        Object value = operand.equals("true") || operand.equals("false") ? (Object) Boolean.valueOf(operand) : operand;
        assertThat(defaults(denyIf("push", item(path, operator, value)))).hasSize(found ? 1 : 0);
    }

    @Test
    void everyConditionOnTheArgumentMustHoldForTheDefault() {
        assertThat(defaults(denyIf(
                        "push",
                        block("d", condition("d", "args.depth", "gt", 10), condition("e", "args.depth", "lt", 100)))))
                .hasSize(1);
        assertThat(defaults(denyIf(
                        "push",
                        block("d", condition("d", "args.depth", "gt", 10), condition("e", "args.depth", "lt", 50)))))
                .isEmpty();
        assertThat(defaults(denyIf(
                        "push",
                        block(
                                "d",
                                condition("d", "args.force", "eq", true),
                                condition("e", "args.remote", "eq", "x")))))
                .singleElement()
                .satisfies(finding -> assertThat(finding.message()).contains(": a call without it"));
    }

    @Test
    void isNotToldIfACallWithoutTheArgumentIsDeniedAnyway() {
        Block forbidden = item("args.force", "eq", true);
        for (Entry entry : List.of(
                new Entry(
                        false,
                        List.of(item("args.force", "exists", true)),
                        List.of(forbidden),
                        List.of(),
                        List.of(),
                        Place.of("push")),
                new Entry(
                        false,
                        List.of(),
                        List.of(forbidden, item("args.force", "exists", false)),
                        List.of(),
                        List.of(),
                        Place.of("push")),
                new Entry(
                        false,
                        List.of(),
                        List.of(forbidden),
                        List.of(check(
                                "r",
                                new Rule.Demands(
                                        List.of(),
                                        List.of(),
                                        new Validation(
                                                false,
                                                List.of("force"),
                                                false,
                                                false,
                                                OptionalInt.empty(),
                                                OptionalInt.empty())))),
                        List.of(),
                        Place.of("push")),
                new Entry(false, List.of(), List.of(forbidden), List.of(deny("r")), List.of(), Place.of("push")))) {
            assertThat(defaults(entry)).isEmpty();
        }
    }

    @Test
    void anApprovalThatReadsTheArgumentIsNotAskedForEither() {
        Rule asking = new Rule.Approval(
                null,
                conditions(condition("a", "args.force", "eq", true)),
                Rule.Approval.DEFAULT_TIMEOUT,
                null,
                Mode.ENFORCE,
                Place.of("a"));
        assertThat(defaults(rules("push", asking)))
                .singleElement()
                .satisfies(finding -> assertThat(finding.message()).endsWith("and no person is asked"));
        Rule always =
                new Rule.Approval(null, conditions(), Rule.Approval.DEFAULT_TIMEOUT, null, Mode.ENFORCE, Place.of("b"));
        assertThat(defaults(rules("push", asking, always))).isEmpty();
    }
}
