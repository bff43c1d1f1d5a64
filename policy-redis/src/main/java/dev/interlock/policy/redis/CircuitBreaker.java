package dev.interlock.policy.redis;

import dev.interlock.policy.time.TimeSource;
import java.time.Duration;

/**
 * A circuit breaker. After so many failures with no success between them it is open: nobody asks. Whenever it has been
 * open for the pause, one caller may ask, and what that one meets decides whether it closes or stays open for another pause.
 *
 * <p><b>Source.</b> M. Nygard, <i>Release It!</i> (2007), chapter 5.
 */
final class CircuitBreaker {

    private final TimeSource time;
    private final int threshold;
    private final long pauseNanos;
    private final RedisListener listener;

    private int failures;
    private boolean open;
    private long openedAt;
    private long pausedAt;

    CircuitBreaker(TimeSource time, int threshold, Duration pause, RedisListener listener) {
        this.time = time;
        this.threshold = threshold;
        this.pauseNanos = pause.toNanos();
        this.listener = listener;
    }

    /** What a caller may do. */
    enum Pass {
        /** Ask. */
        ASK,
        /** Ask, over a connection of its own making: the breaker is open, and this caller tries whether it may close. */
        TRY,
        /** Not ask. */
        NONE
    }

    synchronized Pass pass() {
        if (!open) {
            return Pass.ASK;
        }
        long now = time.monotonicNanos();
        if (now - pausedAt < pauseNanos) {
            return Pass.NONE;
        }
        // Whoever comes while this one waits for an answer is turned away, and for a pause at most if it never comes.
        pausedAt = now;
        return Pass.TRY;
    }

    /** An answer came to a question that was passed so. */
    void succeeded(Pass pass) {
        Duration outage;
        synchronized (this) {
            // An answer to a question from before the breaker opened says nothing about now.
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

    /** No answer came. True if that opened the breaker. */
    boolean failed(Throwable cause) {
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
            // The listener threw. Deciding calls goes on.
        }
    }
}
