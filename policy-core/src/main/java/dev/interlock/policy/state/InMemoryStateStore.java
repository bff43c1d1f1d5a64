package dev.interlock.policy.state;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.limit.memory.InMemorySessionMemory;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.time.TimeSource;

/** Keeps all state in this process. */
final class InMemoryStateStore implements StateStore {

    private final InMemoryRateLimiter limiter;
    private final InMemorySessionMemory memory;
    private final ApprovalStore approvals;
    private final SuspensionStore suspension = SuspensionStore.inMemory();

    InMemoryStateStore(TimeSource time) {
        this.limiter = InMemoryRateLimiter.builder().time(time).build();
        this.memory = InMemorySessionMemory.builder().time(time).build();
        this.approvals = ApprovalStore.inMemory(time);
    }

    @Override
    public RateLimiter rateLimiter() {
        return limiter;
    }

    @Override
    public LimitRecords limitRecords() {
        return limiter.records();
    }

    @Override
    public SessionMemory sessionMemory() {
        return memory;
    }

    @Override
    public SessionRecords sessionRecords() {
        return memory.records();
    }

    @Override
    public ApprovalStore approvalStore() {
        return approvals;
    }

    @Override
    public SuspensionStore suspensionStore() {
        return suspension;
    }

    @Override
    public void close() {
        // There is nothing to give back.
    }
}
