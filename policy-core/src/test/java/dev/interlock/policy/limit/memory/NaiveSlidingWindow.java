package dev.interlock.policy.limit.memory;

import dev.interlock.policy.limit.LimitRule;
import java.util.ArrayList;
import java.util.List;

/** A sliding window that remembers every call and adds up those within the window, each time it is asked. */
final class NaiveSlidingWindow {

    private record Call(long nanos, long micros) {}

    private final long max;
    private final long window;
    private final List<Call> history = new ArrayList<>();

    NaiveSlidingWindow(LimitRule.SlidingWindow rule) {
        this.max = rule.max().micros();
        this.window = rule.window().toNanos();
    }

    long used(long now) {
        return history.stream()
                .filter(call -> now - call.nanos < window)
                .mapToLong(Call::micros)
                .sum();
    }

    boolean hasRoom(long micros, long now) {
        return used(now) + micros <= max;
    }

    /** Returns what {@link #giveBack} wants. */
    Object take(long micros, long now) {
        Call call = new Call(now, micros);
        history.add(call);
        return call;
    }

    @SuppressWarnings("ReferenceEquality") // Two calls may have the same time and amount.
    void giveBack(Object call) {
        history.removeIf(other -> other == call);
    }

    /** The most that was counted in any half-open interval as long as the window. */
    long mostInAnyWindow() {
        return history.stream()
                .mapToLong(call -> used(call.nanos + window - 1, call.nanos))
                .max()
                .orElse(0);
    }

    private long used(long now, long from) {
        return history.stream()
                .filter(call -> call.nanos - from >= 0 && call.nanos - now <= 0)
                .mapToLong(Call::micros)
                .sum();
    }
}
