package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Window;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far the wall clock has certainly advanced, for all fixed windows of one kind: the latest end of a window whose
 * count was forgotten. If the clock steps back before it, an unknown key may be one whose count for that window was
 * forgotten, so it must be treated as used up.
 */
final class HighWaterMark {

    final Window window;
    private final AtomicLong reached = new AtomicLong(Long.MIN_VALUE);

    HighWaterMark(Window window) {
        this.window = window;
    }

    void raise(long wall) {
        reached.accumulateAndGet(wall, Math::max);
    }

    long reached() {
        return reached.get();
    }
}
