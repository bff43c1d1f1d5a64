package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.SuspensionChanged;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import dev.interlock.policy.time.Alarm;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Suspensions in a store that engines share. */
class SharedSuspensionTest {

    private static final ToolCall CALL = Desk.pay(Map.of("amount", 5));
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Instant START = Instant.parse("2026-03-31T23:30:00Z");
    private static final Suspension INCIDENT =
            new Suspension("Incident 7.", "ada", Instant.parse("2026-03-31T23:29:00Z"));

    private final ManualTime clock = new ManualTime(START, 77);
    private final SwitchedStore store = new SwitchedStore();
    private final List<AuditEvent> events = new ArrayList<>();

    /** A store that a test cuts off, or whose answers it holds back. */
    private static final class SwitchedStore implements SuspensionStore {

        private final SuspensionStore kept = SuspensionStore.inMemory();
        private final List<CompletableFuture<@Nullable Suspension>> held = new ArrayList<>();
        private @Nullable RuntimeException failure;
        private boolean holds;
        private boolean loses;
        private int readings;
        private Runnable beforeChange = () -> {};

        void cut() {
            failure = new UnavailableException("cut off");
        }

        void restore() {
            failure = null;
        }

        private void require() {
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public @Nullable Suspension read() {
            readings++;
            require();
            return kept.read();
        }

        @Override
        public CompletionStage<@Nullable Suspension> readAsync() {
            if (!holds) {
                return SuspensionStore.super.readAsync();
            }
            readings++;
            CompletableFuture<@Nullable Suspension> answer = new CompletableFuture<>();
            held.add(answer);
            return answer;
        }

        @Override
        public void suspend(Suspension suspension) {
            beforeChange.run();
            if (loses) {
                kept.suspend(suspension);
            }
            require();
            kept.suspend(suspension);
        }

        @Override
        public @Nullable Suspension resume() {
            beforeChange.run();
            require();
            return kept.resume();
        }
    }

    private PolicyEngine.Builder builder(Policy policy) {
        return PolicyEngine.builder(policy)
                .suspension(store)
                .time(clock)
                .alarm(clock)
                .audit(events::add);
    }

    private PolicyEngine engine() {
        return builder(pay()).build();
    }

    private static void assertSuspended(PolicyEngine engine, String message) {
        Decision decision = engine.decide(CALL);
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.code()).isEqualTo(Code.SUSPENDED);
        assertThat(decision.message()).isEqualTo(message);
        assertThat(engine.isSuspended()).isTrue();
    }

    private static void assertOpen(PolicyEngine engine) {
        assertThat(engine.decide(CALL).allowed()).isTrue();
        assertThat(engine.isSuspended()).isFalse();
    }

    private List<AuditEvent> onRecord() {
        return events.stream().filter(SuspensionChanged.class::isInstance).toList();
    }

    private SuspensionChanged changed(boolean suspended, Suspension what, @Nullable String by) {
        return new SuspensionChanged(
                Instant.ofEpochMilli(clock.wallMillis()), suspended, what.reason(), by, what.since());
    }

    // ---- what others do

    @Test
    void aSuspensionThatIsInTheStoreAtTheStartIsInForceAndOnRecord() {
        store.suspend(INCIDENT);
        PolicyEngine engine = engine();

        assertSuspended(engine, "Incident 7.");
        clock.advance(SECOND);
        clock.advance(SECOND);
        assertThat(onRecord())
                .containsExactly(new SuspensionChanged(START, true, "Incident 7.", "ada", INCIDENT.since()));
        assertThat(events.get(0)).isInstanceOf(AuditEvent.PolicyChanged.class);
    }

    @Test
    void everyEngineSeesASuspensionAndItsEndWithinASecond() {
        PolicyEngine one = engine();
        PolicyEngine two = builder(pay()).build();

        one.suspend("Incident 7.", "ada");
        assertSuspended(one, "Incident 7.");
        assertOpen(two);
        clock.advance(SECOND);
        assertSuspended(two, "Incident 7.");
        two.resume("bob");
        assertOpen(two);
        assertSuspended(one, "Incident 7.");
        clock.advance(SECOND);
        assertOpen(one);
    }

