package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Rule;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What YAML 1.1 and 1.2 read differently is never guessed where it matters, and numbers are exact. */
class AmbiguousScalarsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "y",
                "Y",
                "yes",
                "Yes",
                "YES",
                "n",
                "N",
                "no",
                "No",
                "NO",
                "on",
                "On",
                "ON",
                "off",
                "Off",
                "OFF",
                "0777",
                "00",
                "-012",
                "0o17",
                "0b11",
                "1_000",
                "1_000.5",
                "0x1_F",
                "-0x1F",
                "1:30",
                "1:30:00.5",
                "+0o7"
            })
    void isAnErrorAsAValue(String text) {
        for (String operator : new String[] {"eq", "neq", "contains"}) {
            assertThat(read(operator, text).errors())
                    .singleElement()
                    .extracting(Diagnostic::code)
                    .isEqualTo("ambiguous-scalar");
        }
        assertThat(read("in", "[a, " + text + "]").errors())
                .extracting(Diagnostic::code)
                .containsExactly("ambiguous-scalar");
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "NO", "0777", "1:30", "1_000", "2024-01-31", ".inf", "null", "~", "1", "true"})
    void isAStringInQuotes(String text) {
        assertThat(operand("eq", "\"" + text + "\"")).isEqualTo(new Value.Text(text));
        assertThat(operand("eq", "'" + text + "'")).isEqualTo(new Value.Text(text));
        assertThat(operand("eq", "!!str " + text)).isEqualTo(new Value.Text(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "on", "0777", "1:30", "5", "true", "1_000"})
    void isTakenAsItIsWrittenWhereATextIsNeeded(String text) {
        ReadResult reading = PolicyYaml.read(
                "version: \"1\"\ndescription: " + text + "\ntools: {" + text + ": {rules: [{name: " + text
                        + ", action: deny}]}}",
                "x");
        assertThat(reading.orThrow().description()).isEqualTo(text);
        assertThat(reading.orThrow().body().tool(text).rules().get(0).name()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0, 0",
        "5, 5",
        "+5, 5",
        "5., 5",
        ".5, 0.5",
        "-1.50, -1.5",
        "0x1F, 31",
        "1e3, 1000",
        "1E-3, 0.001",
        "9007199254740993, 9007199254740993",
        "9223372036854775808, 9223372036854775808",
        "1e400, 1e400",
        "0.1000000000000000000000000000001, 0.1000000000000000000000000000001",
        "007.5, 7.5"
    })
    void isExactlyTheNumberThatIsWritten(String text, String number) {
        assertThat(operand("eq", text)).isEqualTo(NumberValue.of(new BigDecimal(number)));
    }

    @ParameterizedTest
    @ValueSource(strings = {".inf", "-.Inf", ".NaN", "1e10001", "1e-10001", "1e99999999999999"})
    void isNoNumber(String text) {
        assertThat(read("lt", text).errors()).extracting(Diagnostic::code).containsExactly("bad-number");
        assertThat(read("eq", text).errors()).extracting(Diagnostic::code).containsExactly("bad-number");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "Null", "NULL", "~"})
    void isNull(String text) {
        assertThat(operand("eq", text)).isEqualTo(Value.Nil.NULL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "True", "TRUE"})
    void isTrue(String text) {
        assertThat(operand("exists", text)).isEqualTo(Value.Bool.TRUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tRue", "nil", "yEs", "0x", "1e", "--1", "1.2.3", "0b12", "12:99", "none", "+", "."})
    void isAString(String text) {
        assertThat(operand("eq", text)).isEqualTo(new Value.Text(text));
    }

    @Test
    void aDateMustBeQuoted() {
        assertThat(read("eq", "2024-01-31").errors())
                .extracting(Diagnostic::code)
                .containsExactly("ambiguous-scalar");
        assertThat(read("eq", "2024-01-31T10:00:00Z").errors())
                .extracting(Diagnostic::code)
                .containsExactly("ambiguous-scalar");
    }

    @ParameterizedTest
    @CsvSource({"max: 010", "max: 1_0", "window: 1:30"})
    void isAnErrorInALimit(String wrong) {
        String rest = wrong.startsWith("max") ? "window: 60" : "max: 1";
        ReadResult reading = PolicyYaml.read(
                "version: \"1\"\ntools: {t: {rules: [{action: allow, rate_limit: {" + wrong + ", " + rest + "}}]}}",
                "x");
        assertThat(reading.errors()).extracting(Diagnostic::code).containsExactly("ambiguous-scalar");
    }

    private static Value operand(String operator, String value) {
        Rule.Check rule = (Rule.Check)
                read(operator, value).orThrow().body().tool("t").rules().get(0);
        return rule.demands().conditions().get(0).operand().value();
    }

    private static ReadResult read(String operator, String value) {
        return PolicyYaml.read(
                "version: \"1\"\ntools:\n  t:\n    rules:\n      - name: r\n        conditions:\n"
                        + "          - path: args.a\n"
                        + "            op: " + operator + "\n            value: " + value + "\n",
                "x");
    }
}
