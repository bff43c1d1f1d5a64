package dev.interlock.policy.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** Deadlines that pass when a test says so, and never by themselves. */
final class Deadlines implements Deadline {

    private final List<CompletableFuture<?>> answers = new ArrayList<>();

    @Override
    public synchronized void set(CompletableFuture<?> answer, Duration timeout) {
        answers.add(answer);
    }

    /** Those that were set so far. */
    void pass() {
        List<CompletableFuture<?>> late;
        synchronized (this) {
            late = List.copyOf(answers);
            answers.clear();
        }
        late.forEach(answer -> answer.completeExceptionally(new TimeoutException()));
    }
}