    @Test
    void eachChangeIsOnRecordOnceWithWhoWhenAndWhy() {
        PolicyEngine engine = engine();
        events.clear();

        store.suspend(INCIDENT);
        clock.advance(SECOND);
        SuspensionChanged begun = changed(true, INCIDENT, "ada");
        clock.advance(SECOND);
        Suspension next = new Suspension("Incident 8.", null, START);
        store.suspend(next);
        clock.advance(SECOND);
        SuspensionChanged replaced = changed(true, next, null);
        assertSuspended(engine, "Incident 8.");
        clock.advance(SECOND);
        store.resume();
        clock.advance(SECOND);
        SuspensionChanged ended = changed(false, next, null);
        clock.advance(SECOND);

        assertThat(onRecord()).containsExactly(begun, replaced, ended);
    }

    @Test
    void whatTheEngineDoesItselfIsOnRecordOnceToo() {
        PolicyEngine engine = engine();
        events.clear();

        engine.suspend("Incident 7.", "ada");
        clock.advance(SECOND);
        engine.resume("bob");
        clock.advance(SECOND);
        engine.resume("bob");

        Suspension made = new Suspension("Incident 7.", "ada", START);
        assertThat(onRecord())
                .containsExactly(
                        new SuspensionChanged(START, true, "Incident 7.", "ada", START),
                        new SuspensionChanged(START.plusSeconds(1), false, "Incident 7.", "bob", START));
        assertThat(store.read()).isNull();
        assertThat(made.since()).isEqualTo(START);
    }

    @Test
    void theEndOfASuspensionThatWasNotSeenYetIsOnRecord() {
        PolicyEngine engine = engine();
        store.suspend(INCIDENT);

        engine.resume("bob");

        assertThat(onRecord()).containsExactly(changed(false, INCIDENT, "bob"));
        assertOpen(engine);
    }

    @Test
    void theDocumentAndTheStoreBothHaveToEnd() {
        Policy closed = PolicyEdits.suspended(Optional.of("Closed."), pay());
        PolicyEngine engine = engine();
        store.suspend(INCIDENT);
        clock.advance(SECOND);

        engine.update(closed);
        assertSuspended(engine, "Incident 7.");
        store.resume();
        clock.advance(SECOND);
        assertSuspended(engine, "Closed.");
        store.suspend(INCIDENT);
        clock.advance(SECOND);
        engine.update(pay());
        assertSuspended(engine, "Incident 7.");
        store.resume();
        clock.advance(SECOND);
        assertOpen(engine);
    }

    @Test
    void aPolicyThatIsReplacedWhileTheStoreSuspendsIsTheOneThatDecidesAfterwards() {
        PolicyEngine engine = engine();
        store.suspend(INCIDENT);
        clock.advance(SECOND);

        engine.update(pay(Policies.deny("never")));
        assertSuspended(engine, "Incident 7.");
        engine.resume("bob");

        assertThat(engine.decide(CALL).rule().name()).isEqualTo("never");
    }

    @Test
    void callsThatWaitForAPersonEndAsDeniedWhenASuspensionIsSeen() {
        List<CompletableFuture<ApprovalAnswer>> questions = new ArrayList<>();
        PolicyEngine engine = builder(pay(ask("a person"), rate("one", hourly(1))))
                .approvals(request -> {
                    CompletableFuture<ApprovalAnswer> question = new CompletableFuture<>();
                    questions.add(question);
                    return question;
                })
                .build();
        CompletableFuture<Admission> waiting = engine.admitAsync(CALL).toCompletableFuture();

        store.suspend(INCIDENT);
        assertThat(waiting).isNotDone();
        clock.advance(SECOND);

        assertThat(waiting.join().decision().code()).isEqualTo(Code.SUSPENDED);
        assertThat(questions.get(0)).isCancelled();
        store.resume();
        clock.advance(SECOND);
        assertThat(engine.decide(CALL).asks()).as("the place is free").isTrue();
    }

