package dev.interlock.policy.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A compiled operator that compares two values of one call ({@code value_from}). With the same operand, it gives the
 * results of the {@link Predicate} for that operand. If the policy could not have the operand as a {@code value}, every
 * result is invalid.
 */
abstract sealed class Relation {

    /** The result for a value, or for its absence if it is null. */
    abstract Truth compare(@Nullable Value value, Value operand);

    /** The predicate that compares with this operand; null if the policy could not have it. */
    abstract @Nullable Predicate with(Value operand);

    /** The relation of a condition whose operand is a value of the call. */
    static Relation compile(Condition condition) {
        return switch (condition.operator()) {
            case EQ -> new Equal(false);
            case NEQ -> new Equal(true);
            case IN -> new In(false);
            case NOT_IN -> new In(true);
            case LT -> new Ordered(Predicate.Order.LT);
            case LTE -> new Ordered(Predicate.Order.LTE);
            case GT -> new Ordered(Predicate.Order.GT);
            case GTE -> new Ordered(Predicate.Order.GTE);
            case CONTAINS -> new Contains(false, isOfHostAndCaller(condition));
            case NOT_CONTAINS -> new Contains(true, isOfHostAndCaller(condition));
            case STARTS_WITH -> new Ends(true);
            case ENDS_WITH -> new Ends(false);
            case MAX_LENGTH -> new MaxLength();
            case WITHIN_PATH, HOST_IN, MAIL_IN, URL_IN, COMMAND_IN -> new Compiled(condition.operator());
            case EXISTS, REGEX, NOT_REGEX, DURING, CUSTOM ->
                throw new IllegalArgumentException(
                        "'" + condition.operator().text() + "' compares with no value of a call");
        };
    }

    /**
     * Whether the caller chooses what is looked for in a value of the host. Many texts have a part that the caller can
     * name, and then the condition would say nothing.
     */
    private static boolean isOfHostAndCaller(Condition condition) {
        Path from = condition.operand().from();
        return condition.path().root() == Path.Root.CTX
                && from != null
                && (from.root() == Path.Root.ARGS || from.root() == Path.Root.PARAMS);
    }

    /** A relation that needs no preparation for an operand. */
    abstract static sealed class Direct extends Relation {

        /** Whether the policy could have this operand. */
        abstract boolean takes(Value operand);

        /** The result for a value that exists, with an operand that the relation takes. */
        abstract Truth test(Value value, Value operand);

        /** The result if there is no value. */
        Truth missing() {
            return Truth.FALSE;
        }

        @Override
        final Truth compare(@Nullable Value value, Value operand) {
            if (!takes(operand)) {
                return Truth.INVALID;
            }
            return value == null ? missing() : test(value, operand);
        }

        @Override
        final @Nullable Predicate with(Value operand) {
            return takes(operand) ? new Predicate.Related(this, operand) : null;
        }
    }

    /** Equality, and with {@code negated} the opposite of it, for which nothing may be unknown. */
    private static final class Equal extends Direct {
        private final boolean negated;

        Equal(boolean negated) {
            this.negated = negated;
        }

        @Override
        boolean takes(Value operand) {
            return true;
        }

        @Override
        Truth test(Value value, Value operand) {
            if (!negated) {
                return Equality.compare(value, operand);
            }
            return value == Value.Nil.NULL
                    ? Truth.INVALID
                    : Equality.compare(value, operand).not();
        }

        @Override
        Truth missing() {
            return negated ? Truth.INVALID : Truth.FALSE;
        }
    }

    private static final class In extends Direct {
        private final boolean negated;

        In(boolean negated) {
            this.negated = negated;
        }

        @Override
        boolean takes(Value operand) {
            return operand instanceof Value.Array;
        }

        @Override
        Truth test(Value value, Value operand) {
            List<Value> operands = ((Value.Array) operand).items();
            if (!negated) {
                return Predicate.isOneOf(value, operands);
            }
            return Predicate.areMixed(operands) ? Truth.INVALID : Predicate.isNoneOf(value, operands);
        }

        @Override
        Truth missing() {
            return negated ? Truth.INVALID : Truth.FALSE;
        }
    }

    private static final class Ordered extends Direct {
        private final Predicate.Order order;

        Ordered(Predicate.Order order) {
            this.order = order;
        }

        @Override
        boolean takes(Value operand) {
            return operand instanceof NumberValue;
        }

        @Override
        Truth test(Value value, Value operand) {
            return value instanceof NumberValue number
                    ? Truth.of(order.holds(number.compareTo((NumberValue) operand)))
                    : Truth.INVALID;
        }
    }

    private static final class Contains extends Direct {
        private final boolean negated;
        private final boolean listsOnly;

        Contains(boolean negated, boolean listsOnly) {
            this.negated = negated;
            this.listsOnly = listsOnly;
        }

        @Override
        boolean takes(Value operand) {
            return !isEmptyText(operand);
        }

        @Override
        Truth test(Value value, Value operand) {
            if (listsOnly && !(value instanceof Value.Array)) {
                return Truth.INVALID;
            }
            Truth found = Predicate.contains(value, operand, Predicate.scalarText(operand));
            return negated ? found.not() : found;
        }

        @Override
        Truth missing() {
            return negated ? Truth.INVALID : Truth.FALSE;
        }
    }

    /** {@code starts_with} and {@code ends_with}. */
    private static final class Ends extends Direct {
        private final boolean front;

        Ends(boolean front) {
            this.front = front;
        }

        @Override
        boolean takes(Value operand) {
            return operand instanceof Value.Text && !isEmptyText(operand);
        }

        @Override
        Truth test(Value value, Value operand) {
            if (!(value instanceof Value.Text text)) {
                return Truth.INVALID;
            }
            String end = ((Value.Text) operand).value();
            return Truth.of(front ? text.value().startsWith(end) : text.value().endsWith(end));
        }
    }

    private static final class MaxLength extends Direct {

        @Override
        boolean takes(Value operand) {
            return operand instanceof NumberValue
                    && Operator.MAX_LENGTH.problemWith(operand).isEmpty();
        }

        @Override
        Truth test(Value value, Value operand) {
            return Predicate.isNoLonger(value, (NumberValue) operand);
        }
    }

    private static boolean isEmptyText(Value operand) {
        return operand instanceof Value.Text text && text.value().isEmpty();
    }

    /**
     * An operator whose operands are costly to prepare, such as directories. They come from the host, which has a few
     * of them for each tenant or user, so the prepared ones are kept.
     */
    private static final class Compiled extends Relation {
        private static final int MAX_KEPT = 1_000;

        private final Operator operator;

        /** Empty for an operand that the policy could not have. */
        private final Cache<Value, Optional<Predicate>> prepared = Caffeine.newBuilder()
                .maximumSize(MAX_KEPT)
                .executor(Runnable::run)
                .build();

        Compiled(Operator operator) {
            this.operator = operator;
        }

        @Override
        Truth compare(@Nullable Value value, Value operand) {
            Predicate predicate = with(operand);
            if (predicate == null) {
                return Truth.INVALID;
            }
            return value == null ? predicate.missing() : predicate.test(value);
        }

        @Override
        @Nullable
        Predicate with(Value operand) {
            return Objects.requireNonNull(prepared.get(operand, this::prepare)).orElse(null);
        }

        private Optional<Predicate> prepare(Value operand) {
            try {
                return Optional.of(Predicate.compile(operator, Operand.of(operator, operand)));
            } catch (IllegalArgumentException e) {
                return Optional.empty(); // Such as a directory that is not an absolute path.
            }
        }
    }
}
