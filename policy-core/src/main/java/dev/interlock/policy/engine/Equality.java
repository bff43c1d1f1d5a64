package dev.interlock.policy.engine;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;

/**
 * The policy language's equality: numbers by value; other scalars by their canonical text, so that {@code 5} equals
 * {@code "5"} and {@code true} equals {@code "true"}; null only to null; arrays and objects element by element.
 */
final class Equality {

    private Equality() {}

    static boolean equal(Value a, Value b) {
        if (a instanceof Value.Text x) {
            return b instanceof Value.Text y ? x.value().equals(y.value()) : scalarEqualsText(b, x.value());
        }
        if (b instanceof Value.Text y) {
            return scalarEqualsText(a, y.value());
        }
        if (a instanceof NumberValue x) {
            return b instanceof NumberValue y && x.compareTo(y) == 0;
        }
        if (a instanceof Value.Array x) {
            return b instanceof Value.Array y && elementsEqual(x.items(), y.items());
        }
        if (a instanceof ObjectValue x) {
            return b instanceof ObjectValue y && membersEqual(x, y);
        }
        return a.equals(b);
    }

    /** Whether one is an array or object and the other is not, so that an inequality between them says nothing. */
    static boolean incomparable(Value a, Value b) {
        return isContainer(a) != isContainer(b);
    }

    static boolean isContainer(Value value) {
        return value instanceof Value.Array || value instanceof ObjectValue;
    }

    private static boolean scalarEqualsText(Value scalar, String text) {
        if (scalar instanceof NumberValue number) {
            return number.plainTextEquals(text);
        }
        if (scalar instanceof Value.Bool bool) {
            return text.equals(bool.value() ? "true" : "false");
        }
        return false;
    }

    private static boolean elementsEqual(List<Value> a, List<Value> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean membersEqual(ObjectValue a, ObjectValue b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Map.Entry<String, Value> member : a.members().entrySet()) {
            Value other = b.get(member.getKey());
            if (other == null || !equal(member.getValue(), other)) {
                return false;
            }
        }
        return true;
    }
}
