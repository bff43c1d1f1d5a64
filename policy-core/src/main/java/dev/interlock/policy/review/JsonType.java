package dev.interlock.policy.review;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Locale;

/** The types of JSON. */
enum JsonType {
    NULL,
    BOOLEAN,
    NUMBER,
    STRING,
    ARRAY,
    OBJECT;

    static JsonType of(Value value) {
        if (value instanceof Value.Text) {
            return STRING;
        }
        if (value instanceof NumberValue) {
            return NUMBER;
        }
        if (value instanceof Value.Bool) {
            return BOOLEAN;
        }
        if (value instanceof Value.Array) {
            return ARRAY;
        }
        return value instanceof ObjectValue ? OBJECT : NULL;
    }

    boolean isContainer() {
        return this == ARRAY || this == OBJECT;
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
