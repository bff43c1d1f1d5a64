package dev.interlock.policy.time;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

enum SystemAlarm implements Alarm {
    INSTANCE;

    @Override
    public Runnable in(Duration delay, Runnable task) {
        CompletableFuture<Boolean> bell = new CompletableFuture<>();
        CompletionStage<Boolean> ringing = bell.completeOnTimeout(true, delay.toNanos(), TimeUnit.NANOSECONDS);
        ringing.thenAccept(rings -> {
            if (rings) {
                // The whole JVM shares the thread that keeps time, so the task runs elsewhere.
                bell.defaultExecutor().execute(task);
            }
        });
        // Completed and not cancelled: only then does every JDK drop its timer for this task.
        return () -> bell.complete(false);
    }
}
