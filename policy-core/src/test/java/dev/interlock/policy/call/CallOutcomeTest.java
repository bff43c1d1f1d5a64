package dev.interlock.policy.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.ChargeMode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CallOutcomeTest {

    static Stream<Object> whatIsReadAsTrue() {
        return Stream.of(
                true, "true", "True", " TRUE ", 1, 2L, -1.5, BigInteger.TEN, new BigDecimal("1e-400"), (byte) 1);
    }

    static Stream<@Nullable Object> whatIsNot() {
        return Stream.of(
                null,
                false,
                "false",
                "",
                "yes",
                0,
                0L,
                0.0,
                -0.0,
                BigInteger.ZERO,
                new BigDecimal("0.00"),
                List.of(true));
    }

    private static Map<String, @Nullable Object> result(@Nullable Object isError) {
        Map<String, @Nullable Object> result = new HashMap<>();
        result.put("isError", isError);
        return result;
    }

    @ParameterizedTest
    @MethodSource("whatIsReadAsTrue")
    void aResultWhoseIsErrorIsReadAsTrueIsAToolError(Object isError) {
        assertThat(CallOutcome.ofResult(result(isError))).isEqualTo(CallOutcome.TOOL_ERROR);
    }

    @ParameterizedTest
    @MethodSource("whatIsNot")
    void anyOtherIsASuccess(@Nullable Object isError) {
        assertThat(CallOutcome.ofResult(result(isError))).isEqualTo(CallOutcome.SUCCEEDED);
    }

    @Test
    void aResultThatSaysNothingOfAnErrorIsASuccess() {
        assertThat(Stream.of(Map.of(), "isError", List.of("isError"), 1).map(CallOutcome::ofResult))
                .containsOnly(CallOutcome.SUCCEEDED);
        assertThat(CallOutcome.ofResult(null)).isEqualTo(CallOutcome.SUCCEEDED);
    }

    @Test
    void theWordsAreThoseOfTestFilesAndRecordings() {
        assertThat(CallOutcome.texts()).containsExactly("success", "tool_error", "error", "unsent", "unknown");
        assertThat(CallOutcome.of("succeeded")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void eachIsFoundByItsWord(CallOutcome end) {
        assertThat(CallOutcome.of(end.text())).contains(end);
    }

    @ParameterizedTest
    @EnumSource(ChargeMode.class)
    void aToolErrorGivesNothingBackSinceItHasRun(ChargeMode mode) {
        assertThat(CallOutcome.TOOL_ERROR.givesBack(mode)).isFalse();
    }
}
