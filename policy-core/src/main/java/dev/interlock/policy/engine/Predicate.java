package dev.interlock.policy.engine;

import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.text.Regex;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A compiled operator with its operand. */
abstract sealed class Predicate {

    /** The result for a value that exists. */
    abstract Truth test(Value value);

    /** The result if there is no value. */
    Truth missing() {
        return Truth.FALSE;
    }

    /** If the predicate accepts, among strings, only the one equal to a given string: that string. Otherwise null. */
    @Nullable
    String text() {
        return null;
    }

    /**
     * If the predicate accepts, among strings, only those equal to one of a few given strings: those strings. Otherwise
     * null.
     */
    String @Nullable [] texts() {
        return null;
    }

    static Predicate compile(Operator operator, Operand operand) {
        return switch (operator) {
            case EQ -> operand.value() instanceof Value.Text text ? new EqualText(text) : new Equal(operand.value());
            case NEQ, NOT_IN -> new NotIn(operand.values());
            case IN -> In.of(operand.values());
            case LT -> new Ordered(operand.number(), Order.LT);
            case LTE -> new Ordered(operand.number(), Order.LTE);
            case GT -> new Ordered(operand.number(), Order.GT);
            case GTE -> new Ordered(operand.number(), Order.GTE);
            case REGEX -> new Matches(operand.regex());
            case NOT_REGEX -> new Not(new Matches(operand.regex()));
            case CONTAINS -> new Contains(operand.value());
            case NOT_CONTAINS -> new Not(new Contains(operand.value()));
            case STARTS_WITH -> new StartsWith(operand.text());
            case ENDS_WITH -> new EndsWith(operand.text());
            case EXISTS -> new Exists(operand.value() == Value.Bool.TRUE);
            case WITHIN_PATH -> new OfText(FilePaths.of(operand.directories(), operand.base())::contain);
            case HOST_IN -> new OfText(Hosts.of(operand.texts())::include);
            case MAIL_IN -> new OfText(MailAddresses.of(operand.texts())::include);
            case URL_IN -> new OfText(Urls.of(operand.texts())::include);
            case COMMAND_IN -> new OfText(Commands.of(operand.texts())::include);
            case DURING -> new During(operand.window());
            case MAX_LENGTH -> new MaxLength(operand.number());
            case CUSTOM -> throw new IllegalArgumentException("only the host knows what a custom predicate says");
        };
    }

    private static String text(Value operand) {
        return ((Value.Text) operand).value();
    }

    /** Whether a value equals one of the operands. */
    static Truth isOneOf(Value value, List<Value> operands) {
        Truth result = Truth.FALSE;
        for (int i = 0; i < operands.size(); i++) {
            result = result.or(Equality.compare(value, operands.get(i)));
            if (result == Truth.TRUE) {
                return result;
            }
        }
        return result;
    }

    /** Whether operands are of both kinds, lists or maps and scalars. No value can be compared with all of them. */
    static boolean areMixed(List<Value> operands) {
        boolean containers = false;
        boolean scalars = false;
        for (int i = 0; i < operands.size(); i++) {
            boolean container = Equality.isContainer(operands.get(i));
            containers |= container;
            scalars |= !container && operands.get(i) != Value.Nil.NULL;
        }
        return containers && scalars;
    }

    /** Whether a value equals none of the operands, which are not {@linkplain #areMixed mixed}. */
    static Truth isNoneOf(Value value, List<Value> operands) {
        if (value == Value.Nil.NULL && !operands.contains(Value.Nil.NULL)) {
            // Many clients leave an argument out by writing null, and the server's default may be any value.
            return Truth.INVALID;
        }
        Truth result = Truth.TRUE;
        for (int i = 0; i < operands.size(); i++) {
            Truth equal = Equality.compare(value, operands.get(i));
            if (equal == Truth.INVALID) {
                return equal;
            }
            result = result.and(equal.not());
        }
        return result;
    }

    /** Whether a list has an element that equals the operand, or a string has it as a part. */
    static Truth contains(Value value, Value operand, @Nullable String text) {
        if (value instanceof Value.Text string) {
            return text == null ? Truth.INVALID : Truth.of(string.value().contains(text));
        }
        if (!(value instanceof Value.Array array)) {
            return Truth.INVALID;
        }
        Truth result = Truth.FALSE;
        for (Value item : array.items()) {
            result = result.or(Equality.compare(item, operand));
            if (result == Truth.TRUE) {
                return result;
            }
        }
        return result;
    }

