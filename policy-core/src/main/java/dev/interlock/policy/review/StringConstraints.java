package dev.interlock.policy.review;

import dev.interlock.policy.Condition;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** The demands of conditions on one string. */
final class StringConstraints {

    private final List<String> prefixes = new ArrayList<>();
    private final List<String> suffixes = new ArrayList<>();
    private final List<String> parts = new ArrayList<>();
    private final List<String> excluded = new ArrayList<>();
    private final List<String> patterns = new ArrayList<>();
    private final List<String> excludedPatterns = new ArrayList<>();
    private BigDecimal longest = BigDecimal.valueOf(Integer.MAX_VALUE);
    private boolean nowhere;

    private StringConstraints() {}

    /** The demands of these conditions, each of which can hold for a string. */
    static StringConstraints of(List<Condition> conditions) {
        StringConstraints texts = new StringConstraints();
        conditions.forEach(texts::add);
        return texts;
    }

    private void add(Condition condition) {
        Value operand = condition.operand().value();
        switch (condition.operator()) {
            case STARTS_WITH -> prefixes.add(text(operand));
            case ENDS_WITH -> suffixes.add(text(operand));
            case CONTAINS -> parts.add(text(operand));
            case NOT_CONTAINS -> excluded.add(text(operand));
            case REGEX -> patterns.add(text(operand));
            case NOT_REGEX -> excludedPatterns.add(text(operand));
            case MAX_LENGTH ->
                longest = longest.min(condition.operand().number().toBigDecimal());
            case HOST_IN, MAIL_IN, URL_IN, COMMAND_IN ->
                nowhere |= condition.operand().texts().isEmpty();
            case WITHIN_PATH -> nowhere |= condition.operand().directories().isEmpty();
            case EQ, NEQ, IN, NOT_IN, LT, LTE, GT, GTE, EXISTS, DURING, CUSTOM -> {
                // For a string, these say nothing that certainly contradicts the others.
            }
        }
    }

    /** Whether no string of such a length satisfies all of them. */
    boolean contradict(int minLength, int maxLength) {
        List<String> required = new ArrayList<>(parts);
        required.addAll(prefixes);
        required.addAll(suffixes);
        int least = minLength;
        for (String text : required) {
            least = Math.max(least, text.codePointCount(0, text.length()));
            if (excluded.stream().anyMatch(text::contains)) {
                return true;
            }
        }
        // Only for the empty string, because every string contains it.
        return nowhere
                || excluded.contains("")
                || longest.min(BigDecimal.valueOf(maxLength)).compareTo(BigDecimal.valueOf(least)) < 0
                || patterns.stream().anyMatch(excludedPatterns::contains)
                || clash(prefixes, true)
                || clash(suffixes, false);
    }

    private static boolean clash(List<String> ends, boolean front) {
        for (String a : ends) {
            for (String b : ends) {
                boolean fits = front ? a.startsWith(b) || b.startsWith(a) : a.endsWith(b) || b.endsWith(a);
                if (!fits) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The canonical text of a scalar. */
    private static String text(Value operand) {
        if (operand instanceof Value.Text text) {
            return text.value();
        }
        return operand instanceof NumberValue number ? number.plainText() : operand.json();
    }
}
