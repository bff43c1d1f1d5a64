package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A server that is killed, and started again. */
@Tag("servers")
class PostgresKilledTest {

    private static final Suspension STOPPED = new Suspension("Stopped.", "ada", Instant.EPOCH);

    private static Reservation reserve(JdbcStore store, String id) {
        Charge two = new Charge(
                new LimitKey("two", "s"),
                new LimitRule.SlidingWindow(Amount.of(2), Duration.ofDays(1)),
                Amount.ONE,
                ChargeMode.SENT);
        return store.rateLimiter().reserve(new Batch(id, List.of(two)));
    }

    @Test
    void whatWasKeptIsThereWhenTheServerIsBack() {
        try (PostgresServer server = PostgresServer.start();
                JdbcStore store = JdbcStore.on(PostgresServer.connections(server.freshDatabase()))
                        .breaker(1_000, Duration.ofMillis(1))
                        .build()) {
            assertThat(reserve(store, "first")).isInstanceOf(Reservation.Granted.class);
            store.suspensionStore().suspend(STOPPED);

            server.kill();
            assertThat(reserve(store, "lost"))
                    .isEqualTo(new Reservation.NotGranted(-1, Reservation.Reason.UNAVAILABLE, null));
            assertThatExceptionOfType(UnavailableException.class)
                    .isThrownBy(() -> store.suspensionStore().read());

            server.run();
            assertThat(store.suspensionStore().read()).isEqualTo(STOPPED);
            assertThat(reserve(store, "second")).isInstanceOf(Reservation.Granted.class);
            assertThat(reserve(store, "third")).isInstanceOf(Reservation.NotGranted.class);
        }
    }
}
