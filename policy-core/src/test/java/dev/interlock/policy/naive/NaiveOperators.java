package dev.interlock.policy.naive;

import com.google.re2j.Pattern;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** What each operator makes of one value. */
final class NaiveOperators {

    private NaiveOperators() {}

    /** Compares {@code value}, null if it is missing. */
    static Outcome compare(Condition condition, @Nullable Value value) {
        Value operand = condition.operand();
        if (condition.operator() == Operator.EXISTS) {
            boolean there = value != null && value != Value.Nil.NULL;
            return Outcome.of(there == (operand == Value.Bool.TRUE));
        }
        if (value == null) {
            return Outcome.FALSE;
        }
        return switch (condition.operator()) {
            case EXISTS -> throw new AssertionError();
            case EQ -> Outcome.of(NaiveEquality.equal(value, operand));
            case NEQ -> differs(value, operand);
            case IN -> Outcome.of(items(operand).stream().anyMatch(item -> NaiveEquality.equal(value, item)));
            case NOT_IN ->
                Outcome.all(items(operand).stream()
                        .map(item -> differs(value, item))
                        .toList());
            case LT -> order(value, operand, sign -> sign < 0);
            case LTE -> order(value, operand, sign -> sign <= 0);
            case GT -> order(value, operand, sign -> sign > 0);
            case GTE -> order(value, operand, sign -> sign >= 0);
            case REGEX ->
                texts(
                        value,
                        operand,
                        (text, regex) -> Pattern.compile(regex).matcher(text).find());
            case NOT_REGEX ->
                texts(
                        value,
                        operand,
                        (text, regex) -> !Pattern.compile(regex).matcher(text).find());
            case CONTAINS -> contains(value, operand, true);
            case NOT_CONTAINS -> contains(value, operand, false);
            case STARTS_WITH -> texts(value, operand, String::startsWith);
            case ENDS_WITH -> texts(value, operand, String::endsWith);
            case WITHIN_PATH ->
                value instanceof Value.Text path
                        ? NaiveFilePath.liesWithin(path.value(), strings(operand))
                        : Outcome.INVALID;
            case HOST_IN ->
                value instanceof Value.Text url ? NaiveUrl.isOnOneOf(url.value(), strings(operand)) : Outcome.INVALID;
            case MAX_LENGTH -> length(value, ((NumberValue) operand));
        };
    }

    private static Outcome differs(Value value, Value operand) {
        if (NaiveEquality.isScalar(value) != NaiveEquality.isScalar(operand)) {
            return Outcome.INVALID;
        }
        return Outcome.of(!NaiveEquality.equal(value, operand));
    }

    private static Outcome order(Value value, Value operand, java.util.function.IntPredicate fits) {
        return value instanceof NumberValue number
                ? Outcome.of(fits.test(number.toBigDecimal().compareTo(((NumberValue) operand).toBigDecimal())))
                : Outcome.INVALID;
    }

    private static Outcome texts(Value value, Value operand, BiPredicate<String, String> fits) {
        return value instanceof Value.Text text
                ? Outcome.of(fits.test(text.value(), ((Value.Text) operand).value()))
                : Outcome.INVALID;
    }

    private static Outcome contains(Value value, Value operand, boolean wanted) {
        if (value instanceof Value.Text text && NaiveEquality.isScalar(operand)) {
            return Outcome.of(text.value().contains(NaiveEquality.text(operand)) == wanted);
        }
        if (value instanceof Value.Array list) {
            boolean found = list.items().stream().anyMatch(item -> NaiveEquality.equal(item, operand));
            return Outcome.of(found == wanted);
        }
        return Outcome.INVALID;
    }

    private static Outcome length(Value value, NumberValue most) {
        if (value instanceof Value.Text text) {
            int characters = text.value().codePointCount(0, text.value().length());
            return Outcome.of(NumberValue.of(characters).compareTo(most) <= 0);
        }
        if (value instanceof Value.Array list) {
            return Outcome.of(NumberValue.of(list.items().size()).compareTo(most) <= 0);
        }
        return Outcome.INVALID;
    }

    private static List<Value> items(Value list) {
        return ((Value.Array) list).items();
    }

    private static List<String> strings(Value oneOrMany) {
        return oneOrMany instanceof Value.Array list
                ? list.items().stream().map(NaiveEquality::text).toList()
                : List.of(NaiveEquality.text(oneOrMany));
    }
}
