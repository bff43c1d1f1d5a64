package dev.interlock.policy.limit.memory;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecords;
import dev.interlock.policy.session.SessionRecordsContract;
import java.time.Duration;

/** The records of the memory in this process keep the contract. */
class MarkedSessionsContractTest extends SessionRecordsContract {

    private final ManualTime time = new ManualTime();
    private final InMemorySessionMemory memory =
            InMemorySessionMemory.builder().time(time).build();

    @Override
    protected SessionMemory memory() {
        return memory;
    }

    @Override
    protected SessionRecords records() {
        return memory.records();
    }

    @Override
    protected void advance(Duration length) {
        time.advance(length);
    }
}
