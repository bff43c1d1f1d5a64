package dev.interlock.policy.cli.state;

import dev.interlock.policy.state.StateStore;

/**
 * A store that is open.
 *
 * @param store the store
 * @param lasts whether what is kept outlives this process
 * @param closing gives back connections and threads
 */
public record OpenState(StateStore store, boolean lasts, Runnable closing) implements AutoCloseable {

    static OpenState inMemory() {
        StateStore store = StateStore.inMemory();
        return new OpenState(store, false, store::close);
    }

    @Override
    public void close() {
        closing.run();
    }
}
