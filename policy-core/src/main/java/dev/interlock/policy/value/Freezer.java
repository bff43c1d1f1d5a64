package dev.interlock.policy.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies one foreign tree. Every node is charged against the byte bound before its children are visited. So shared
 * subtrees that would expand exponentially, endless iterators and cycles all hit a bound early.
 */
final class Freezer {

    private final ValueLimits limits;
    private long bytes;

    Freezer(ValueLimits limits) {
        this.limits = limits;
    }

    Value freeze(@Nullable Object value) {
        return copy(value, 0);
    }

    private Value copy(@Nullable Object value, int depth) {
        if (value == null || value == Value.Nil.NULL) {
            charge(4);
            return Value.Nil.NULL;
        }
        if (value instanceof String string) {
            return text(string);
        }
        if (value instanceof Boolean bool) {
            return bool(bool);
        }
        if (value instanceof Number number) {
            return charged(number(number));
        }
        if (value instanceof Map<?, ?> map) {
            return object(map, depth + 1);
        }
        if (value instanceof Collection<?> collection) {
            return array(collection, depth + 1);
        }
        if (value instanceof Value frozen) {
            return refreeze(frozen, depth);
        }
        throw new InvalidValueException("a " + value.getClass().getName()
                + " is not a JSON value; pass strings, booleans, numbers, lists and maps");
    }

    /** Copies a value that is already frozen, but perhaps under looser bounds. */
    private Value refreeze(Value value, int depth) {
        if (value instanceof ObjectValue object) {
            return object(object.members(), depth + 1);
        }
        if (value instanceof Value.Array array) {
            return array(array.items(), depth + 1);
        }
        if (value instanceof Value.Text text) {
            return text(text.value());
        }
        if (value instanceof Value.Bool bool) {
            return bool(bool.value());
        }
        return charged((NumberValue) value);
    }

    private Value.Bool bool(boolean value) {
        charge(value ? 4 : 5);
        return Value.Bool.of(value);
    }

    private Value.Text text(String string) {
        charge(JsonText.quotedBytes(string, limits.maxBytes() - bytes));
        return new Value.Text(string);
    }

    private NumberValue charged(NumberValue number) {
        charge(number.json().length());
        return number;
    }

    /**
     * Accepts only the JDK's own classes and {@link SpelledDecimal}, final or matched exactly: any other subclass could
     * return different values each time.
     */
    private static NumberValue number(Number number) {
        Class<?> type = number.getClass();
        if (type == Integer.class || type == Long.class || type == Short.class || type == Byte.class) {
            return NumberValue.of(number.longValue());
        }
        if (type == Double.class) {
            return NumberValue.of((double) (Double) number);
        }
        if (type == Float.class) {
            float value = (Float) number;
            if (!Float.isFinite(value)) {
                throw new InvalidValueException("a number is not finite, which JSON cannot express");
            }
            // A float's own shortest text: widening 0.1f to a double first would make it 0.10000000149011612.
            return value == 0 ? NumberValue.of((double) value) : NumberValue.of(new BigDecimal(Float.toString(value)));
        }
        if (type == BigInteger.class) {
            return NumberValue.of((BigInteger) number);
        }
        if (type == BigDecimal.class || type == SpelledDecimal.class) {
            return NumberValue.of((BigDecimal) number);
        }
        throw new InvalidValueException(
                "a " + type.getName() + " is not a JSON number; pass a JDK number class, such as BigDecimal");
    }

    private ObjectValue object(Map<?, ?> map, int depth) {
        enter(depth);
        Map<String, Value> members = new LinkedHashMap<>();
        for (Map.Entry<?, ?> member : map.entrySet()) {
            if (!(member.getKey() instanceof String name)) {
                throw new InvalidValueException("a key of an object is not a string");
            }
            charge(JsonText.quotedBytes(name, limits.maxBytes() - bytes) + (members.isEmpty() ? 1 : 2));
            if (members.put(name, copy(member.getValue(), depth)) != null) {
                // Only a Map that violates its own contract gets here. We can't know which of the two would be sent.
                throw new InvalidValueException("a key of an object occurs twice");
            }
        }
        return ObjectValue.owning(members);
    }

    private Value.Array array(Collection<?> collection, int depth) {
        enter(depth);
        List<Value> items = new ArrayList<>();
        for (Object item : collection) {
            if (!items.isEmpty()) {
                charge(1);
            }
            items.add(copy(item, depth));
        }
        return new Value.Array(items);
    }

    private void enter(int depth) {
        if (depth > limits.maxDepth()) {
            throw new InvalidValueException("nested deeper than " + limits.maxDepth() + " levels");
        }
        charge(2);
    }

    private void charge(long amount) {
        bytes += amount;
        if (bytes > limits.maxBytes()) {
            throw new InvalidValueException("larger than " + limits.maxBytes() + " bytes of JSON");
        }
    }

    long bytes() {
        return bytes;
    }
}
