package dev.interlock.policy.cli.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.yaml.PolicyYaml;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongLimitsTest {

    private static Optional<String> notice(String yaml) {
        return LongLimits.notice(
                PolicyYaml.read("version: \"1\"\n" + yaml, "p.yaml").orThrow(), "p.yaml");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    tools: {a: {rules: [{name: r, rate_limit: {max: 1, window: day}}]}}       | rule 'r' (p.yaml:2, window day)
                    tools: {a: {rules: [{name: r, rate_limit: {max: 1, window: 61}}]}}        | rule 'r' (p.yaml:2, window 61s)
                    tools: {a: {rules: [{rate_limit: 5/hour}]}}                               | rule 'tools.a.rules[0]' (p.yaml:2
                    categories: {read: {rules: [{name: r, rate_limit: {max: 1, window: 1h}}]}} | rule 'r' (p.yaml:2, window 1h)
                    risks: {high+: {rules: [{name: r, rate_limit: {max: 1, window: 1h}}]}}    | rule 'r' (p.yaml:2, window 1h)
                    all_tools: {rules: [{name: r, rate_limit: {max: 1, window: week}}]}       | rule 'r' (p.yaml:2, window week)
                    grants: {bot: {all_tools: {rules: [{name: r, rate_limit: {max: 1, window: 2m}}]}}} | rule 'r' (p.yaml:2, window 2m)
                    tools: {a: {rules: [{name: r, spend: {from: args.a, daily: 5}}]}}         | rule 'r' (p.yaml:2, window day)
                    tools: {a: {limits: [{counter: c, max: 5, window: day}]}}                 | limit 'c' (p.yaml:2, window day)
                    """)
    void aLimitLongerThanAMinuteIsNamedWithItsPlace(String yaml, String named) {
        assertThat(notice(yaml)).hasValueSatisfying(notice -> assertThat(notice).contains(named, "--state"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "default: allow",
                "tools: {a: {rules: [{name: r, rate_limit: {max: 1, window: 60}}]}}",
                "tools: {a: {rules: [{name: r, rate_limit: {max: 1, window: minute}}]}}",
                "tools: {a: {rules: [{name: r, action: deny}]}}",
            })
    void withoutOneThereIsNothingToTell(String yaml) {
        assertThat(notice(yaml)).isEmpty();
    }
}
