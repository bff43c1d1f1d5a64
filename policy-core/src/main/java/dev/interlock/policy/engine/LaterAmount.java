package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Path;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** An amount that is known only when a call has ended: where it stands then, and what is counted until it is known. */
final class LaterAmount {

    private final Path path;
    private final PathReader reader;
    private final Amount held;
    private final Amount otherwise;

    private LaterAmount(Path path, Amount held, Amount otherwise) {
        this.path = path;
        this.reader = PathReader.of(
                (call, counters) -> null,
                path.root() == Path.Root.RESULT
                        ? path.steps().subList(1, path.steps().size())
                        : path.steps());
        this.held = held;
        this.otherwise = otherwise;
    }

    /**
     * The amount that a limit counts.
     *
     * @param max the most that the limit counts; null if it only counts
     * @return null if the amount is known before the call
     */
    static @Nullable LaterAmount of(Limit limit, @Nullable Amount max) {
        Path from = limit.incrementFrom();
        if (from == null || !limit.isAfterwards()) {
            return null;
        }
        Amount hold = limit.hold();
        Amount unknown = hold != null ? hold : max != null ? max : Limit.UNKNOWN;
        return new LaterAmount(from, hold == null ? Amount.ZERO : hold, unknown);
    }

    /** What is reserved until the call has ended. */
    Amount held() {
        return held;
    }

    /** What a call counts whose amount stays unknown. */
    Amount otherwise() {
        return otherwise;
    }

    /** Where the amount stands, as policies write it. */
    String text() {
        return path.text();
    }

    /** Whether it stands in the answer to the call. */
    boolean isInAnswer() {
        return path.root() == Path.Root.RESULT;
    }

    /**
     * The amount of a call that has ended.
     *
     * @param came the answer; null if there is none
     * @param usage what the host has told
     * @return null if it is missing, ambiguous, not a number, negative, too large, or has too many decimal places
     */
    @Nullable
    Amount read(@Nullable CallResult came, CallUsage usage) {
        Value value = value(came, usage);
        if (!(value instanceof NumberValue number) || PathReader.isUnclear(value)) {
            return null;
        }
        BigDecimal amount = number.toBigDecimal();
        return Amount.of(amount).orElse(null);
    }

    private @Nullable Value value(@Nullable CallResult came, CallUsage usage) {
        if (!isInAnswer()) {
            return reader.from(usage.amounts());
        }
        if (came == null || came.error() != null) {
            return null;
        }
        try {
            Value value = new ResultView(came).read(path.member(0));
            return value == null ? null : reader.from(value);
        } catch (InvalidValueException e) {
            return null;
        }
    }
}
