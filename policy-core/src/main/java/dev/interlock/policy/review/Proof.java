package dev.interlock.policy.review;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.engine.Comparison;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Proves statements about conditions on one path. Each method returns true only for what holds for every value of a
 * domain, and false if it doesn't know. Single values are tested with the engine's own comparison, so that there is
 * only one semantics. This class reasons by itself only about infinite sets of values.
 */
final class Proof {

    /** Up to this many whole numbers are tested one by one. */
    private static final int FEW = 200;

    private final List<Condition> conditions;
    private final List<Comparison> comparisons;

    Proof(List<Condition> conditions) {
        this.conditions = conditions;
        this.comparisons = conditions.stream().map(Comparison::of).toList();
    }

    // ---- never

    /** Whether no value of the domain, nor its absence, satisfies all of the conditions. */
    boolean neverHolds(Domain domain) {
        if (domain.missing() && hold(null)) {
            return false;
        }
        if (domain.listed() != null) {
            return domain.listed().stream().noneMatch(this::hold);
        }
        for (Condition condition : conditions) {
            List<Value> equals = equals(condition);
            if (equals != null) {
                return equals.stream().noneMatch(value -> domain.mayBe(value) && hold(value));
            }
        }
        return domain.kinds().stream().allMatch(kind -> never(kind, domain));
    }

    private boolean hold(@Nullable Value value) {
        return comparisons.stream().allMatch(comparison -> comparison.holds(value));
    }

    private boolean never(JsonType kind, Domain domain) {
        if (!conditions.stream().allMatch(condition -> canHold(condition, kind))) {
            return true;
        }
        return switch (kind) {
            case NULL -> !hold(Value.Nil.NULL);
            case BOOLEAN -> !hold(Value.Bool.TRUE) && !hold(Value.Bool.FALSE);
            case NUMBER -> noNumber(domain);
            case STRING -> StringConstraints.of(conditions).contradict(domain.minLength(), domain.maxLength());
            case ARRAY -> noArray();
            case OBJECT -> false;
        };
    }

    private boolean noNumber(Domain domain) {
        Range range = domain.numbers();
        for (Condition condition : conditions) {
            range = range.and(rangeOf(condition));
        }
        List<BigDecimal> few = range.few(FEW);
        return few != null && few.stream().noneMatch(number -> hold(number(number)));
    }

