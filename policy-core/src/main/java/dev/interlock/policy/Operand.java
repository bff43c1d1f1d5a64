package dev.interlock.policy;

import dev.interlock.policy.text.Regex;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a condition compares with: a value of the policy, parsed once as its operator reads it, or what stands at
 * another path of the same call ({@code value_from}). Two operands are equal if their values or their paths are.
 * Immutable and thread-safe.
 *
 * <p>The methods that return a typed operand throw a runtime exception if the operator does not take that type, or if
 * the value is the call's.
 */
public final class Operand {

    private final Operator operator;
    /** Null if the value is the call's. */
    private final @Nullable Value value;

    private final @Nullable Path from;
    private final @Nullable Regex regex;
    private final @Nullable Directories directories;
    private final @Nullable TimeWindow window;

    private Operand(Operator operator, Value value) {
        this.operator = operator;
        this.from = null;
        Optional<String> problem = Operands.problem(operator, value);
        if (problem.isPresent()) {
            throw new IllegalArgumentException(problem.get());
        }
        boolean pattern = operator == Operator.REGEX || operator == Operator.NOT_REGEX;
        this.regex = pattern ? Regex.compile(text(value)) : null;
        this.directories = operator == Operator.WITHIN_PATH ? Directories.of(value) : null;
        this.window = operator == Operator.DURING ? TimeWindow.of(value) : null;
        this.value = window == null ? value : window.value();
    }

    private Operand(Operator operator, Path from) {
        this.operator = operator;
        this.value = null;
        this.from = from;
        this.regex = null;
        this.directories = null;
        this.window = null;
        Optional<String> problem = Operands.problem(operator, from);
        if (problem.isPresent()) {
            throw new IllegalArgumentException(problem.get());
        }
    }

    /**
     * Parses an operand.
     *
     * @throws IllegalArgumentException if the operator can't take the value; the message says what was expected
     */
    public static Operand of(Operator operator, Value value) {
        return new Operand(operator, value);
    }

    /**
     * Returns the operand of a condition that compares with another value of the same call.
     *
     * @param from where that value stands
     * @throws IllegalArgumentException if the operator can't be compared with a value of the call, or not with what
     *     stands there; the message says why
     */
    public static Operand from(Operator operator, Path from) {
        return new Operand(operator, from);
    }

    /** The same operand for this operator. Parsed again only for another operator. */
    Operand as(Operator wanted) {
        if (wanted == operator) {
            return this;
        }
        return from == null ? of(wanted, value()) : from(wanted, from);
    }

    /** Returns where the value stands in the call; null if it is one of the policy. */
    public @Nullable Path from() {
        return from;
    }

    /** Returns the value as the policy has it; a time window in its canonical form. */
    public Value value() {
        if (value == null) {
            throw new IllegalStateException("the value is the call's, at " + from);
        }
        return value;
    }

    /** Returns what a value is compared with, one by one: the items for {@code in} and {@code not_in}. */
    public List<Value> values() {
        boolean items = operator == Operator.IN || operator == Operator.NOT_IN;
        return items ? ((Value.Array) value()).items() : List.of(value());
    }

    /** Returns the number. */
    public NumberValue number() {
        return (NumberValue) value();
    }

    /** Returns the string. */
    public String text() {
        return text(value());
    }

    /** Returns the strings of an operand that is one string or a list of them. */
    public List<String> texts() {
        return value() instanceof Value.Array array
                ? array.items().stream().map(Operand::text).toList()
                : List.of(text());
    }

    /** Returns the pattern of {@code regex} and {@code not_regex}. */
    public Regex regex() {
        return Objects.requireNonNull(regex);
    }

    /** Returns the directories of {@code within_path}, as the policy writes them. */
    public List<String> directories() {
        return Objects.requireNonNull(directories).in();
    }

    /** Returns the directory that a relative path starts from; null if a relative path is invalid. */
    public @Nullable String base() {
        return Objects.requireNonNull(directories).base();
    }

    /** Returns the time window of {@code during}. */
    public TimeWindow window() {
        return Objects.requireNonNull(window);
    }

    private static String text(Value value) {
        return ((Value.Text) value).value();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Operand operand
                && Objects.equals(value, operand.value)
                && Objects.equals(from, operand.from);
    }

    @Override
    public int hashCode() {
        return value == null ? Objects.hashCode(from) : value.hashCode();
    }

    @Override
    public String toString() {
        return value == null ? "from " + from : value.toString();
    }
}
