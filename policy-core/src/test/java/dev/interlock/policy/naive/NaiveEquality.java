package dev.interlock.policy.naive;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;

/** The language's equality: laxer than JSON's between scalars, no laxer between lists and maps. */
final class NaiveEquality {

    private NaiveEquality() {}

    static boolean equal(Value one, Value other) {
        if (one.equals(Value.Nil.NULL) || other.equals(Value.Nil.NULL)) {
            return one.equals(other);
        }
        if (one instanceof Value.Array list && other instanceof Value.Array otherList) {
            boolean same = list.items().size() == otherList.items().size();
            for (int i = 0; same && i < list.items().size(); i++) {
                same = equal(list.items().get(i), otherList.items().get(i));
            }
            return same;
        }
        if (one instanceof ObjectValue map && other instanceof ObjectValue otherMap) {
            return map.names().equals(otherMap.names())
                    && map.names().stream().allMatch(name -> equal(map.get(name), otherMap.get(name)));
        }
        return isScalar(one) && isScalar(other) && text(one).equals(text(other));
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
