package dev.interlock.policy.cli.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LastKnownSuspensionTest {

    private static final Suspension INCIDENT = new Suspension("Incident 7.", "ada", Instant.EPOCH);

    /** A store that can be lost. */
    private static final class LosableStore implements SuspensionStore {
        private final SuspensionStore kept = SuspensionStore.inMemory();
        private boolean lost;

        private SuspensionStore found() {
            if (lost) {
                throw new UnavailableException("lost");
            }
            return kept;
        }

        @Override
        public @Nullable Suspension read() {
            return found().read();
        }

        @Override
        public void suspend(Suspension suspension) {
            found().suspend(suspension);
        }

        @Override
        public @Nullable Suspension resume() {
            return found().resume();
        }
    }

    private final LosableStore store = new LosableStore();
    private final LastKnownSuspension suspension = new LastKnownSuspension(store);

    @Test
    void aStoreThatWasNeverReadSuspendsNothing() {
        store.lost = true;
        assertThat(suspension.read()).isNull();
    }

    @Test
    void aStoreThatIsLostStaysAsItWasLastRead() {
        store.kept.suspend(INCIDENT);
        assertThat(suspension.read()).isEqualTo(INCIDENT);
        store.lost = true;
        assertThat(suspension.read()).isEqualTo(INCIDENT);

        store.lost = false;
        store.kept.resume();
        assertThat(suspension.read()).isNull();
        store.lost = true;
        assertThat(suspension.read()).isNull();
    }

    @Test
    void aReadingWithoutWaitingSaysTheSame() {
        store.kept.suspend(INCIDENT);
        assertThat(suspension.readAsync().toCompletableFuture().join()).isEqualTo(INCIDENT);
    }

    @Test
    void whatAPersonSaysMustReachTheStore() {
        store.lost = true;
        assertThatExceptionOfType(UnavailableException.class).isThrownBy(() -> suspension.suspend(INCIDENT));
        assertThatExceptionOfType(UnavailableException.class).isThrownBy(suspension::resume);
        assertThat(suspension.read()).isNull();
    }
}
