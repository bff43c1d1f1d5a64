package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what another thread or process does without a notification. */
public final class Await {

    /** Ends a test that hangs, on however busy a machine; nothing is measured by it. */
    public static final Duration PATIENCE = Duration.ofMinutes(5);

    private Await() {}

    public static void until(Callable<Boolean> happened) {
        long start = System.nanoTime();
        while (!happens(happened)) {
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("what was waited for has not happened")
                    .isLessThan(PATIENCE);
            // Leaves the processor to whom it waits for.
            LockSupport.parkNanos(200_000);
        }
    }

    private static boolean happens(Callable<Boolean> happened) {
        try {
            return happened.call();
        } catch (Exception e) {
            throw new AssertionError("what was waited for can't be looked at", e);
        }
    }
}