    @Test
    void callsThatWaitForAPersonEndWhenTheStoreCannotBeRead() {
        PolicyEngine engine = builder(pay(ask("a person")))
                .approvals(request -> new CompletableFuture<>())
                .build();
        CompletableFuture<Admission> waiting = engine.admitAsync(CALL).toCompletableFuture();

        store.cut();
        clock.advance(Duration.ofSeconds(6));

        assertThat(waiting.join().decision().message()).isEqualTo(Messages.SUSPENSION_UNKNOWN);
    }

    // ---- a store that can't be read

    @Test
    void aStoreThatCannotBeReadAtTheStartSuspendsUntilItCan() {
        store.cut();
        PolicyEngine engine = engine();

        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
        clock.advance(SECOND);
        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
        store.restore();
        clock.advance(SECOND);
        assertOpen(engine);
        assertThat(onRecord())
                .containsExactly(
                        new SuspensionChanged(START, true, Messages.SUSPENSION_UNKNOWN, null, START),
                        new SuspensionChanged(START.plusSeconds(2), false, Messages.SUSPENSION_UNKNOWN, null, START));
    }

    @Test
    void aStoreThatFailsInAnyWayAtTheStartSuspends() {
        store.failure = new IllegalStateException("broken");

        assertSuspended(engine(), Messages.SUSPENSION_UNKNOWN);
    }

    @Test
    void aReadingHoldsForFiveSeconds() {
        PolicyEngine engine = engine();
        clock.advance(SECOND);

        store.cut();
        for (int i = 0; i < 5; i++) {
            clock.advance(SECOND);
            assertOpen(engine);
        }
        clock.advance(SECOND);
        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
        clock.advance(Duration.ofMinutes(1));
        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
        store.restore();
        clock.advance(SECOND);
        assertOpen(engine);
        assertThat(onRecord()).hasSize(2);
    }

    @Test
    void aShortOutageChangesNothing() {
        PolicyEngine engine = engine();

        for (int i = 0; i < 10; i++) {
            store.cut();
            clock.advance(Duration.ofSeconds(3));
            store.restore();
            clock.advance(SECOND);
            assertOpen(engine);
        }
        assertThat(onRecord()).isEmpty();
    }

    @Test
    void aSuspensionLastsWhenTheStoreCannotBeRead() {
        PolicyEngine engine = engine();
        store.suspend(INCIDENT);
        clock.advance(SECOND);

        store.cut();
        clock.advance(Duration.ofSeconds(30));
        assertSuspended(engine, "Incident 7.");
        store.restore();
        store.resume();
        clock.advance(SECOND);
        assertOpen(engine);
        assertThat(onRecord()).hasSize(2);
    }

    @Test
    void whatAnOutageHidIsInForceAfterIt() {
        PolicyEngine engine = engine();
        store.cut();
        clock.advance(Duration.ofSeconds(6));
        store.kept.suspend(INCIDENT);
        store.restore();

        clock.advance(SECOND);

        assertSuspended(engine, "Incident 7.");
        assertThat(onRecord()).hasSize(2);
    }

    @Test
    void oneReadingIsUnderWayAtMostAndOneThatDoesNotEndSuspends() {
        PolicyEngine engine = engine();
        store.holds = true;
        int before = store.readings;

        for (int i = 0; i < 5; i++) {
            clock.advance(SECOND);
            assertOpen(engine);
        }
        clock.advance(SECOND);
        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
        assertThat(store.readings).isEqualTo(before + 1);

        store.held.get(0).complete(null);
        clock.advance(SECOND);
        assertThat(store.readings).isEqualTo(before + 2);
        store.held.get(1).complete(null);
        assertOpen(engine);
    }

    @Test
    void aReadingIsAsOldAsItsBeginning() {
        PolicyEngine engine = engine();
        store.holds = true;
        clock.advance(SECOND);
        clock.advance(Duration.ofSeconds(4));
        store.held.get(0).complete(null);
        assertOpen(engine);

        clock.advance(SECOND);
        assertOpen(engine);
        clock.advance(SECOND);

        assertSuspended(engine, Messages.SUSPENSION_UNKNOWN);
    }

