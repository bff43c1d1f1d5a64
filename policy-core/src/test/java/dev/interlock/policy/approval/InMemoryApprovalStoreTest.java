package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.doubles.ManualTime;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InMemoryApprovalStoreTest extends ApprovalStoreContract {

    private final ManualTime time = ManualTime.at("2026-12-01T10:00:00Z");
    private final ApprovalStore store = ApprovalStore.inMemory(time);

    @Override
    protected ApprovalStore store() {
        return store;
    }

    @Override
    protected void advance(Duration length) {
        time.advance(length);
    }

    @Test
    void doesNotBlock() {
        assertThat(store.blocks()).isFalse();
    }

    @Test
    void anIdThatIsThereIsNotTakenAgain() {
        TicketBounds bounds = new TicketBounds(10, 10, 100, 100);
        ApprovalRequest request = Requests.pay("bot", Map.of());
        store.claim(new NewTicket("t", "0", "h", request, 1, Duration.ofSeconds(1)), bounds);

        assertThatThrownBy(() -> store.claim(new NewTicket("t", "1", "h", request, 1, Duration.ofSeconds(1)), bounds))
                .isInstanceOf(IllegalStateException.class);
    }
}
