package dev.interlock.policy.mcp;

import dev.interlock.policy.limit.memory.InMemorySessionMemory;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.session.SessionMemory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A memory on another machine that changes nothing before it is told to proceed. */
final class SlowMemory implements SessionMemory {

    private final SessionMemory memory = InMemorySessionMemory.builder().build();
    private final CompletableFuture<@Nullable Void> proceeding = new CompletableFuture<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** How many changes were to be made. */
    int waiting() {
        return waiting.get();
    }

    void proceed() {
        proceeding.complete(null);
    }

    @Override
    public SessionMarks call(String session) {
        return memory.call(session);
    }

    @Override
    public SessionMarks read(String session) {
        return memory.read(session);
    }

    @Override
    public MarkRoom reserve(MarkClaim claim) {
        return memory.reserve(claim);
    }

    @Override
    public void change(String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        throw new IllegalStateException("a thread would wait");
    }

    @Override
    public CompletionStage<@Nullable Void> changeAsync(
            String session, MarkRoom.@Nullable Kept room, SessionChange change) {
        waiting.incrementAndGet();
        return proceeding.thenCompose(any -> memory.changeAsync(session, room, change));
    }
}