    private boolean noArray() {
        for (Condition condition : conditions) {
            if (condition.operator() == Operator.CONTAINS) {
                // A list that contains this may contain more. The result is certain only for operators that look at
                // this element alone.
                Value list = new Value.Array(List.of(condition.operand().value()));
                for (int i = 0; i < conditions.size(); i++) {
                    Operator other = conditions.get(i).operator();
                    boolean sure = other == Operator.NOT_CONTAINS || other == Operator.MAX_LENGTH;
                    if (sure
                            && isScalar(condition.operand().value())
                            && !comparisons.get(i).holds(list)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Whether a value of this type may satisfy a condition; false only if none does. */
    private static boolean canHold(Condition condition, JsonType kind) {
        Value operand = condition.operand().value();
        return switch (condition.operator()) {
            case EXISTS -> (kind != JsonType.NULL) == (operand == Value.Bool.TRUE);
            case LT, LTE, GT, GTE -> kind == JsonType.NUMBER;
            case REGEX, NOT_REGEX, STARTS_WITH, ENDS_WITH, WITHIN_PATH, HOST_IN, MAIL_IN, URL_IN, COMMAND_IN, DURING ->
                kind == JsonType.STRING;
            case CONTAINS, NOT_CONTAINS ->
                kind == JsonType.ARRAY
                        || (kind == JsonType.STRING && !JsonType.of(operand).isContainer());
            case MAX_LENGTH -> kind == JsonType.ARRAY || kind == JsonType.STRING;
            case CUSTOM -> true;
            case EQ, IN -> condition.operand().values().stream().anyMatch(each -> canEqual(kind, each));
            case NEQ, NOT_IN -> condition.operand().values().stream().allMatch(each -> canDiffer(kind, each));
        };
    }

    private static boolean canEqual(JsonType kind, Value operand) {
        JsonType other = JsonType.of(operand);
        if (kind.isContainer() || other.isContainer() || kind == JsonType.NULL || other == JsonType.NULL) {
            return kind == other;
        }
        return kind == other || kind == JsonType.STRING || other == JsonType.STRING;
    }

    /** Null is either equal or no known value. Other values differ only from values that they can be compared with. */
    private static boolean canDiffer(JsonType kind, Value operand) {
        JsonType other = JsonType.of(operand);
        if (kind == JsonType.NULL || other == JsonType.NULL) {
            return kind != JsonType.NULL;
        }
        boolean comparable = other != JsonType.BOOLEAN || kind == JsonType.BOOLEAN || kind == JsonType.STRING;
        return comparable && kind.isContainer() == other.isContainer();
    }

    // ---- always

    /** Whether every value of the domain, and its absence if there may be no value, satisfies all of the conditions. */
    boolean alwaysHolds(Domain domain) {
        if (domain.missing() && !hold(null)) {
            return false;
        }
        if (domain.listed() != null) {
            return domain.listed().stream().allMatch(this::hold);
        }
        return domain.kinds().stream().allMatch(kind -> always(kind, domain));
    }

    private boolean always(JsonType kind, Domain domain) {
        return switch (kind) {
            case NULL -> hold(Value.Nil.NULL);
            case BOOLEAN -> hold(Value.Bool.TRUE) && hold(Value.Bool.FALSE);
            case NUMBER, STRING, ARRAY, OBJECT ->
                conditions.stream().allMatch(condition -> always(condition, kind, domain));
        };
    }

    private static boolean always(Condition condition, JsonType kind, Domain domain) {
        return switch (condition.operator()) {
            case EXISTS -> condition.operand().value() == Value.Bool.TRUE;
            case LT, LTE, GT, GTE ->
                kind == JsonType.NUMBER && rangeOf(condition).covers(domain.numbers());
            case MAX_LENGTH ->
                kind == JsonType.STRING
                        && condition.operand().number().toBigDecimal().compareTo(BigDecimal.valueOf(domain.maxLength()))
                                >= 0;
            case NEQ, NOT_IN ->
                condition.operand().values().stream().allMatch(operand -> differs(operand, kind, domain));
            case EQ,
                    IN,
                    REGEX,
                    NOT_REGEX,
                    CONTAINS,
                    NOT_CONTAINS,
                    STARTS_WITH,
                    ENDS_WITH,
                    WITHIN_PATH,
                    HOST_IN,
                    MAIL_IN,
                    URL_IN,
                    COMMAND_IN,
                    DURING,
                    CUSTOM -> false;
        };
    }

    /** Whether no value of this type in the domain equals the operand or can't be compared with it. */
    private static boolean differs(Value operand, JsonType kind, Domain domain) {
        // A number can't be compared with a boolean, nor can a string that is not the text of a boolean.
        if (kind.isContainer() || JsonType.of(operand).isContainer() || operand instanceof Value.Bool) {
            return false;
        }
        return equalScalars(operand).stream().noneMatch(value -> JsonType.of(value) == kind && domain.mayBe(value));
    }

    // ---- single values

    /** Whether no value of the domain equals the operand. */
    static boolean neverOccurs(Value operand, Domain domain) {
        if (isScalar(operand)) {
            return equalScalars(operand).stream().noneMatch(domain::mayBe);
        }
        return !domain.kinds().contains(JsonType.of(operand));
    }

    /** All values for which the condition can be true, if it demands equality with scalars; otherwise null. */
    private static @Nullable List<Value> equals(Condition condition) {
        if (condition.operator() != Operator.EQ && condition.operator() != Operator.IN) {
            return null;
        }
        List<Value> values = new ArrayList<>();
        for (Value operand : condition.operand().values()) {
            if (!isScalar(operand)) {
                return null;
            }
            values.addAll(equalScalars(operand));
        }
        return values;
    }

    /** The values that equal a scalar: the scalar itself, and values with the same canonical text. */
    private static List<Value> equalScalars(Value operand) {
        List<Value> values = new ArrayList<>();
        values.add(operand);
        if (operand instanceof NumberValue number) {
            values.add(new Value.Text(number.plainText()));
        } else if (operand instanceof Value.Bool bool) {
            values.add(new Value.Text(Boolean.toString(bool.value())));
        } else if (operand instanceof Value.Text text) {
            if (text.value().equals("true") || text.value().equals("false")) {
                values.add(Value.Bool.of(text.value().equals("true")));
            }
            NumberValue number = parse(text.value());
            if (number != null) {
                values.add(number);
            }
        }
        return values;
    }

    /** The number with this canonical text, or null. */
    private static @Nullable NumberValue parse(String text) {
        if (text.isEmpty() || "-0123456789".indexOf(text.charAt(0)) < 0) {
            return null;
        }
        try {
            NumberValue number = NumberValue.of(new BigDecimal(text));
            return number.plainTextEquals(text) ? number : null;
        } catch (NumberFormatException | InvalidValueException e) {
            return null;
        }
    }

    private static Range rangeOf(Condition condition) {
        if (!(condition.operand().value() instanceof NumberValue number)) {
            return Range.ALL;
        }
        BigDecimal bound = number.toBigDecimal();
        return switch (condition.operator()) {
            case LT -> Range.ALL.atMost(bound, true);
            case LTE -> Range.ALL.atMost(bound, false);
            case GT -> Range.ALL.atLeast(bound, true);
            case GTE -> Range.ALL.atLeast(bound, false);
            default -> Range.ALL;
        };
    }

    private static Value number(BigDecimal number) {
        return NumberValue.of(number);
    }

    private static boolean isScalar(Value value) {
        return !JsonType.of(value).isContainer();
    }
}
