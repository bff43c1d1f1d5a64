package dev.interlock.policy.state;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps whether all calls are suspended, for every engine that shares the store. Thread-safe.
 *
 * <p>A suspension is kept when {@link #suspend} has returned, even if the process is killed then. It ends with {@link
 * #resume} alone.
 */
public interface SuspensionStore {

    /** Creates a store for the engines of one process. What it keeps is gone when the process ends. */
    static SuspensionStore inMemory() {
        return new InMemorySuspensionStore();
    }

    /**
     * Returns the suspension that is in force; null if there is none. Blocks only if {@link #blocks} returns true.
     *
     * @throws dev.interlock.policy.limit.UnavailableException if the store can't be reached. Then calls are to be
     *     treated as suspended
     */
    @Nullable
    Suspension read();

    /** Does the same as {@link #read} without blocking the caller. The stage fails if {@link #read} would throw. */
    default CompletionStage<@Nullable Suspension> readAsync() {
        return CompletableFuture.completedFuture(read());
    }

    /**
     * Suspends all calls, in place of a suspension that is in force.
     *
     * @throws dev.interlock.policy.limit.UnavailableException if the store can't be reached, or it is not known whether
     *     calls are suspended now
     */
    void suspend(Suspension suspension);

    /**
     * Ends the suspension.
     *
     * @return the suspension that has ended; null if there was none
     * @throws dev.interlock.policy.limit.UnavailableException if the store can't be reached, or it is not known whether
     *     the suspension has ended
     */
    @Nullable
    Suspension resume();

    /** Returns whether a method that is not asynchronous may wait for a disk or for another machine. */
    default boolean blocks() {
        return false;
    }
}
