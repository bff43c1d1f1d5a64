package dev.interlock.policy.naive;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** The language's equality: laxer than JSON's between scalars, no laxer between lists and maps. */
final class NaiveEquality {

    private NaiveEquality() {}

    /** What comes of comparing a value with what the policy says; invalid if a server might see it otherwise. */
    static Outcome compare(Value value, Value operand) {
        if (value instanceof Value.Array list && operand instanceof Value.Array wanted) {
            List<Outcome> pairs = new ArrayList<>();
            pairs.add(Outcome.of(list.items().size() == wanted.items().size()));
            for (int i = 0; i < Math.min(list.items().size(), wanted.items().size()); i++) {
                pairs.add(compare(list.items().get(i), wanted.items().get(i)));
            }
            return Outcome.all(pairs);
        }
        if (value instanceof ObjectValue map && operand instanceof ObjectValue wanted) {
            if (wanted.names().stream().anyMatch(name -> !NaiveNames.isClear(map, name))) {
                return Outcome.INVALID;
            }
            return !map.names().equals(wanted.names())
                    ? Outcome.FALSE
                    : Outcome.all(wanted.names().stream()
                            .map(name -> compare(map.get(name), wanted.get(name)))
                            .toList());
        }
        if (isScalar(value) != isScalar(operand)) {
            boolean none = value == Value.Nil.NULL || operand == Value.Nil.NULL;
            return none ? Outcome.FALSE : Outcome.INVALID;
        }
        if (!isScalar(value)) {
            return Outcome.FALSE;
        }
        if (operand instanceof Value.Bool
                && value != Value.Nil.NULL
                && !List.of("true", "false").contains(text(value))) {
            return Outcome.INVALID;
        }
        boolean bothNullOrNone = value == Value.Nil.NULL == (operand == Value.Nil.NULL);
        return Outcome.of(bothNullOrNone && text(value).equals(text(operand)));
    }

    static boolean isScalar(Value value) {
        return !(value instanceof Value.Array) && !(value instanceof ObjectValue);
    }

    /** The canonical text of a scalar. */
    static String text(Value scalar) {
        if (scalar instanceof NumberValue number) {
            BigDecimal exact = number.toBigDecimal();
            return exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toPlainString();
        }
        return String.valueOf(scalar.toJava());
    }
}
