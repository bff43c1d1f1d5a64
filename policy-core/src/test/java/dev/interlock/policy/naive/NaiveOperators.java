package dev.interlock.policy.naive;

import com.google.re2j.Pattern;
import dev.interlock.policy.Condition;
import dev.interlock.policy.ConditionArbitraries;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** What each operator makes of one value. */
final class NaiveOperators {

    private NaiveOperators() {}

    /** Whether a condition that compares with a value of the call could have had this one as its value. */
    static boolean couldStand(Condition condition, Value operand) {
        boolean empty = operand instanceof Value.Text text && text.value().isEmpty();
        return operand != Value.Nil.NULL
                && switch (condition.operator()) {
                    case EQ, NEQ -> true;
                    case IN, NOT_IN -> operand instanceof Value.Array;
                    case LT, LTE, GT, GTE -> operand instanceof NumberValue;
                    case CONTAINS, NOT_CONTAINS -> !empty;
                    case STARTS_WITH, ENDS_WITH -> operand instanceof Value.Text && !empty;
                    case MAX_LENGTH ->
                        operand instanceof NumberValue number
                                && number.toBigDecimal().signum() >= 0
                                && number.toBigDecimal().stripTrailingZeros().scale() <= 0;
                    case WITHIN_PATH ->
                        Operator.WITHIN_PATH.problemWith(operand).isEmpty()
                                && directories(operand).stream()
                                        .allMatch(
                                                directory -> directory.startsWith("/") || directory.startsWith("C:\\"));
                    case HOST_IN, MAIL_IN, URL_IN, COMMAND_IN ->
                        condition.operator().problemWith(operand).isEmpty();
                    case CUSTOM -> true;
                    case EXISTS, REGEX, NOT_REGEX, DURING -> throw new AssertionError(condition.operator());
                };
    }

    /** Compares {@code value}, null if it is missing. */
    static Outcome compare(Condition condition, Value operand, @Nullable Value value) {
        boolean looksForAnArgument = condition.operand().from() != null
                && condition.operand().from().root() == Path.Root.ARGS
                && condition.path().root() == Path.Root.CTX;
        if (condition.operator() == Operator.EXISTS) {
            boolean there = value != null && value != Value.Nil.NULL;
            return Outcome.of(there == (operand == Value.Bool.TRUE));
        }
        if (value == null) {
            return switch (condition.operator()) {
                case NEQ, NOT_IN, NOT_REGEX, NOT_CONTAINS, CUSTOM -> Outcome.INVALID;
                default -> Outcome.FALSE;
            };
        }
        return switch (condition.operator()) {
            case EXISTS -> throw new AssertionError();
            case EQ -> NaiveEquality.compare(value, operand);
            case NEQ -> notIn(value, List.of(operand));
            case IN -> oneOf(value, items(operand));
            case NOT_IN -> notIn(value, items(operand));
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
            case CONTAINS ->
                looksForAnArgument && !(value instanceof Value.Array)
                        ? Outcome.INVALID
                        : contains(value, operand, true);
            case NOT_CONTAINS ->
                looksForAnArgument && !(value instanceof Value.Array)
                        ? Outcome.INVALID
                        : contains(value, operand, false);
            case STARTS_WITH -> texts(value, operand, String::startsWith);
            case ENDS_WITH -> texts(value, operand, String::endsWith);
            case WITHIN_PATH ->
                value instanceof Value.Text path
                        ? NaiveFilePath.liesWithin(path.value(), directories(operand), base(operand))
                        : Outcome.INVALID;
            case HOST_IN ->
                value instanceof Value.Text url ? NaiveUrl.isOnOneOf(url.value(), strings(operand)) : Outcome.INVALID;
            case MAIL_IN ->
                value instanceof Value.Text mail ? NaiveMail.isOneOf(mail.value(), strings(operand)) : Outcome.INVALID;
            case URL_IN ->
                value instanceof Value.Text url ? NaiveUrl.isAtOrBelow(url.value(), strings(operand)) : Outcome.INVALID;
            case COMMAND_IN ->
                value instanceof Value.Text command
                        ? NaiveCommand.isOneOf(command.value(), strings(operand))
                        : Outcome.INVALID;
            case DURING -> throw new AssertionError("the time is not a value");
            case MAX_LENGTH -> length(value, ((NumberValue) operand));
            case CUSTOM -> asked(value, operand);
        };
    }

    /** What the host's predicate says; it can't tell about null. */
    private static Outcome asked(Value value, Value operand) {
        if (value == Value.Nil.NULL) {
            return Outcome.INVALID;
        }
        try {
            return Outcome.of(ConditionArbitraries.hasSameText(value, operand));
        } catch (IllegalArgumentException e) {
            return Outcome.INVALID;
        }
    }

    /** One that is equal is enough. */
    private static Outcome oneOf(Value value, List<Value> operands) {
        return Outcome.any(operands.stream()
                .map(operand -> NaiveEquality.compare(value, operand))
                .toList());
    }

    /** All of them must be comparable, and among themselves as well. */
    private static Outcome notIn(Value value, List<Value> operands) {
        List<Boolean> kinds = operands.stream()
                .filter(operand -> operand != Value.Nil.NULL)
                .map(NaiveEquality::isScalar)
                .distinct()
                .toList();
        boolean unknown = value == Value.Nil.NULL && !operands.contains(Value.Nil.NULL);
        List<Outcome> equal = operands.stream()
                .map(operand -> NaiveEquality.compare(value, operand))
                .toList();
        return kinds.size() > 1 || unknown || equal.contains(Outcome.INVALID)
                ? Outcome.INVALID
                : Outcome.of(!equal.contains(Outcome.TRUE));
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
            Outcome found = Outcome.any(list.items().stream()
                    .map(item -> NaiveEquality.compare(item, operand))
                    .toList());
            return found == Outcome.INVALID ? found : Outcome.of((found == Outcome.TRUE) == wanted);
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

    private static List<String> directories(Value operand) {
        return strings(operand instanceof ObjectValue map ? java.util.Objects.requireNonNull(map.get("in")) : operand);
    }

    private static @Nullable String base(Value operand) {
        return operand instanceof ObjectValue map ? map.text("base") : null;
    }

    private static List<String> strings(Value oneOrMany) {
        return oneOrMany instanceof Value.Array list
                ? list.items().stream().map(NaiveEquality::text).toList()
                : List.of(NaiveEquality.text(oneOrMany));
    }
}
