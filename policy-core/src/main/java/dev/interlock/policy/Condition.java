package dev.interlock.policy;

import dev.interlock.policy.value.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One comparison.
 *
 * @param path what is compared
 * @param operator how it is compared
 * @param operand what it is compared with
 * @param message what the agent is told if this condition is the reason for a denial, or null for the rule's message
 * @param place where it stands
 */
public record Condition(
        Path path,
        Operator operator,
        Operand operand,
        @Nullable String message,
        Place place) {

    /** Refuses an operand that the operator can't take. */
    public Condition {
        operand = operand.as(operator);
        if (path.isTime() != (operator == Operator.DURING)) {
            throw new IllegalArgumentException(
                    path.isTime()
                            ? "call.time is compared with a time window, and so takes no operator but 'during'"
                            : "'during' compares call.time, and not " + path);
        }
    }

    /**
     * Creates a condition with an operand as the policy has it.
     *
     * @throws IllegalArgumentException if the operator can't take the operand
     */
    public Condition(Path path, Operator operator, Value operand, @Nullable String message, Place place) {
        this(path, operator, Operand.of(operator, operand), message, place);
    }

    /** Creates a condition in code, without a message. */
    public static Condition of(String path, Operator operator, @Nullable Object operand) {
        return new Condition(Path.parse(path), operator, Value.freeze(operand), null, Place.of(path));
    }

    /**
     * Creates a condition in code, without a message, that compares two values of one call.
     *
     * @param from the path of the value that is compared with
     */
    public static Condition between(String path, Operator operator, String from) {
        return new Condition(
                Path.parse(path), operator, Operand.from(operator, Path.parse(from)), null, Place.of(path));
    }

    /** Returns the operator as policies write it: {@code eq}, {@code custom.<name>}. */
    public String operatorText() {
        return operand.predicate() == null ? operator.text() : Operator.CUSTOM_PREFIX + operand.predicate();
    }

    /** Returns the paths that it reads: its own, and the one that its operand comes from. */
    public List<Path> reads() {
        Path from = operand.from();
        return from == null ? List.of(path) : List.of(path, from);
    }
}
