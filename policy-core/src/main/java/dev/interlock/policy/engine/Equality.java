package dev.interlock.policy.engine;

import dev.interlock.policy.value.MemberName;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;

/**
 * The policy language's equality. Numbers compare by value. Other scalars compare by their canonical text, so {@code 5}
 * equals {@code "5"} and {@code true} equals {@code "true"}. Null equals only null. Arrays and objects compare element
 * by element.
 *
 * <p>Two values can't be compared if they are different but a server may take them for equal. This applies to an array
 * or object and a scalar other than null, because some servers unwrap it. It also applies to a boolean in the policy
 * and a scalar other than null that is neither a boolean nor the text of one, because some servers take {@code 1},
 * {@code "yes"} or {@code "True"} for true.
 */
final class Equality {

    private Equality() {}

    /** Whether a value equals what the policy compares it with. */
    static Truth compare(Value value, Value operand) {
        if (operand instanceof Value.Text text) {
            return compareText(value, text.value());
        }
        if (operand instanceof NumberValue number) {
            return compareNumber(value, number);
        }
        if (operand instanceof Value.Bool bool) {
            return compareBool(value, bool);
        }
        if (operand == Value.Nil.NULL) {
            return Truth.of(value == Value.Nil.NULL);
        }
        if (operand instanceof Value.Array wanted && value instanceof Value.Array array) {
            return compareElements(array.items(), wanted.items());
        }
        if (operand instanceof ObjectValue wanted && value instanceof ObjectValue object) {
            return compareMembers(object, wanted);
        }
        // A list is not a map and a map is not a list; null is neither.
        return value == Value.Nil.NULL || isContainer(value) ? Truth.FALSE : Truth.INVALID;
    }

    private static Truth compareText(Value value, String text) {
        if (value instanceof Value.Text other) {
            return Truth.of(other.value().equals(text));
        }
        if (value instanceof NumberValue number) {
            return Truth.of(number.plainTextEquals(text));
        }
        if (value instanceof Value.Bool bool) {
            return Truth.of(text.equals(text(bool)));
        }
        return isContainer(value) ? Truth.INVALID : Truth.FALSE;
    }

    private static Truth compareNumber(Value value, NumberValue number) {
        if (value instanceof NumberValue other) {
            return Truth.of(other.compareTo(number) == 0);
        }
        if (value instanceof Value.Text text) {
            return Truth.of(number.plainTextEquals(text.value()));
        }
        return isContainer(value) ? Truth.INVALID : Truth.FALSE;
    }

    private static Truth compareBool(Value value, Value.Bool bool) {
        if (value instanceof Value.Bool) {
            return Truth.of(value == bool);
        }
        if (value instanceof Value.Text text) {
            boolean known = text.value().equals("true") || text.value().equals("false");
            return known ? Truth.of(text.value().equals(text(bool))) : Truth.INVALID;
        }
        // Many clients write null for an argument that they leave out.
        return value == Value.Nil.NULL ? Truth.FALSE : Truth.INVALID;
    }

    private static String text(Value.Bool bool) {
        return bool.value() ? "true" : "false";
    }

    static boolean isContainer(Value value) {
        return value instanceof Value.Array || value instanceof ObjectValue;
    }

    private static Truth compareElements(List<Value> items, List<Value> wanted) {
        if (items.size() != wanted.size()) {
            return Truth.FALSE;
        }
        Truth result = Truth.TRUE;
        for (int i = 0; i < items.size() && result != Truth.FALSE; i++) {
            result = result.and(compare(items.get(i), wanted.get(i)));
        }
        return result;
    }

    private static Truth compareMembers(ObjectValue object, ObjectValue wanted) {
        Truth result = Truth.of(object.size() == wanted.size());
        for (Map.Entry<String, Value> member : wanted.members().entrySet()) {
            Value found = object.read(MemberName.of(member.getKey()), PathReader.UNCLEAR);
            if (PathReader.isUnclear(found)) {
                return Truth.INVALID;
            }
            result = result.and(found == null ? Truth.FALSE : compare(found, member.getValue()));
        }
        return result;
    }
}
