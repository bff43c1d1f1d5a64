package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision.Verdict;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What true, false and invalid come to, alone and together, in each place where conditions stand. */
class BlocksTest {

    /** Each letter is a condition: t holds, f doesn't, i can't be compared. */
    @ParameterizedTest
    @CsvSource({
        "'',  ALLOWED, ALLOWED, DENIED,  NEEDS_APPROVAL",
        "t,   ALLOWED, ALLOWED, DENIED,  NEEDS_APPROVAL",
        "f,   DENIED,  DENIED,  ALLOWED, ALLOWED",
        "i,   DENIED,  DENIED,  DENIED,  NEEDS_APPROVAL",
        "tt,  ALLOWED, ALLOWED, DENIED,  NEEDS_APPROVAL",
        "tf,  DENIED,  DENIED,  ALLOWED, ALLOWED",
        "ft,  DENIED,  DENIED,  ALLOWED, ALLOWED",
        "ti,  DENIED,  DENIED,  DENIED,  NEEDS_APPROVAL",
        "it,  DENIED,  DENIED,  DENIED,  NEEDS_APPROVAL",
        "fi,  DENIED,  DENIED,  ALLOWED, ALLOWED",
        "if,  DENIED,  DENIED,  ALLOWED, ALLOWED",
        "ii,  DENIED,  DENIED,  DENIED,  NEEDS_APPROVAL",
        "tif, DENIED,  DENIED,  ALLOWED, ALLOWED"
    })
    void conditionsTogether(String letters, Verdict checked, Verdict required, Verdict forbidden, Verdict asked) {
        Condition[] conditions = letters.chars().mapToObj(BlocksTest::condition).toArray(Condition[]::new);

        assertThat(verdict(pay(check("rule", conditions)))).isEqualTo(checked);
        assertThat(verdict(require(conditions))).isEqualTo(required);
        assertThat(verdict(denyIf(conditions))).isEqualTo(forbidden);
        assertThat(verdict(pay(ask("rule", conditions)))).isEqualTo(asked);
    }

    private static Condition condition(int letter) {
        return switch (letter) {
            case 't' -> when("args.five", Operator.EQ, 5);
            case 'f' -> when("args.five", Operator.EQ, 6);
            default -> when("args.five", Operator.STARTS_WITH, "5");
        };
    }

    private static Verdict verdict(Policy policy) {
        return new Desk(policy).decide(Map.of("five", 5)).verdict();
    }

    @Test
    void everyElementMustFulfilAConditionOnEveryElement() {
        Condition internal = when("args.to[*].mail", Operator.ENDS_WITH, "@a.org");

        assertThat(passes(require(internal), List.of())).isTrue();
        assertThat(passes(require(internal), List.of(Map.of("mail", "x@a.org"))))
                .isTrue();
        assertThat(passes(require(internal), List.of(Map.of("mail", "x@a.org"), Map.of("mail", "x@b.org"))))
                .isFalse();
        assertThat(passes(require(internal), List.of(Map.of("mail", "x@a.org"), Map.of())))
                .isFalse();
        assertThat(passes(require(internal), List.of(Map.of("mail", "x@a.org"), "x@b.org")))
                .isFalse();
        assertThat(passes(require(internal), List.of(Map.of("mail", List.of("x@a.org")))))
                .isFalse();
        assertThat(passes(require(internal), Map.of("mail", "x@a.org"))).isFalse();
        assertThat(passes(require(internal), "x@a.org")).isFalse();
    }

    @Test
    void anElementThatCanNotBeComparedOutweighsAPlainNoOfAnother() {
        Condition forbidden = when("args.to[*]", Operator.ENDS_WITH, "@b.org");

        assertThat(passes(denyIf(forbidden), List.of("x@b.org"))).isFalse();
        assertThat(passes(denyIf(forbidden), List.of("x@b.org", 5))).isFalse();
        assertThat(passes(denyIf(forbidden), List.of("x@a.org", 5))).isFalse();
        assertThat(passes(denyIf(forbidden), List.of(5, "x@a.org"))).isFalse();
        assertThat(passes(denyIf(forbidden), List.of("x@a.org"))).isTrue();
        Condition nested = when("args.to[*].at[*]", Operator.ENDS_WITH, "@b.org");
        assertThat(passes(denyIf(nested), List.of(Map.of("at", List.of("x@a.org")), Map.of("at", List.of(5)))))
                .isFalse();
    }

    @Test
    void everyElementOfWhatIsNoListCanNotBeTold() {
        for (Object to : Arrays.asList("x@b.org", 5, true, Map.of(), Map.of("0", "x@b.org"), null)) {
            for (Condition condition :
                    List.of(when("args.to[*]", Operator.EQ, "y"), when("args.to[*].mail", Operator.EXISTS, false))) {
                assertThat(passes(denyIf(condition), to)).as("%s", to).isFalse();
                assertThat(passes(require(condition), to)).as("%s", to).isFalse();
            }
        }
        assertThat(new Desk(denyIf(when("args.to[*]", Operator.EQ, "y")))
                        .decide(Map.of())
                        .allowed())
                .as("missing")
                .isTrue();
    }

    @Test
    void aNumberWalksIntoAListUnlessItIsQuoted() {
        Object list = List.of(Map.of("id", 7));
        Object map = Map.of("0", Map.of("id", 7));

        assertThat(passes(require(when("args.to.0.id", Operator.EQ, 7)), list)).isTrue();
        assertThat(passes(require(when("args.to.0.id", Operator.EQ, 7)), map)).isTrue();
        assertThat(passes(require(when("args.to.\"0\".id", Operator.EQ, 7)), list))
                .isFalse();
        assertThat(passes(require(when("args.to.\"0\".id", Operator.EQ, 7)), map))
                .isTrue();
        for (String index : List.of("1", "00", "-1", "+0", "0x0", "4294967296", "99999999999999999999")) {
            assertThat(passes(require(when("args.to." + index, Operator.EXISTS, true)), list))
                    .as(index)
                    .isFalse();
        }
    }

    @Test
    void nothingLiesInsideAScalarOrANull() {
        for (Object value : Arrays.asList("text", 5, true, null)) {
            assertThat(passes(require(when("args.to.length", Operator.EXISTS, false)), value))
                    .isTrue();
            assertThat(passes(require(when("args.to.0", Operator.EXISTS, false)), value))
                    .isTrue();
        }
    }

    private static boolean passes(Policy policy, Object to) {
        return new Desk(policy).decide(Collections.singletonMap("to", to)).allowed();
    }
}
