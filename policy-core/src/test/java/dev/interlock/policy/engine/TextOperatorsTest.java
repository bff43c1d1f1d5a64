package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The operators that read a text, in every place where a condition can stand. */
class TextOperatorsTest {

    /** An operator, its operand, and texts for which it is true, false and invalid. */
    static Stream<Arguments> operators() {
        return Stream.of(
                Arguments.of(
                        Operator.WITHIN_PATH,
                        Map.of("in", List.of("/app/src"), "base", "/app"),
                        "src/a.txt",
                        "docs/a.txt",
                        "src/*"),
                Arguments.of(
                        Operator.HOST_IN,
                        List.of("10.0.0.0/8", "example.com"),
                        "http://[::ffff:10.1.2.3]/",
                        "http://192.0.2.1/",
                        "http://10.1.2.3\\@example.org/"),
                Arguments.of(
                        Operator.MAIL_IN,
                        List.of("example.com"),
                        "Ana <ana@example.com>",
                        "eve@evil.org",
                        "eve@evil.org, ana@example.com"),
                Arguments.of(
                        Operator.URL_IN,
                        List.of("https://example.com/v1/"),
                        "https://example.com/v1/a",
                        "https://example.com/v2",
                        "https://ana@example.com/v1/a"),
                Arguments.of(
                        Operator.COMMAND_IN,
                        List.of("git diff ** !-"),
                        "git 'diff' a",
                        "rm -rf /",
                        "git diff; rm -rf /"));
    }

    private static boolean allows(Policy policy, Object text) {
        return new Desk(policy)
                .decide(Desk.pay(Map.of("x", text, "to", List.of(Map.of("x", text))))
                        .by("ana"))
                .allowed();
    }

    @ParameterizedTest
    @MethodSource("operators")
    void inEveryPlaceTheThreeOutcomesDecide(
            Operator operator, Object operand, String holds, String holdsNot, String invalid) {
        Condition condition = when("args.x", operator, operand);

        for (Policy policy : List.of(require(condition), pay(check("r", condition)), granting(require(condition)))) {
            assertThat(allows(policy, holds)).isTrue();
            assertThat(allows(policy, holdsNot)).isFalse();
            assertThat(allows(policy, invalid)).isFalse();
            assertThat(allows(policy, List.of(holds))).isFalse();
        }
        for (Policy policy : List.of(denyIf(condition), granting(denyIf(condition)))) {
            assertThat(allows(policy, holds)).isFalse();
            assertThat(allows(policy, holdsNot)).isTrue();
            assertThat(allows(policy, invalid)).isFalse();
            assertThat(allows(policy, List.of(holds))).isFalse();
        }
        for (Policy policy : List.of(pay(ask("r", condition)), granting(pay(ask("r", condition))))) {
            assertThat(verdict(policy, holds)).isEqualTo(Verdict.NEEDS_APPROVAL);
            assertThat(verdict(policy, holdsNot)).isEqualTo(Verdict.ALLOWED);
            assertThat(verdict(policy, invalid)).isEqualTo(Verdict.NEEDS_APPROVAL);
        }
    }

    @ParameterizedTest
    @MethodSource("operators")
    void ofAListEveryElementDecides(Operator operator, Object operand, String holds, String holdsNot, String invalid) {
        Policy require = require(when("args.to[*].x", operator, operand));

        assertThat(allowsAll(require, holds, holds)).isTrue();
        assertThat(allowsAll(require)).isTrue();
        assertThat(allowsAll(require, holds, holdsNot)).isFalse();
        assertThat(allowsAll(require, holds, invalid)).isFalse();
        assertThat(allowsAll(denyIf(when("args.to[*].x", operator, operand)), holdsNot, invalid))
                .isFalse();
    }

    private static boolean allowsAll(Policy policy, String... texts) {
        List<Map<String, String>> items =
                Stream.of(texts).map(text -> Map.of("x", text)).toList();
        return new Desk(policy).decide(Map.of("to", items)).allowed();
    }

    private static Verdict verdict(Policy policy, String text) {
        return new Desk(policy).decide(Desk.pay(Map.of("x", text)).by("ana")).verdict();
    }

    /** The policy's rules in a grant. */
    private static Policy granting(Policy policy) {
        Entry entry = Objects.requireNonNull(policy.body().tool("pay"));
        return Policies.granting(
                PolicyBody.of(Posture.ALLOW), Map.of("an?", Policies.body(Posture.ALLOW, Map.of("pay", entry))));
    }
}
