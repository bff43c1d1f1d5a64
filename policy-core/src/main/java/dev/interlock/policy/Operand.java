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

    /** The name of the host's predicate; null if the operator is not {@link Operator#CUSTOM}. */
    private final @Nullable String predicate;

    private final @Nullable Regex regex;
    private final @Nullable Directories directories;
    private final @Nullable TimeWindow window;

    private Operand(Operator operator, @Nullable Value value, @Nullable Path from, @Nullable String predicate) {
        this.operator = operator;
        this.from = from;
        this.predicate = predicate;
        Optional<String> problem = problem(operator, value, from, predicate);
        if (problem.isPresent()) {
            throw new IllegalArgumentException(problem.get());
        }
        boolean pattern = operator == Operator.REGEX || operator == Operator.NOT_REGEX;
        Value given = from == null ? Objects.requireNonNull(value, "value") : null;
        this.regex = pattern && given != null ? Regex.compile(text(given)) : null;
        this.directories = operator == Operator.WITHIN_PATH && given != null ? Directories.of(given) : null;
        this.window = operator == Operator.DURING && given != null ? TimeWindow.of(given) : null;
        this.value = window == null ? given : window.value();
    }

    private static Optional<String> problem(
            Operator operator, @Nullable Value value, @Nullable Path from, @Nullable String predicate) {
        if ((predicate != null) != (operator == Operator.CUSTOM)) {
            return Optional.of("only a predicate of the host's has a name, and it needs one: custom.<name>");
        }
        if (predicate != null && !Operands.isPredicate(predicate)) {
            return Optional.of("a predicate's name has up to " + Operands.MAX_PREDICATE
                    + " characters: letters and digits, and '.', '_' and '-' after the first");
        }
        return from == null
                ? Operands.problem(operator, Objects.requireNonNull(value, "value"))
                : Operands.problem(operator, from);
    }

    /**
     * Parses an operand.
     *
     * @throws IllegalArgumentException if the operator can't take the value; the message says what was expected
     */
    public static Operand of(Operator operator, Value value) {
        return new Operand(operator, value, null, null);
    }

    /**
     * Returns the operand of a condition that compares with another value of the same call.
     *
     * @param from where that value stands
     * @throws IllegalArgumentException if the operator can't be compared with a value of the call, or not with what
     *     stands there; the message says why
     */
    public static Operand from(Operator operator, Path from) {
        return new Operand(operator, null, from, null);
    }

    /**
     * Returns the operand of a condition that asks a predicate of the host's ({@link Operator#CUSTOM}).
     *
     * @param predicate the predicate's name: up to 64 letters and digits, and {@code . _ -} after the first
     * @param value what the predicate is given besides the value at the path; JSON null if nothing
     * @throws IllegalArgumentException if that is not a name
     */
    public static Operand custom(String predicate, Value value) {
        return new Operand(Operator.CUSTOM, value, null, predicate);
    }

    /**
     * Does the same for a predicate that is given another value of the same call.
     *
     * @param from where that value stands
     * @throws IllegalArgumentException if that is not a name, or the path doesn't lead to one value
     */
    public static Operand custom(String predicate, Path from) {
        return new Operand(Operator.CUSTOM, null, from, predicate);
    }

    /** The same operand for this operator. Parsed again only for another operator. */
    Operand as(Operator wanted) {
        return wanted == operator ? this : new Operand(wanted, value, from, predicate);
    }

    /** Returns the name of the host's predicate; null unless the operator is {@link Operator#CUSTOM}. */
    public @Nullable String predicate() {
        return predicate;
    }

    /**
     * Returns whether the policy alone says for which values a condition holds. Otherwise a value of the call or the
     * host decides it, too.
     */
    public boolean isFixed() {
        return from == null && predicate == null;
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
                && Objects.equals(from, operand.from)
                && Objects.equals(predicate, operand.predicate);
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
