package dev.interlock.policy.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** All state of one process in one place. */
class InMemoryStateStoreTest {

    @Test
    void eachPartIsTheSameWheneverItIsAskedFor() {
        try (StateStore store = StateStore.inMemory()) {
            assertThat(store.rateLimiter()).isSameAs(store.rateLimiter());
            assertThat(store.sessionMemory()).isSameAs(store.sessionMemory());
            assertThat(store.approvalStore()).isSameAs(store.approvalStore());
            assertThat(store.limitRecords().list(null, 10)).isEmpty();
            assertThat(store.sessionRecords().list(null, 10)).isEmpty();
            store.suspensionStore().suspend(new Suspension("Stop.", null, Instant.EPOCH));
            assertThat(store.suspensionStore().read()).isNotNull();
        }
    }

    @Test
    void noPartBlocks() {
        try (StateStore store = StateStore.inMemory()) {
            assertThat(store.rateLimiter().blocks()).isFalse();
            assertThat(store.sessionMemory().blocks()).isFalse();
            assertThat(store.approvalStore().blocks()).isFalse();
            assertThat(store.suspensionStore().blocks()).isFalse();
        }
    }
}
