package dev.interlock.policy.value;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One JSON value. It and everything in it is immutable and safe to share between threads.
 *
 * <p>Two values are {@link Object#equals equal} if they are the same JSON value: numbers by numeric value ({@code 1}
 * and {@code 1.0} are equal), objects without regard to the order of their members. The policy language has a separate,
 * looser equality (where {@code 5} equals {@code "5"}), which belongs to conditions.
 */
public sealed interface Value permits Value.Nil, Value.Bool, NumberValue, Value.Text, Value.Array, ObjectValue {

    /**
     * Copies a Java value into a frozen tree. Accepts {@code null}, {@link Boolean}, {@link String}, the JDK's own
     * number classes (exactly those, no subclasses), {@link SpelledDecimal}, {@link Map} with string keys,
     * {@link java.util.Collection}, and {@link Value}. Reads every map and collection once.
     *
     * @throws InvalidValueException if the value is not a valid JSON value, or exceeds the bounds
     */
    static Value freeze(@Nullable Object value, ValueLimits limits) {
        return new Freezer(limits).freeze(value);
    }

    /** Does the same as {@link #freeze(Object, ValueLimits)} within {@link ValueLimits#DEFAULT}. */
    static Value freeze(@Nullable Object value) {
        return freeze(value, ValueLimits.DEFAULT);
    }

    /**
     * Returns the same value as plain Java: {@code null}, {@link Boolean}, {@link String}, {@link Integer},
     * {@link Long}, {@link java.math.BigInteger}, {@link java.math.BigDecimal}, unmodifiable {@link List} or
     * {@link Map}. A number that was frozen with its spelling is a {@link SpelledDecimal}. Freezing the result gives an
     * equal value with the same text.
     */
    @Nullable
    Object toJava();

    /** Returns the kind of value, in the words of JSON Schema, for messages. */
    String typeName();

    /**
     * Returns the value as compact JSON text. In contrast, {@code toString} reveals only the kind of value, so that
     * string concatenation can't put an argument into a log.
     */
    default String json() {
        return JsonText.of(this);
    }

    /** JSON's {@code null}. */
    enum Nil implements Value {
        /** The only instance. */
        NULL;

        @Override
        public @Nullable Object toJava() {
            return null;
        }

        @Override
        public String typeName() {
            return "null";
        }
    }

    /** {@code true} or {@code false}. */
    enum Bool implements Value {
        /** {@code false}. */
        FALSE,
        /** {@code true}. */
        TRUE;

        /** Returns the constant for a Java boolean. */
        public static Bool of(boolean value) {
            return value ? TRUE : FALSE;
        }

        /** Returns the value as a Java boolean. */
        public boolean value() {
            return this == TRUE;
        }

        @Override
        public Object toJava() {
            return value();
        }

        @Override
        public String typeName() {
            return "boolean";
        }

        @Override
        public String toString() {
            return typeName();
        }
    }

    /**
     * A string of valid Unicode: no unpaired surrogates.
     *
     * @param value the string
     */
    record Text(String value) implements Value {
        /** Written by hand, like {@link #hashCode}, because the first decision already compares texts. */
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Text text && value.equals(text.value);
        }

        @Override
        public int hashCode() {
            return value.hashCode();
        }

        @Override
        public Object toJava() {
            return value;
        }

        @Override
        public String typeName() {
            return "string";
        }

        @Override
        public String toString() {
            return typeName();
        }
    }

    /**
     * A list of values.
     *
     * @param items the elements, in order
     */
    record Array(List<Value> items) implements Value {
        /** Copies the list, so that it can't change afterwards. */
        public Array {
            items = List.copyOf(items);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Array array && items.equals(array.items);
        }

        @Override
        public int hashCode() {
            return items.hashCode();
        }

        @Override
        public Object toJava() {
            // Not List.of or a stream's list: JSON null is a legal element.
            @Nullable Object[] copy = new @Nullable Object[items.size()];
            for (int i = 0; i < copy.length; i++) {
                copy[i] = items.get(i).toJava();
            }
            return java.util.Collections.unmodifiableList(java.util.Arrays.asList(copy));
        }

        @Override
        public String typeName() {
            return "array";
        }

        @Override
        public String toString() {
            return typeName();
        }
    }
}
