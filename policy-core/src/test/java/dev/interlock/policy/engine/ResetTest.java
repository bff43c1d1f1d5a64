package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.LimitReset;
import dev.interlock.policy.audit.AuditEvent.SessionCleared;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.state.StateStore;
import dev.interlock.policy.state.Suspension;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Persons who forget what is counted and what sessions have seen. */
class ResetTest {

    private static final ToolCall CALL = Desk.pay(Map.of("amount", 5));

    private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    private final StateStore store = StateStore.inMemory(clock);
    private final List<AuditEvent> events = new ArrayList<>();

    private PolicyEngine engine() {
        return PolicyEngine.builder(pay(rate("one", hourly(1))))
                .state(store)
                .time(clock)
                .alarm(clock)
                .audit(events::add)
                .build();
    }

    private LimitKey counted() {
        return store.limitRecords().list(null, 10).get(0).key();
    }

    @Test
    void allPartsOfTheStoreAreUsed() {
        PolicyEngine engine = engine();
        engine.admit(CALL).succeeded();
        assertThat(store.limitRecords().list(null, 10)).hasSize(1);

        store.suspensionStore().suspend(new Suspension("Stop.", null, Instant.EPOCH));
        clock.advance(Duration.ofSeconds(1));
        assertThat(engine.isSuspended()).isTrue();
    }

    @Test
    void aCountIsResetOnRecord() {
        PolicyEngine engine = engine();
        engine.admit(CALL).succeeded();
        assertThat(engine.decide(CALL).allowed()).isFalse();
        LimitKey key = counted();
        events.clear();

        assertThat(engine.reset(key, "ada")).isTrue();

        assertThat(engine.decide(CALL).allowed()).isTrue();
        assertThat(events).containsExactly(new LimitReset(Instant.ofEpochMilli(clock.wallMillis()), key, "ada"));
        assertThat(engine.reset(key, "ada")).isFalse();
    }

    @Test
    void aSessionIsClearedOnRecord() {
        PolicyEngine engine = engine();
        List<NewMark> marks = List.of(NewMark.plain("seen", null));
        MarkRoom.Kept room =
                (MarkRoom.Kept) store.sessionMemory().reserve(new MarkClaim("s", Caller.of(null, "s"), Map.of()));
        store.sessionMemory().change("s", room, new SessionChange(Set.of(), 0, marks, true));
        events.clear();

        assertThat(engine.clearSession("s", null)).isTrue();

        assertThat(store.sessionRecords().list(null, 10)).isEmpty();
        assertThat(events).containsExactly(new SessionCleared(Instant.ofEpochMilli(clock.wallMillis()), "s", null));
        assertThat(engine.clearSession("s", null)).isFalse();
    }

    @Test
    void whatASinkRefusesIsNotReset() {
        PolicyEngine first = engine();
        first.admit(CALL).succeeded();
        LimitKey key = counted();
        PolicyEngine engine = PolicyEngine.builder(pay(rate("one", hourly(1))))
                .state(store)
                .time(clock)
                .alarm(clock)
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();

        assertThatThrownBy(() -> engine.reset(key, "ada"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("nothing is reset, because it can't be recorded");
        assertThatThrownBy(() -> engine.clearSession("s", "ada")).isInstanceOf(IllegalStateException.class);
        assertThat(first.decide(CALL).allowed()).isFalse();
    }

    @Test
    void withoutAStoreOfStateNothingCanBeReset() {
        PolicyEngine engine = PolicyEngine.builder(pay()).build();

        assertThatThrownBy(() -> engine.reset(new LimitKey("a", "b"), null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Builder.state");
        assertThatThrownBy(() -> engine.clearSession("s", null)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theRecordsNameNoSessionAndNoPersonInTheirText() {
        assertThat(new LimitReset(Instant.EPOCH, new LimitKey("limit", "subject", "part"), "ada"))
                .hasToString("reset of limit at 1970-01-01T00:00:00Z");
        assertThat(new SessionCleared(Instant.EPOCH, "session", "ada"))
                .hasToString("session cleared at 1970-01-01T00:00:00Z");
    }
}
