package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.LimitRule;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * A token bucket that remembers every call and works its level out from the first one on, each time it is asked. What
 * is given back is struck from the history, as if the call had never been.
 */
final class NaiveBucket {

    private record Call(long nanos, long micros) {}

    private final BigInteger max;
    private final BigInteger window;
    private final List<Call> history = new ArrayList<>();

    NaiveBucket(LimitRule.TokenBucket rule) {
        this.max = BigInteger.valueOf(rule.max().micros());
        this.window = BigInteger.valueOf(rule.window().toNanos());
    }

    /** What is missing from a full bucket, in millionths times nanoseconds of the window. */
    private BigInteger missing(long now) {
        BigInteger missing = BigInteger.ZERO;
        long last = now;
        for (Call call : history) {
            missing = drained(missing, call.nanos - last).add(window.multiply(BigInteger.valueOf(call.micros)));
            last = call.nanos;
        }
        return drained(missing, now - last);
    }

    private BigInteger drained(BigInteger missing, long nanos) {
        return missing.subtract(max.multiply(BigInteger.valueOf(Math.max(0, nanos))))
                .max(BigInteger.ZERO);
    }

    boolean hasRoom(long micros, long now) {
        return missing(now).add(window.multiply(BigInteger.valueOf(micros))).compareTo(max.multiply(window)) <= 0;
    }

    /** Returns what {@link #giveBack} wants. */
    Object take(long micros, long now) {
        Call call = new Call(now, micros);
        history.add(call);
        return call;
    }

    @SuppressWarnings("ReferenceEquality") // Two calls may have the same time and amount.
    void giveBack(Object call) {
        for (int i = 0; i < history.size(); i++) {
            if (history.get(i) == call) {
                history.remove(i);
                return;
            }
        }
    }
}
