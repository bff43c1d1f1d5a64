package dev.interlock.policy.state;

/** The suspension that one process keeps for itself. */
class InMemorySuspensionStoreTest extends SuspensionStoreContract {

    private final SuspensionStore store = SuspensionStore.inMemory();

    @Override
    protected SuspensionStore store() {
        return store;
    }
}
