package dev.interlock.policy.review;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values that may be found at a path. The set is never too small, so what is true for all of its values is true for
 * the value that is actually found.
 *
 * @param missing whether there may be no value
 * @param kinds the types that values may have
 * @param listed all values if they are few, up to equality; otherwise null
 * @param numbers the numbers among them
 * @param minLength the fewest characters of a string
 * @param maxLength the most characters of a string
 */
record Domain(
        boolean missing,
        Set<JsonType> kinds,
        @Nullable List<Value> listed,
        Range numbers,
        int minLength,
        int maxLength) {

    /** Any value, or no value. */
    static final Domain ANYTHING =
            new Domain(true, EnumSet.allOf(JsonType.class), null, Range.ALL, 0, Integer.MAX_VALUE);

    /** Any value, but not the absence of one. */
    static final Domain ANY_VALUE = ANYTHING.present();

    static final Domain ABSENT = new Domain(true, EnumSet.noneOf(JsonType.class), List.of(), Range.ALL, 0, 0);

    /** A value of a counter. */
    static final Domain COUNTER =
            new Domain(false, EnumSet.of(JsonType.NUMBER), null, Range.NOT_NEGATIVE, 0, Integer.MAX_VALUE);

    static Domain of(Set<JsonType> kinds) {
        return new Domain(false, kinds, null, Range.ALL, 0, Integer.MAX_VALUE);
    }

    static Domain of(List<Value> listed) {
        EnumSet<JsonType> kinds = EnumSet.noneOf(JsonType.class);
        listed.forEach(value -> kinds.add(JsonType.of(value)));
        return new Domain(false, kinds, listed, Range.ALL, 0, Integer.MAX_VALUE);
    }

    Domain present() {
        return new Domain(false, kinds, listed, numbers, minLength, maxLength);
    }

    Domain orMissing() {
        return new Domain(true, kinds, listed, numbers, minLength, maxLength);
    }

    Domain with(Range range) {
        return new Domain(missing, kinds, listed, range, minLength, maxLength);
    }

    Domain withLength(int min, int max) {
        return new Domain(missing, kinds, listed, numbers, min, max);
    }

    /** The values in both domains. */
    Domain and(Domain other) {
        EnumSet<JsonType> both = EnumSet.noneOf(JsonType.class);
        both.addAll(kinds);
        both.retainAll(other.kinds);
        Domain narrow = new Domain(
                missing && other.missing,
                both,
                null,
                numbers.and(other.numbers),
                Math.max(minLength, other.minLength),
                Math.min(maxLength, other.maxLength));
        List<Value> values = listed == null ? other.listed : listed;
        if (values == null) {
            return narrow;
        }
        List<Value> kept = values.stream()
                .filter(value -> mayBe(value) && other.mayBe(value))
                .toList();
        Domain few = of(kept);
        return new Domain(narrow.missing, few.kinds, kept, narrow.numbers, narrow.minLength, narrow.maxLength);
    }

    /** The values in either domain. */
    Domain or(Domain other) {
        EnumSet<JsonType> either = EnumSet.noneOf(JsonType.class);
        either.addAll(kinds);
        either.addAll(other.kinds);
        List<Value> values = null;
        if (listed != null && other.listed != null) {
            values = new ArrayList<>(listed);
            values.addAll(other.listed);
        }
        return new Domain(
                missing || other.missing,
                either,
                values,
                numbersOr(other),
                Math.min(leastLength(), other.leastLength()),
                Math.max(greatestLength(), other.greatestLength()));
    }

    private Range numbersOr(Domain other) {
        if (!kinds.contains(JsonType.NUMBER)) {
            return other.numbers;
        }
        if (!other.kinds.contains(JsonType.NUMBER)) {
            return numbers;
        }
        return numbers.or(other.numbers);
    }

    private int leastLength() {
        return kinds.contains(JsonType.STRING) ? minLength : Integer.MAX_VALUE;
    }

    private int greatestLength() {
        return kinds.contains(JsonType.STRING) ? maxLength : 0;
    }

    /** Whether a value may be found; false only if it certainly isn't. */
    boolean mayBe(Value value) {
        if (!kinds.contains(JsonType.of(value))) {
            return false;
        }
        if (listed != null && listed.stream().noneMatch(value::equals)) {
            return false;
        }
        if (value instanceof NumberValue number) {
            return numbers.contains(number.toBigDecimal());
        }
        if (value instanceof Value.Text text) {
            int length = text.value().codePointCount(0, text.value().length());
            return length >= minLength && length <= maxLength;
        }
        return true;
    }
}