    /** A scalar's canonical text; null for an array, an object or null, which no string can contain. */
    static @Nullable String scalarText(Value operand) {
        if (operand instanceof Value.Text string) {
            return string.value();
        }
        if (operand instanceof NumberValue number) {
            return number.plainText();
        }
        return operand instanceof Value.Bool bool ? Boolean.toString(bool.value()) : null;
    }

    /** Whether a string or list has at most so many characters or elements. */
    static Truth isNoLonger(Value value, NumberValue max) {
        if (value instanceof Value.Text text) {
            return isAtMost(text.value().codePointCount(0, text.value().length()), max);
        }
        return value instanceof Value.Array array ? isAtMost(array.items().size(), max) : Truth.INVALID;
    }

    private static Truth isAtMost(int length, NumberValue max) {
        return Truth.of(NumberValue.of(length).compareTo(max) <= 0);
    }

    /** An operator between two values of the call, with the one that is compared with. */
    static final class Related extends Predicate {
        private final Relation.Direct relation;
        private final Value operand;

        Related(Relation.Direct relation, Value operand) {
            this.relation = relation;
            this.operand = operand;
        }

        @Override
        Truth test(Value value) {
            return relation.test(value, operand);
        }

        @Override
        Truth missing() {
            return relation.missing();
        }
    }

    /** Questions to a predicate of the host's, for one test. Nothing and null are nothing to ask about. */
    static final class Asked extends Predicate {
        private final String name;
        private final Value operand;
        private final @Nullable HostAnswers answers;

        /** Whether a question has no answer. */
        private boolean unanswered;

        Asked(String name, Value operand, @Nullable HostAnswers answers) {
            this.name = name;
            this.operand = operand;
            this.answers = answers;
        }

        @Override
        Truth test(Value value) {
            if (value == Value.Nil.NULL) {
                return Truth.INVALID;
            }
            Truth answer =
                    answers == null ? Truth.INVALID : answers.of(new HostAnswers.HostQuestion(name, value, operand));
            unanswered |= answer == Truth.INVALID;
            return answer;
        }

        boolean isUnanswered() {
            return unanswered;
        }

        @Override
        Truth missing() {
            return Truth.INVALID;
        }
    }

    private static final class Equal extends Predicate {
        private final Value operand;

        Equal(Value operand) {
            this.operand = operand;
        }

        @Override
        Truth test(Value value) {
            return Equality.compare(value, operand);
        }
    }

    /** Equality with a string. Most values are compared with a string. */
    private static final class EqualText extends Predicate {
        private final Value.Text operand;
        private final String text;

        EqualText(Value.Text operand) {
            this.operand = operand;
            this.text = operand.value();
        }

        @Override
        String text() {
            return text;
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text found
                    ? Truth.of(found.value().equals(text))
                    : Equality.compare(value, operand);
        }
    }

    private static final class InTexts extends Predicate {
        private final In general;
        private final String[] texts;

        InTexts(List<Value> operands) {
            this.general = new In(operands);
            this.texts = new String[operands.size()];
            for (int i = 0; i < texts.length; i++) {
                texts[i] = Predicate.text(operands.get(i));
            }
        }

        @Override
        String[] texts() {
            return texts;
        }

        @Override
        Truth test(Value value) {
            if (!(value instanceof Value.Text found)) {
                return general.test(value);
            }
            String text = found.value();
            for (int i = 0; i < texts.length; i++) {
                if (text.equals(texts[i])) {
                    return Truth.TRUE;
                }
            }
            return Truth.FALSE;
        }
    }

    /** Equality with one of many strings. */
    private static final class InManyTexts extends Predicate {
        private final In general;
        private final Set<String> texts;

        InManyTexts(List<Value> operands) {
            this.general = new In(operands);
            this.texts = operands.stream().map(Predicate::text).collect(Collectors.toUnmodifiableSet());
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text found ? Truth.of(texts.contains(found.value())) : general.test(value);
        }
    }

    private static final class In extends Predicate {
        private static final int FEW = 8;

        private final List<Value> operands;

        static Predicate of(List<Value> operands) {
            for (Value operand : operands) {
                if (!(operand instanceof Value.Text)) {
                    return new In(operands);
                }
            }
            return operands.size() <= FEW ? new InTexts(operands) : new InManyTexts(operands);
        }

        In(List<Value> operands) {
            this.operands = operands;
        }

