package dev.interlock.policy.limit.remote;

import dev.interlock.policy.time.TimeSource;
import java.time.Duration;

/**
 * A circuit breaker. After a number of failures in a row it is open: no call asks the store. Each time it has been open
 * for the pause, one caller may ask. Its result decides whether the breaker closes or stays open for another pause.
 *
 * <p>Thread-safe.
 *
 * <p><b>Source.</b> M. Nygard, <i>Release It!</i> (2007), chapter 5.
 */
public final class CircuitBreaker {

    private final TimeSource time;
    private final int threshold;
    private final long pauseNanos;
    private final StoreListener listener;

    private int failures;
    private boolean open;
    private long openedAt;
    private long pausedAt;

    /**
     * Creates one that is closed.
     *
     * @param threshold how many failures in a row open it, at least 1
     * @param pause how long no call asks then
     */
    public CircuitBreaker(TimeSource time, int threshold, Duration pause, StoreListener listener) {
        this.time = time;
        this.threshold = threshold;
        this.pauseNanos = pause.toNanos();
        this.listener = listener;
    }

    /** What a caller may do. */
    public enum Pass {
        /** Ask. */
        ASK,
        /** Ask over a new connection: the breaker is open, and this caller finds out whether it may close. */
        TRY,
        /** Don't ask. */
        NONE
    }

    /** Returns what the caller may do now. */
    public synchronized Pass pass() {
        if (!open) {
            return Pass.ASK;
        }
        long now = time.monotonicNanos();
        if (now - pausedAt < pauseNanos) {
            return Pass.NONE;
        }
        // While this caller waits for an answer, others are turned away; if no answer ever comes, for one pause at
        // most.
        pausedAt = now;
        return Pass.TRY;
    }

    /** Records an answer to a request that was let through with this pass. */
    public void succeeded(Pass pass) {
        Duration outage;
        synchronized (this) {
            // An answer to a request from before the breaker opened says nothing about the present.
            if (open && pass != Pass.TRY) {
                return;
            }
            failures = 0;
            if (!open) {
                return;
            }
            open = false;
            outage = Duration.ofNanos(time.monotonicNanos() - openedAt);
        }
        tell(() -> listener.available(outage));
    }

    /** Records that a request got no answer. Returns whether that opened the breaker. */
    public boolean failed(Throwable cause) {
        synchronized (this) {
            if (open || ++failures < threshold) {
                return false;
            }
            open = true;
            openedAt = time.monotonicNanos();
            pausedAt = openedAt;
        }
        tell(() -> listener.unavailable(cause));
        return true;
    }

    private static void tell(Runnable event) {
        try {
            event.run();
        } catch (Throwable ignored) {
            // The listener threw. Calls must still be decided.
        }
    }
}
