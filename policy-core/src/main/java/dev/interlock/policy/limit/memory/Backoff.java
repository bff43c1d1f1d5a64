package dev.interlock.policy.limit.memory;

import java.util.concurrent.locks.LockSupport;

/**
 * Waits for a claim to end. A claim lasts for nanoseconds, unless the thread that holds it is descheduled. So this
 * class first spins, then yields the processor, then sleeps.
 */
final class Backoff {

    private static final int SPINS = 64;
    private static final int YIELDS = 64;
    private static final long SLEEP_NANOS = 50_000;

    private int pauses;

    @SuppressWarnings("ThreadPriorityCheck") // Yielding is only an offer to the scheduler: sleep comes next.
    void pause() {
        if (pauses < SPINS) {
            pauses++;
            Thread.onSpinWait();
        } else if (pauses < SPINS + YIELDS) {
            pauses++;
            Thread.yield();
        } else {
            LockSupport.parkNanos(SLEEP_NANOS);
        }
    }
}
