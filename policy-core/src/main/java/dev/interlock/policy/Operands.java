package dev.interlock.policy;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Optional;

/** Which operands each operator takes. */
final class Operands {

    private Operands() {}

    /** What is wrong with {@code operand} for {@code operator}, and what was expected; empty if nothing is. */
    static Optional<String> problem(Operator operator, Value operand) {
        return switch (operator) {
            case EQ, NEQ -> Optional.empty();
            case IN, NOT_IN -> operand instanceof Value.Array ? Optional.empty() : wrong(operator, "a list", operand);
            case LT, LTE, GT, GTE ->
                operand instanceof NumberValue ? Optional.empty() : wrong(operator, "a number", operand);
            case REGEX, NOT_REGEX -> regex(operator, operand);
            case CONTAINS, NOT_CONTAINS ->
                operand == Value.Nil.NULL ? wrong(operator, "a value", operand) : Optional.empty();
            case STARTS_WITH, ENDS_WITH ->
                operand instanceof Value.Text ? Optional.empty() : wrong(operator, "a string", operand);
            case EXISTS -> operand instanceof Value.Bool ? Optional.empty() : wrong(operator, "true or false", operand);
            case WITHIN_PATH, HOST_IN -> texts(operator, operand);
            case MAX_LENGTH -> length(operand);
        };
    }

    private static Optional<String> regex(Operator operator, Value operand) {
        if (!(operand instanceof Value.Text pattern)) {
            return wrong(operator, "a string", operand);
        }
        try {
            Regex.compile(pattern.value());
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<String> texts(Operator operator, Value operand) {
        List<Value> items = operand instanceof Value.Array array ? array.items() : List.of(operand);
        String expected = operator == Operator.HOST_IN ? "a list of host names" : "an absolute path or a list of them";
        for (Value item : items) {
            if (!(item instanceof Value.Text text) || text.value().isBlank()) {
                return wrong(operator, expected, item);
            }
            if (operator == Operator.HOST_IN && !isHost(text.value())) {
                return Optional.of("'" + text.value() + "' is no host");
            }
        }
        return Optional.empty();
    }

    /** Left out or never met, it would be a host that nobody forbids. */
    private static boolean isHost(String text) {
        boolean below = text.startsWith("*.");
        String canonical = HostName.canonical(below ? text.substring(2) : text);
        return canonical != null && !(below && HostName.isAddress(canonical));
    }

    private static Optional<String> length(Value operand) {
        if (operand instanceof NumberValue number
                && number.typeName().equals("integer")
                && number.compareTo(NumberValue.of(0)) >= 0) {
            return Optional.empty();
        }
        return operand instanceof NumberValue number
                ? Optional.of("'max_length' takes a whole number of at least 0, not " + number.json())
                : wrong(Operator.MAX_LENGTH, "a whole number of at least 0", operand);
    }

    private static Optional<String> wrong(Operator operator, String expected, Value operand) {
        return Optional.of("'" + operator.text() + "' takes " + expected + ", not " + article(operand.typeName()));
    }

    private static String article(String noun) {
        if (noun.equals("null")) {
            return noun;
        }
        return ("aeiou".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
    }
}
