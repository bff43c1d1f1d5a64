package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Paths that mean at least one element of a list. */
class AnyElementTest {

    private static Truth truth(Condition condition, Object list) {
        return truth(condition, Map.of("l", list));
    }

    private static Truth truth(Condition condition, Map<String, ?> arguments) {
        ToolCall call = ToolCall.of("pay", arguments)
                .with((ObjectValue) Value.freeze(Map.of("user", "a", "users", List.of("a", "b"))));
        return Truths.of(condition, call);
    }

    /** For each operator: an element that holds, one that doesn't, and one for which it is invalid, if there is one. */
    static Stream<Arguments> operators() {
        return Stream.of(
                Arguments.of(Operator.EQ, "a", "a", "b", List.of("a")),
                Arguments.of(Operator.NEQ, "a", "b", "a", List.of("b")),
                Arguments.of(Operator.IN, List.of("a", "b"), "a", "c", List.of("a")),
                Arguments.of(Operator.NOT_IN, List.of("a", "b"), "c", "a", List.of("c")),
                Arguments.of(Operator.LT, 5, 4, 5, "4"),
                Arguments.of(Operator.LTE, 5, 5, 6, "4"),
                Arguments.of(Operator.GT, 5, 6, 5, "6"),
                Arguments.of(Operator.GTE, 5, 5, 4, "6"),
                Arguments.of(Operator.REGEX, "^a", "ab", "ba", 5),
                Arguments.of(Operator.NOT_REGEX, "^a", "ba", "ab", 5),
                Arguments.of(Operator.CONTAINS, "a", "ba", "b", 5),
                Arguments.of(Operator.NOT_CONTAINS, "a", "b", "ba", 5),
                Arguments.of(Operator.STARTS_WITH, "a", "ab", "ba", 5),
                Arguments.of(Operator.ENDS_WITH, "a", "ba", "ab", 5),
                Arguments.of(Operator.WITHIN_PATH, "/a", "/a/b", "/b", "a/b"),
                Arguments.of(Operator.WITHIN_PATH, Map.of("in", "/a", "base", "/a"), "b", "../b", "~/b"),
                Arguments.of(Operator.HOST_IN, "a.example", "https://a.example/", "https://b.example/", "a.example"),
                Arguments.of(Operator.HOST_IN, "private", "http://127.0.0.1/", "http://8.8.8.8/", 5),
                Arguments.of(Operator.MAIL_IN, "a.example", "x@a.example", "x@b.example", "x@a.example, y@b.example"),
                Arguments.of(
                        Operator.URL_IN, "https://a.example/v1", "https://a.example/v1/x", "https://a.example/", "x"),
                Arguments.of(Operator.COMMAND_IN, "git diff **", "git diff a", "git push", "git diff; id"),
                Arguments.of(Operator.MAX_LENGTH, 1, "a", "ab", 5));
    }

    @ParameterizedTest
    @MethodSource("operators")
    void oneElementThatHoldsIsEnough(Operator operator, Object operand, Object yes, Object no, Object unclear) {
        Condition condition = when("args.l[any]", operator, operand);

        assertThat(truth(condition, List.of(yes))).isEqualTo(Truth.TRUE);
        assertThat(truth(condition, List.of(no, yes))).isEqualTo(Truth.TRUE);
        assertThat(truth(condition, List.of(unclear, yes))).isEqualTo(Truth.TRUE);
        assertThat(truth(condition, List.of(yes, unclear))).isEqualTo(Truth.TRUE);
        assertThat(truth(condition, List.of(no, unclear))).isEqualTo(Truth.INVALID);
        assertThat(truth(condition, List.of(unclear, no))).isEqualTo(Truth.INVALID);
        assertThat(truth(condition, List.of(no, no))).isEqualTo(Truth.FALSE);
        assertThat(truth(condition, List.of())).isEqualTo(Truth.FALSE);
        assertThat(truth(condition, yes instanceof List ? Map.of() : yes)).isEqualTo(Truth.INVALID);
    }

    @Test
    void aMissingListIsWhatAMissingValueIs() {
        assertThat(truth(when("args.l[any]", Operator.EQ, 1), Map.of())).isEqualTo(Truth.FALSE);
        assertThat(truth(when("args.l[any]", Operator.NEQ, 1), Map.of())).isEqualTo(Truth.INVALID);
        assertThat(truth(when("args.l[any].a", Operator.EXISTS, true), List.of(Map.of(), Map.of("a", 1))))
                .isEqualTo(Truth.TRUE);
        assertThat(truth(when("args.l[any].a", Operator.NEQ, 1), List.of(Map.of(), Map.of("a", 1))))
                .isEqualTo(Truth.INVALID);
        assertThat(truth(when("args.l[any]", Operator.EXISTS, false), Arrays.asList(1, null)))
                .isEqualTo(Truth.TRUE);
    }

    @Test
    void itGoesIntoMembersAndOtherLists() {
        List<Map<String, ?>> rows =
                List.of(Map.of("c", List.of(1, 2)), Map.of("c", List.of(3)), Map.of("c", List.of()));

        assertThat(truth(when("args.l[any].c[any]", Operator.EQ, 3), rows)).isEqualTo(Truth.TRUE);
        assertThat(truth(when("args.l[any].c[any]", Operator.EQ, 4), rows)).isEqualTo(Truth.FALSE);
        assertThat(truth(when("args.l[any].c[*]", Operator.GTE, 3), rows)).isEqualTo(Truth.TRUE);
        assertThat(truth(when("args.l[*].c[any]", Operator.LTE, 3), rows)).isEqualTo(Truth.FALSE);
        assertThat(truth(when("args.l[*].c[any]", Operator.LTE, 3), rows.subList(0, 2)))
                .isEqualTo(Truth.TRUE);
        assertThat(truth(when("args.l[any].c.0", Operator.EQ, 3), rows)).isEqualTo(Truth.TRUE);
    }

    @Test
    void membersThatPassForOneAnotherAreInvalidInTheirElement() {
        Condition condition = when("args.l[any].a", Operator.EQ, 1);

        assertThat(truth(condition, List.of(Map.of("a", 2, "A", 1)))).isEqualTo(Truth.INVALID);
        assertThat(truth(condition, List.of(Map.of("a", 2, "A", 1), Map.of("a", 1))))
                .isEqualTo(Truth.TRUE);
    }

    @Test
    void eachElementIsComparedWithWhatTheHostSays() {
        Condition own = Condition.between("args.l[any].owner", Operator.EQ, "ctx.user");

        assertThat(truth(own, List.of(Map.of("owner", "b"), Map.of("owner", "a"))))
                .isEqualTo(Truth.TRUE);
        assertThat(truth(own, List.of(Map.of("owner", "b")))).isEqualTo(Truth.FALSE);
        assertThat(truth(own, List.of())).isEqualTo(Truth.FALSE);
        assertThat(truth(Condition.between("args.l[any]", Operator.EQ, "ctx.nobody"), List.of()))
                .isEqualTo(Truth.INVALID);
        assertThat(truth(Condition.between("ctx.users[any]", Operator.EQ, "args.l"), "b"))
                .isEqualTo(Truth.TRUE);
    }
}
