package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.value.SpelledDecimal;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is equal to what, and what can't be compared at all. */
class EqualityTest {

    static Stream<Arguments> equal() {
        return Stream.of(
                Arguments.of(5, "5"),
                Arguments.of("5", 5),
                Arguments.of(5, new BigDecimal("5.0")),
                Arguments.of(new BigDecimal("5e0"), "5"),
                Arguments.of(new BigDecimal("5.00"), "5"),
                Arguments.of(true, "true"),
                Arguments.of("false", false),
                Arguments.of(-0.0, 0),
                Arguments.of("0", -0.0),
                Arguments.of(new BigDecimal("0E+5"), 0),
                Arguments.of(new BigDecimal("1e3"), "1000"),
                Arguments.of(SpelledDecimal.of("1e3"), 1000),
                Arguments.of("1000", SpelledDecimal.of("1.0e3")),
                Arguments.of(SpelledDecimal.of("1E400"), SpelledDecimal.of("10e399")),
                Arguments.of(SpelledDecimal.of("-0"), 0),
                Arguments.of(SpelledDecimal.of("-0.0"), "0"),
                Arguments.of(SpelledDecimal.of("-0e7"), SpelledDecimal.of("-0")),
                Arguments.of(List.of(SpelledDecimal.of("1e0")), List.of(1)),
                Arguments.of(9007199254740993L, new BigInteger("9007199254740993")),
                Arguments.of(new BigDecimal("9223372036854775808"), "9223372036854775808"),
                Arguments.of(new BigDecimal("0.1"), 0.1),
                Arguments.of(0.1f, new BigDecimal("0.1")),
                Arguments.of(List.of(1, "2"), List.of("1", 2)),
                Arguments.of(List.of(), List.of()),
                Arguments.of(Map.of("a", 1, "b", 2), Map.of("b", "2", "a", "1")),
                Arguments.of(List.of(Map.of("a", List.of(true))), List.of(Map.of("a", List.of("true")))));
    }

    static Stream<Arguments> different() {
        return Stream.of(
                Arguments.of(5, "5.0"),
                Arguments.of(5, " 5"),
                Arguments.of(5, "05"),
                Arguments.of("null", 0),
                Arguments.of("", 0),
                Arguments.of("1e3", 1000),
                Arguments.of("1e3", SpelledDecimal.of("1e3")),
                Arguments.of(SpelledDecimal.of("1e400"), SpelledDecimal.of("1e401")),
                Arguments.of("admin", "Admin"),
                Arguments.of(9007199254740992L, 9007199254740993L),
                Arguments.of(Long.MAX_VALUE, new BigDecimal("9223372036854775808")),
                Arguments.of(new BigDecimal("0.3"), 0.1 + 0.2),
                Arguments.of(List.of(1, 2), List.of(2, 1)),
                Arguments.of(List.of(1), List.of(1, 1)),
                Arguments.of(Map.of("a", 1), Map.of("a", 1, "b", 2)),
                Arguments.of(Map.of("a", 1), Map.of("b", 1)),
                Arguments.of(List.of(), Map.of()));
    }

