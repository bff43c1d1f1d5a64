package dev.interlock.policy.limit;

import dev.interlock.policy.Window;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far the wall clock has surely come, for all fixed windows of one kind: the latest end of a window whose count was
 * forgotten. When the clock steps back behind it, an unknown key may be one whose count of that very window was
 * forgotten, and must be taken for used up.
 */
final class Horizon {

    final Window window;
    private final AtomicLong reached = new AtomicLong(Long.MIN_VALUE);

    Horizon(Window window) {
        this.window = window;
    }

    void raise(long wall) {
        reached.accumulateAndGet(wall, Math::max);
    }

    long reached() {
        return reached.get();
    }
}
