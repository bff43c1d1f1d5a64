package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.recorded;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Operator;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules in a row that look at the same arguments: each denies in its own name, and in its turn. */
class RuleRowTest {

    private final Desk desk = new Desk(pay(
            check("first", when("args.amount", Operator.LTE, 100), when("args.amount", Operator.GTE, 0)),
            check("second", when("args.amount", Operator.LTE, 90)),
            recorded(check("recorded", when("args.amount", Operator.LTE, 50))),
            check("third", when("args.amount", Operator.LTE, 80), when("args.to", Operator.EQ, "bob")),
            check("server", when("call.server", Operator.NEQ, "evil"), when("args.to", Operator.NEQ, "mallory")),
            check("last", when("args.to", Operator.EQ, "bob"), when("args.amount", Operator.NEQ, 7))));

    @ParameterizedTest
    @CsvSource({
        "10, bob, good, ",
        "101, bob, good, first",
        "-1, bob, good, first",
        "95, eve, good, second",
        "60, bob, good, recorded",
        "85, eve, good, third",
        "60, eve, good, third",
        "10, bob, evil, server",
        "60, bob, evil, server",
        "7, bob, good, last",
        ", bob, good, first",
        "10, , good, third",
    })
    void theFirstThatFailsIsNamed(@Nullable Integer amount, @Nullable String to, String server, @Nullable String rule) {
        Map<String, Object> arguments = new HashMap<>();
        if (amount != null) {
            arguments.put("amount", amount);
        }
        if (to != null) {
            arguments.put("to", to);
        }
        Decision decision = desk.decide(Desk.pay(arguments).on(server));
        RuleRef against = decision.rule();
        assertThat(against == null ? null : against.name()).isEqualTo(rule);
        assertThat(decision.allowed()).isEqualTo(rule == null || rule.equals("recorded"));
    }

    @Test
    void eachRuleExplainsItself() {
        assertThat(desk.engine
                        .explain(Desk.pay(Map.of("amount", 85, "to", "bob")))
                        .steps())
                .extracting(Explanation.ExplainedStep::result)
                .isEqualTo(List.of(
                        Explanation.Result.PASSED,
                        Explanation.Result.PASSED,
                        Explanation.Result.AUDITED,
                        Explanation.Result.DENIED,
                        Explanation.Result.DENIED,
                        Explanation.Result.PASSED));
    }
}