    @ParameterizedTest
    @MethodSource("equal")
    void theseAreEqual(Object argument, Object operand) {
        assertThat(holds(argument, Operator.EQ, operand)).isTrue();
        assertThat(holds(argument, Operator.NEQ, operand)).isFalse();
        assertThat(holds(argument, Operator.IN, List.of("other", operand))).isTrue();
        assertThat(holds(argument, Operator.NOT_IN, List.of("other", operand))).isFalse();
        assertThat(holds(List.of("other", argument), Operator.CONTAINS, operand))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("different")
    void theseAreDifferent(Object argument, Object operand) {
        assertThat(holds(argument, Operator.EQ, operand)).isFalse();
        assertThat(holds(argument, Operator.NEQ, operand)).isTrue();
        assertThat(holds(argument, Operator.IN, List.of(operand))).isFalse();
        assertThat(holds(argument, Operator.NOT_IN, List.of(operand))).isTrue();
        assertThat(holds(List.of(argument), Operator.CONTAINS, operand)).isFalse();
    }

    /** An argument, and a value of the policy that a server may take it for. */
    static Stream<Arguments> incomparable() {
        return Stream.of(
                Arguments.of(1, true),
                Arguments.of(0, true),
                Arguments.of(0, false),
                Arguments.of("True", true),
                Arguments.of("TRUE", true),
                Arguments.of("yes", true),
                Arguments.of("on", true),
                Arguments.of("t", false),
                Arguments.of("", false),
                Arguments.of(" true", true),
                Arguments.of(new BigDecimal("1.0"), true),
                Arguments.of(List.of(true), true),
                Arguments.of(Map.of("value", true), false),
                Arguments.of(List.of("admin"), "admin"),
                Arguments.of(List.of("guest"), "admin"),
                Arguments.of(List.of(), "admin"),
                Arguments.of(List.of(5), 5),
                Arguments.of(Map.of("role", "admin"), "admin"),
                Arguments.of(Map.of(), 0),
                Arguments.of("admin", List.of("admin")),
                Arguments.of(5, List.of()),
                Arguments.of(true, Map.of("role", true)),
                Arguments.of(List.of(1), List.of(true)),
                Arguments.of(List.of(List.of("admin")), List.of("admin")),
                Arguments.of(Map.of("a", "yes"), Map.of("a", true)),
                Arguments.of(Map.of("A", 1), Map.of("a", 1)),
                Arguments.of(Map.of("a", 1, "A", 1), Map.of("a", 1)),
                Arguments.of(Map.of("a", 1, "A", 1), Map.of("a", 1, "A", 1)));
    }

    @ParameterizedTest
    @MethodSource("incomparable")
    void theseCanNotBeCompared(Object argument, Object operand) {
        for (Operator operator : List.of(Operator.EQ, Operator.NEQ)) {
            isInvalid(when("args.role", operator, operand), argument);
        }
        for (Operator operator : List.of(Operator.IN, Operator.NOT_IN)) {
            isInvalid(when("args.role", operator, List.of(operand)), argument);
        }
        for (Operator operator : List.of(Operator.CONTAINS, Operator.NOT_CONTAINS)) {
            isInvalid(when("args.role", operator, operand), Collections.singletonList(argument));
        }
    }

    @Test
    void anEqualElementCountsForInWhateverElseIsListed() {
        Condition listed = when("args.role", Operator.IN, Arrays.asList(true, List.of("b"), "yes", null));

        assertThat(passes(require(listed), "yes")).isTrue();
        assertThat(passes(denyIf(listed), "yes")).isFalse();
        assertThat(passes(require(listed), List.of("b"))).isTrue();
        assertThat(passes(require(listed), null)).isTrue();
        isInvalid(listed, "no");
        isInvalid(listed, List.of("a"));
    }

    @Test
    void anEqualElementDoesNotCountForNotInBesideOneThatCanNotBeCompared() {
        Condition mixed = when("args.role", Operator.NOT_IN, Arrays.asList("a", List.of("b"), null));
        for (Object argument : Arrays.asList("a", "c", List.of("b"), List.of("c"), null)) {
            isInvalid(mixed, argument);
        }
        isInvalid(when("args.role", Operator.NOT_IN, List.of("1", true)), "1");
    }

    @Test
    void anElementThatMayBeMeantIsNoAbsence() {
        Condition contained = when("args.role", Operator.CONTAINS, "admin");

        isInvalid(contained, List.of(List.of("admin")));
        isInvalid(contained, List.of("guest", Map.of("role", "admin")));
        assertThat(passes(denyIf(contained), List.of("admin", List.of("admin"))))
                .isFalse();
        assertThat(passes(denyIf(contained), Arrays.asList("guest", null))).isTrue();
        assertThat(passes(require(when("args.role", Operator.NOT_CONTAINS, "admin")), List.of("guest")))
                .isTrue();
    }

    /** Denied by a rule that requires the condition, and by a rule that denies by it. */
    private static void isInvalid(Condition condition, Object argument) {
        assertThat(passes(require(condition), argument))
                .as("require %s", condition)
                .isFalse();
        assertThat(passes(denyIf(condition), argument))
                .as("deny_if %s", condition)
                .isFalse();
    }

    static Stream<Object> wrappings() {
        return Stream.of(
                List.of("admin"),
                List.of(List.of("admin")),
                Arrays.asList("admin", null),
                List.of(),
                Map.of("role", "admin"),
                Map.of());
    }

    @ParameterizedTest
    @MethodSource("wrappings")
    void wrappingAValueDoesNotMakeItDifferentFromAScalar(Object wrapped) {
        assertThat(passes(require(when("args.role", Operator.NEQ, "admin")), wrapped))
                .isFalse();
        assertThat(passes(require(when("args.role", Operator.NOT_IN, List.of("admin", "root"))), wrapped))
                .isFalse();
        assertThat(passes(denyIf(when("args.role", Operator.NEQ, "guest")), wrapped))
                .isFalse();
        assertThat(passes(denyIf(when("args.role", Operator.NOT_IN, List.of("guest"))), wrapped))
                .isFalse();
        assertThat(passes(denyIf(when("args.role", Operator.EQ, "admin")), wrapped))
                .isFalse();
        assertThat(passes(denyIf(when("args.role", Operator.IN, List.of("root", "admin"))), wrapped))
                .isFalse();
    }

    @Test
    void aScalarIsNotDifferentFromAListEither() {
        assertThat(passes(require(when("args.role", Operator.NEQ, List.of("admin"))), "admin"))
                .isFalse();
        assertThat(passes(require(when("args.role", Operator.NOT_IN, List.of(List.of("admin")))), "admin"))
                .isFalse();
    }

    @Test
    void nullEqualsOnlyNull() {
        assertThat(holds(null, Operator.EQ, null)).isTrue();
        assertThat(holds(null, Operator.EQ, 0)).isFalse();
        assertThat(passes(denyIf(when("args.role", Operator.EQ, "null")), null)).isTrue();
        assertThat(passes(denyIf(when("args.role", Operator.EQ, List.of())), null))
                .isTrue();
        assertThat(passes(denyIf(when("args.role", Operator.NEQ, null)), null)).isTrue();
        assertThat(passes(denyIf(when("args.role", Operator.EQ, true)), null)).isTrue();
        assertThat(holds("null", Operator.EQ, null)).isFalse();
        assertThat(holds("", Operator.EQ, null)).isFalse();
        assertThat(holds(Arrays.asList(1, null), Operator.CONTAINS, 0)).isFalse();
    }

    @Test
    void nullIsNoOtherValueUnlessThePolicyKnowsIt() {
        isInvalid(when("args.role", Operator.NEQ, "admin"), null);
        isInvalid(when("args.role", Operator.NEQ, List.of("admin")), null);
        isInvalid(when("args.role", Operator.NOT_IN, List.of("admin", 0)), null);
        isInvalid(when("args.role", Operator.NOT_IN, List.of()), null);
        Condition knows = when("args.role", Operator.NOT_IN, Arrays.asList("admin", null));
        assertThat(passes(require(knows), null)).isFalse();
        assertThat(passes(denyIf(knows), null)).isTrue();
        assertThat(passes(require(knows), "guest")).isTrue();
    }

    @Test
    void whatIsMissingIsNoOtherValue() {
        Map<Operator, Object> negative = Map.of(
                Operator.NEQ, "clerk",
                Operator.NOT_IN, Arrays.asList("clerk", null),
                Operator.NOT_REGEX, "^cl",
                Operator.NOT_CONTAINS, "clerk");
        negative.forEach((operator, operand) -> {
            assertThat(new Desk(require(when("args.role", operator, operand)))
                            .decide(Map.of())
                            .allowed())
                    .as("require %s", operator)
                    .isFalse();
            assertThat(new Desk(denyIf(when("args.role", operator, operand)))
                            .decide(Map.of())
                            .allowed())
                    .as("deny_if %s", operator)
                    .isFalse();
        });
    }

    @Test
    void whatIsMissingIsPlainlyNotWhatThePolicyAsksFor() {
        for (Operator operator : operatorsOfValues()) {
            Object operand = switch (operator) {
                case IN, HOST_IN, MAIL_IN -> List.of("a");
                case URL_IN -> "https://a/";
                case COMMAND_IN -> "a **";
                case LT, LTE, GT, GTE, MAX_LENGTH -> 1;
                case EXISTS, EQ -> true;
                case NEQ, NOT_IN, NOT_REGEX, NOT_CONTAINS -> null;
                default -> "/a";
            };
            if (operand != null) {
                assertThat(new Desk(denyIf(when("args.role", operator, operand)))
                                .decide(Map.of())
                                .allowed())
                        .as(operator.text())
                        .isTrue();
            }
        }
    }

    @Test
    void whatIsMissingFulfilsNoOperatorButExists() {
        for (Operator operator : operatorsOfValues()) {
            Object operand = switch (operator) {
                case IN, NOT_IN, HOST_IN, MAIL_IN -> List.of("a");
                case URL_IN -> "https://a/";
                case COMMAND_IN -> "a **";
                case LT, LTE, GT, GTE, MAX_LENGTH -> 1;
                case EXISTS -> true;
                default -> "/a";
            };
            Desk desk = new Desk(require(when("args.role", operator, operand)));
            assertThat(desk.decide(Map.of()).allowed()).as(operator.text()).isFalse();
        }
        assertThat(new Desk(require(when("args.role", Operator.EXISTS, false)))
                        .decide(Map.of())
                        .allowed())
                .isTrue();
    }

    @Test
    void anEmptyListAllowsNothingAndForbidsNothing() {
        assertThat(holds("admin", Operator.IN, List.of())).isFalse();
        assertThat(holds("admin", Operator.NOT_IN, List.of())).isTrue();
        assertThat(holds("https://example.com/", Operator.HOST_IN, List.of())).isFalse();
        assertThat(holds("ana@example.com", Operator.MAIL_IN, List.of())).isFalse();
        assertThat(holds("https://example.com/", Operator.URL_IN, List.of())).isFalse();
        assertThat(holds("ls", Operator.COMMAND_IN, List.of())).isFalse();
        assertThat(holds("/app", Operator.WITHIN_PATH, List.of())).isFalse();
    }

    /** All but the one on the time, which is never missing. */
    private static List<Operator> operatorsOfValues() {
        return Stream.of(Operator.values())
                .filter(operator -> operator != Operator.DURING && operator != Operator.CUSTOM)
                .toList();
    }

    private static boolean holds(Object argument, Operator operator, Object operand) {
        return passes(require(when("args.role", operator, operand)), argument);
    }

    private static boolean passes(Policy policy, Object argument) {
        return new Desk(policy)
                .decide(Collections.singletonMap("role", argument))
                .allowed();
    }
}