        @Override
        Truth test(Value value) {
            return isOneOf(value, operands);
        }
    }

    /** Also {@code neq}, which is {@code not_in} with one operand. */
    private static final class NotIn extends Predicate {
        private final List<Value> operands;
        private final boolean mixed;

        NotIn(List<Value> operands) {
            this.operands = operands;
            this.mixed = areMixed(operands);
        }

        @Override
        Truth test(Value value) {
            return mixed ? Truth.INVALID : isNoneOf(value, operands);
        }

        @Override
        Truth missing() {
            return Truth.INVALID;
        }
    }

    /** How a number must be ordered. */
    enum Order {
        LT(false, true, false),
        LTE(true, true, false),
        GT(false, false, true),
        GTE(true, false, true);

        private final boolean orEqual;
        private final boolean less;
        private final boolean greater;

        Order(boolean orEqual, boolean less, boolean greater) {
            this.orEqual = orEqual;
            this.less = less;
            this.greater = greater;
        }

        /** Whether the result of a comparison fits. */
        boolean holds(int comparison) {
            return comparison == 0 ? orEqual : comparison < 0 ? less : greater;
        }
    }

    static final class Ordered extends Predicate {
        private final NumberValue bound;
        private final Order order;

        Ordered(NumberValue bound, Order order) {
            this.bound = bound;
            this.order = order;
        }

        @Override
        Truth test(Value value) {
            if (!(value instanceof NumberValue number)) {
                return Truth.INVALID;
            }
            return Truth.of(holds(number));
        }

        boolean holds(NumberValue number) {
            return order.holds(number.compareTo(bound));
        }
    }

    private static final class Matches extends Predicate {
        private final Regex regex;

        Matches(Regex regex) {
            this.regex = regex;
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text text && regex.canSearch(text.value())
                    ? Truth.of(regex.find(text.value()))
                    : Truth.INVALID;
        }
    }

    private static final class Not extends Predicate {
        private final Predicate negated;

        Not(Predicate negated) {
            this.negated = negated;
        }

        @Override
        Truth test(Value value) {
            return negated.test(value).not();
        }

        @Override
        Truth missing() {
            return Truth.INVALID;
        }
    }

    private static final class Contains extends Predicate {
        private final Value operand;
        /** The operand's canonical text; null if it is an array or object, which no string can contain. */
        private final @Nullable String text;

        Contains(Value operand) {
            this.operand = operand;
            this.text = scalarText(operand);
        }

        @Override
        Truth test(Value value) {
            return contains(value, operand, text);
        }
    }

    private static final class StartsWith extends Predicate {
        private final String prefix;

        StartsWith(String prefix) {
            this.prefix = prefix;
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text text ? Truth.of(text.value().startsWith(prefix)) : Truth.INVALID;
        }
    }

    private static final class EndsWith extends Predicate {
        private final String suffix;

        EndsWith(String suffix) {
            this.suffix = suffix;
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text text ? Truth.of(text.value().endsWith(suffix)) : Truth.INVALID;
        }
    }

    private static final class Exists extends Predicate {
        private final boolean wanted;

        Exists(boolean wanted) {
            this.wanted = wanted;
        }

        @Override
        Truth test(Value value) {
            return Truth.of((value != Value.Nil.NULL) == wanted);
        }

        @Override
        Truth missing() {
            return Truth.of(!wanted);
        }
    }

    /** A question that only a string can answer. */
    private static final class OfText extends Predicate {
        private final Function<String, Truth> question;

        OfText(Function<String, Truth> question) {
            this.question = question;
        }

        @Override
        Truth test(Value value) {
            return value instanceof Value.Text text ? question.apply(text.value()) : Truth.INVALID;
        }
    }

    /** A window in which an instant lies. The engine asks the window itself; this is for texts of instants. */
    private static final class During extends Predicate {
        private final TimeWindow window;

        During(TimeWindow window) {
            this.window = window;
        }

        @Override
        Truth test(Value value) {
            try {
                return value instanceof Value.Text text
                        ? Truth.of(window.includes(Instant.parse(text.value())))
                        : Truth.INVALID;
            } catch (DateTimeParseException e) {
                return Truth.INVALID;
            }
        }
    }

    private static final class MaxLength extends Predicate {
        private final NumberValue max;

        MaxLength(NumberValue max) {
            this.max = max;
        }

        @Override
        Truth test(Value value) {
            return isNoLonger(value, max);
        }
    }
}