    @Test
    void aReadingThatFailsInAnyWayIsTriedAgain() {
        PolicyEngine engine = engine();
        store.holds = true;
        clock.advance(SECOND);
        store.held.get(0).completeExceptionally(new IllegalStateException("broken"));
        store.holds = false;
        store.suspend(INCIDENT);

        clock.advance(SECOND);

        assertSuspended(engine, "Incident 7.");
    }

    // ---- a store that can't be written

    @Test
    void aSuspensionThatTheStoreCannotTakeIsInForceHereAndTheExceptionSaysSo() {
        PolicyEngine engine = engine();
        store.cut();

        assertThatThrownBy(() -> engine.suspend("Incident 7.", "ada"))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("in this process alone")
                .hasRootCauseMessage("cut off");

        assertSuspended(engine, "Incident 7.");
        store.restore();
        clock.advance(Duration.ofSeconds(3));
        assertSuspended(engine, "Incident 7.");
        engine.resume("bob");
        assertOpen(engine);
        assertThat(onRecord())
                .extracting(event -> ((SuspensionChanged) event).suspended())
                .containsExactly(true, false);
    }

    @Test
    void aSuspensionThatWasWrittenAfterAllEndsWithTheStore() {
        PolicyEngine engine = engine();
        store.loses = true;
        store.cut();
        assertThatThrownBy(() -> engine.suspend("Incident 7.", "ada")).isInstanceOf(UnavailableException.class);

        store.restore();
        clock.advance(SECOND);
        assertSuspended(engine, "Incident 7.");
        store.resume();
        clock.advance(SECOND);

        assertOpen(engine);
        assertThat(onRecord()).hasSize(2);
    }

    @Test
    void anEndThatTheStoreCannotTakeLeavesCallsSuspended() {
        PolicyEngine engine = engine();
        engine.suspend("Incident 7.", "ada");
        store.cut();

        assertThatThrownBy(() -> engine.resume("bob"))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("has not ended")
                .hasRootCauseMessage("cut off");

        assertSuspended(engine, "Incident 7.");
        assertThat(onRecord()).hasSize(1);
        store.restore();
        engine.resume("bob");
        assertOpen(engine);
    }

    @Test
    void callsAreSuspendedHereBeforeTheStoreIsTold() {
        PolicyEngine engine = engine();
        List<Boolean> seen = new ArrayList<>();
        store.beforeChange = () -> {
            clock.advance(SECOND);
            seen.add(engine.isSuspended());
        };

        engine.suspend("Incident 7.", "ada");
        engine.resume("bob");

        assertThat(seen).containsExactly(true, true);
        assertOpen(engine);
    }

    @Test
    void aReadingFromBeforeAChangeDoesNotUndoIt() {
        PolicyEngine engine = engine();
        store.holds = true;
        clock.advance(SECOND);
        engine.suspend("Incident 7.", "ada");
        store.held.get(0).complete(null);
        assertSuspended(engine, "Incident 7.");

        clock.advance(SECOND);
        engine.resume("bob");
        store.held.get(1).complete(INCIDENT);

        assertOpen(engine);
        assertThat(onRecord()).hasSize(2);
    }

    // ---- clocks and alarms

    @Test
    void anAlarmOfAHostThatIsShutDownDoesNotBlindTheEngine() {
        Alarm broken = (delay, task) -> {
            throw new RejectedExecutionException("shut down");
        };

        PolicyEngine engine = builder(pay()).alarm(broken).build();

        assertOpen(engine);
    }

    @Test
    void withoutAStoreNoAlarmIsSet() {
        PolicyEngine.builder(pay()).time(clock).alarm(clock).build();
        assertThat(clock.alarms()).isZero();

        engine();
        assertThat(clock.alarms()).isEqualTo(1);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void theAlarmKeepsNoEngineAlive() {
        WeakReference<PolicyEngine> engine = new WeakReference<>(engine());
        while (engine.get() != null) {
            System.gc();
        }

        clock.advance(SECOND);
        assertThat(clock.alarms()).isZero();
    }
}
