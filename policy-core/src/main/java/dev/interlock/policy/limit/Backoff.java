package dev.interlock.policy.limit;

import java.util.concurrent.locks.LockSupport;

/**
 * Waiting for a claim to end. Claims last for nanoseconds, unless the thread that holds one is descheduled: so first
 * spin, then offer the processor to it, then sleep.
 */
final class Backoff {

    private static final int SPINS = 64;
    private static final int YIELDS = 64;
    private static final long SLEEP_NANOS = 50_000;

    private int pauses;

    @SuppressWarnings("ThreadPriorityCheck") // The scheduler is offered the processor, not relied on: sleep comes next.
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
