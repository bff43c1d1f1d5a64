package dev.interlock.policy.state;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Keeps in this process whether calls are suspended. */
final class InMemorySuspensionStore implements SuspensionStore {

    private final AtomicReference<@Nullable Suspension> current = new AtomicReference<>();

    @Override
    public @Nullable Suspension read() {
        return current.get();
    }

    @Override
    public void suspend(Suspension suspension) {
        current.set(Objects.requireNonNull(suspension, "suspension"));
    }

    @Override
    public @Nullable Suspension resume() {
        return current.getAndSet(null);
    }
}
