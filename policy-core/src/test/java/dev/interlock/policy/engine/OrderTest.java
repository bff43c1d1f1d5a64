package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Operator;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Numbers are ordered exactly, and only numbers are. */
class OrderTest {

    private static final BigDecimal HUGE = new BigDecimal("1e400");

    /** In each row the first is less than the second. */
    static Stream<Arguments> rising() {
        return Stream.of(
                Arguments.of(9007199254740992L, 9007199254740993L),
                Arguments.of(9007199254740993L, new BigDecimal("9007199254740993.5")),
                Arguments.of(-9007199254740993L, -9007199254740992L),
                Arguments.of(Long.MAX_VALUE, new BigInteger("9223372036854775808")),
                Arguments.of(new BigInteger("-9223372036854775809"), Long.MIN_VALUE),
                Arguments.of(new BigInteger("18446744073709551615"), new BigInteger("18446744073709551616")),
                Arguments.of(Double.MAX_VALUE, HUGE),
                Arguments.of(HUGE, HUGE.add(BigDecimal.ONE)),
                Arguments.of(HUGE.negate(), -Double.MAX_VALUE),
                Arguments.of(0, new BigDecimal("1e-400")),
                Arguments.of(new BigDecimal("-1e-400"), 0),
                Arguments.of(new BigDecimal("0.3"), 0.1 + 0.2),
                Arguments.of(new BigDecimal("0.29999999999999999"), 0.3),
                Arguments.of(-1, -0.0),
                Arguments.of(-0.5, 0));
    }

    @ParameterizedTest
    @MethodSource("rising")
    void theFirstIsLessThanTheSecond(Object less, Object more) {
        assertThat(holds(less, Operator.LT, more)).isTrue();
        assertThat(holds(less, Operator.LTE, more)).isTrue();
        assertThat(holds(less, Operator.GT, more)).isFalse();
        assertThat(holds(less, Operator.GTE, more)).isFalse();
        assertThat(holds(more, Operator.GT, less)).isTrue();
        assertThat(holds(more, Operator.LTE, less)).isFalse();
        assertThat(holds(more, Operator.LTE, more)).isTrue();
        assertThat(holds(more, Operator.LT, more)).isFalse();
    }

    @Test
    void minusZeroIsZero() {
        assertThat(holds(-0.0, Operator.LT, 0)).isFalse();
        assertThat(holds(-0.0, Operator.GTE, 0)).isTrue();
    }

    static Stream<Object> noNumbers() {
        return Stream.of("5", "1e400", "", "-1", "NaN", true, List.of(5), Map.of("amount", 5), "\u0665");
    }

    @ParameterizedTest
    @MethodSource("noNumbers")
    void whatIsNoNumberIsNeitherMoreNorLess(Object argument) {
        for (Operator operator : List.of(Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)) {
            assertThat(holds(argument, operator, 100)).isFalse();
            assertThat(new Desk(denyIf(when("args.amount", operator, 100)))
                            .decide(Map.of("amount", argument))
                            .allowed())
                    .isFalse();
        }
    }

    private static boolean holds(Object argument, Operator operator, Object operand) {
        return new Desk(require(when("args.amount", operator, operand)))
                .decide(Map.of("amount", argument))
                .allowed();
    }
}
