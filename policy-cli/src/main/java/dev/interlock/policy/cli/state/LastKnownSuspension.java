package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A suspension for proxies whose calls go on while their store can't be asked: then it stays as it was last read. It
 * begins with none. Thread-safe.
 */
final class LastKnownSuspension implements SuspensionStore {

    private final SuspensionStore store;
    private volatile @Nullable Suspension last;

    LastKnownSuspension(SuspensionStore store) {
        this.store = store;
    }

    @Override
    public boolean blocks() {
        return store.blocks();
    }

    @Override
    public @Nullable Suspension read() {
        try {
            return known(store.read());
        } catch (UnavailableException e) {
            return last;
        }
    }

    @Override
    public CompletionStage<@Nullable Suspension> readAsync() {
        return store.readAsync().handle((read, failure) -> {
            if (failure == null) {
                return known(read);
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof UnavailableException) {
                return last;
            }
            throw new CompletionException(cause);
        });
    }

    private @Nullable Suspension known(@Nullable Suspension read) {
        last = read;
        return read;
    }

    @Override
    public void suspend(Suspension suspension) {
        store.suspend(suspension);
        last = suspension;
    }

    @Override
    public @Nullable Suspension resume() {
        Suspension ended = store.resume();
        last = null;
        return ended;
    }
}
