package dev.interlock.policy.state;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.time.TimeSource;

/**
 * All state of one or more engines, in one place. Each part can be used alone. Thread-safe.
 *
 * <p>Parts that wait for a disk or for another machine say so with {@code blocks()}, and have asynchronous forms that
 * wait on threads of the store's or the host's, never on the caller's.
 */
public interface StateStore extends AutoCloseable {

    /** Creates a store for one process. What it keeps is gone when the process ends. Its methods don't block. */
    static StateStore inMemory() {
        return inMemory(TimeSource.system());
    }

    /** Creates a store for one process with these clocks. */
    static StateStore inMemory(TimeSource time) {
        return new InMemoryStateStore(time);
    }

    /** Returns what counts limits. */
    RateLimiter rateLimiter();

    /** Returns what {@link #rateLimiter} has counted, for a person. */
    LimitRecords limitRecords();

    /** Returns what keeps the marks of sessions. */
    SessionMemory sessionMemory();

    /** Returns what {@link #sessionMemory} keeps, for a person. */
    SessionRecords sessionRecords();

    /** Returns what keeps tickets. */
    ApprovalStore approvalStore();

    /** Returns what keeps whether calls are suspended. */
    SuspensionStore suspensionStore();

    /** Gives back connections and threads. What is kept stays. */
    @Override
    void close();
}
