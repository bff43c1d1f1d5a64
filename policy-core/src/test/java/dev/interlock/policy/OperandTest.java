package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OperandTest {

    @Test
    void aPatternIsCompiledOnceForACondition() {
        Condition condition = Condition.of("args.id", Operator.REGEX, "^a+$");
        Condition copy = new Condition(
                condition.path(), Operator.REGEX, condition.operand(), "other", Place.of("somewhere.else"));

        assertThat(copy.operand().regex()).isSameAs(condition.operand().regex());
        assertThat(copy.operand().regex().find("aaa")).isTrue();
    }

    @Test
    void anOperandOfAnotherOperatorIsReadAnew() {
        Operand text = Operand.of(Operator.STARTS_WITH, Value.freeze("("));

        assertThatThrownBy(() -> new Condition(Path.parse("args.id"), Operator.REGEX, text, null, Place.of("")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not a valid RE2 pattern");
        assertThatThrownBy(() -> new Condition(Path.parse("args.id"), Operator.IN, text, null, Place.of("")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'in' takes a list, not a string");
    }

    @Test
    void onlyInAndNotInCompareWithTheItemsOfAList() {
        Value list = Value.freeze(List.of(1, 2));

        assertThat(Operand.of(Operator.IN, list).values()).hasSize(2);
        assertThat(Operand.of(Operator.NOT_IN, list).values()).hasSize(2);
        assertThat(Operand.of(Operator.EQ, list).values()).containsExactly(list);
        assertThat(Operand.of(Operator.NEQ, list).values()).containsExactly(list);
    }

    @Test
    void directoriesAreReadFromAPathAListAndAMap() {
        Value map = Value.freeze(Map.of("in", List.of("/a", "/b"), "base", "/a"));

        assertThat(Operand.of(Operator.WITHIN_PATH, Value.freeze("/a")).directories())
                .containsExactly("/a");
        assertThat(Operand.of(Operator.WITHIN_PATH, map).directories()).containsExactly("/a", "/b");
        assertThat(Operand.of(Operator.WITHIN_PATH, map).base()).isEqualTo("/a");
    }
}
