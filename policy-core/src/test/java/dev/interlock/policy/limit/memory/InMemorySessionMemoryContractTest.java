package dev.interlock.policy.limit.memory;

import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionMemoryContract;
import java.time.Duration;

class InMemorySessionMemoryContractTest extends SessionMemoryContract {

    private final ManualTime time = new ManualTime();
    private final SessionMemory memory =
            InMemorySessionMemory.builder().time(time).build();

    @Override
    protected SessionMemory memory() {
        return memory;
    }

    @Override
    protected void advance(Duration length) {
        time.advance(length);
    }
}
