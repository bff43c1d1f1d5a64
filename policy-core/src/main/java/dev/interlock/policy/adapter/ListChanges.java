package dev.interlock.policy.adapter;

import dev.interlock.policy.engine.PolicyEngine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Notifies one client, in its server's place, that the list of tools has changed because the policy or the tool lock
 * has. Sends nothing before the session is in operation, and one notification at a time: any number of changes that
 * happen while a slow client is being notified lead to one more notification. A thread that makes a change doesn't wait
 * for it. Thread-safe.
 */
public final class ListChanges {

    /** The method of the notification. */
    public static final String METHOD = "notifications/tools/list_changed";

    private final PolicyEngine engine;
    private final Executor executor;
    private final Supplier<? extends CompletionStage<Void>> sending;

    /** The number of changes that have not been notified yet. The thread that raises it to 1 has it sent. */
    private final AtomicInteger untold = new AtomicInteger();

    private final AtomicBoolean missed = new AtomicBoolean();
    private volatile boolean operating;
    private @Nullable Runnable unsubscribe;

    /**
     * @param executor runs {@code sending}; it may block there
     * @param sending sends the client the notification; the stage completes when it is sent
     */
    public ListChanges(PolicyEngine engine, Executor executor, Supplier<? extends CompletionStage<Void>> sending) {
        this.engine = engine;
        this.executor = executor;
        this.sending = sending;
    }

    /** Follows the engine's changes until this is closed. An owner of many may call {@link #changed} instead. */
    public synchronized void open() {
        if (unsubscribe == null) {
            unsubscribe = engine.onChange(this::changed);
        }
    }

    /** Ends the session. */
    public synchronized void close() {
        operating = false;
        if (unsubscribe != null) {
            unsubscribe.run();
            unsubscribe = null;
        }
    }

    /** Called when the session is in operation: from now on the client is notified. */
    public void begin() {
        operating = true;
    }

    /** Called when the client has sent a message with this method, which may show that the session is in operation. */
    public void heard(String method) {
        if (begins(method)) {
            begin();
        }
    }

    /** Returns whether a message of the client's with this method shows that its session is in operation. */
    public static boolean begins(String method) {
        return method.equals("notifications/initialized") || method.equals("tools/list");
    }

    /** Called when the visible part of the list may have changed. */
    public void changed() {
        if (operating && isAllowed() && untold.getAndIncrement() == 0) {
            send();
        }
    }

    /** Called when the client can be reached again. Sends what it has missed. */
    public void reachable() {
        if (missed.get() && missed.compareAndSet(true, false)) {
            changed();
        }
    }

    /** Returns whether the policy lets clients receive the notification. */
    public boolean isAllowed() {
        return engine.decideMethod(METHOD).allowed();
    }

    private void send() {
        int seen = untold.get();
        CompletionStage<Void> sent;
        try {
            sent = CompletableFuture.supplyAsync(this::sent, executor).thenCompose(stage -> stage);
        } catch (RejectedExecutionException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        sent.whenComplete((nothing, failure) -> {
            if (failure != null) {
                missed.set(true);
            }
            if (untold.addAndGet(-seen) > 0) {
                send();
            }
        });
    }

    private CompletionStage<Void> sent() {
        return operating ? sending.get() : CompletableFuture.completedFuture(null);
    }
}
