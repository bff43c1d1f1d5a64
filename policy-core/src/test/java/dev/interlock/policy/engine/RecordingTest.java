package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.recorded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Change;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Failed;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.audit.AuditEvent.PolicyChanged;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolLock;
import dev.interlock.policy.tool.ToolRating;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What an engine tells its sinks, and what it does with a call that none can be told of. */
class RecordingTest {

    private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    private final List<AuditEvent> events = new ArrayList<>();
    private final List<AuditEvent> unrecorded = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final AtomicInteger ids = new AtomicInteger();

    private PolicyEngine.Builder engine(Policy policy) {
        return PolicyEngine.builder(policy)
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .time(clock)
                .ids(() -> "d" + ids.incrementAndGet())
                .listener(new EngineListener() {
                    @Override
                    public void failed(ToolCall call, Throwable failure) {
                        failures.add(failure);
                    }

                    @Override
                    public void unrecorded(AuditEvent event, Throwable failure) {
                        unrecorded.add(event);
                    }
                });
    }

    private PolicyEngine watched(Policy policy) {
        PolicyEngine engine = engine(policy).audit(events::add).build();
        events.clear();
        return engine;
    }

    private <T extends AuditEvent> List<T> heard(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private List<Outcome> outcomes() {
        return heard(Decided.class).stream().map(Decided::outcome).toList();
    }

    private List<CallOutcome> settlements() {
        return heard(Settled.class).stream().map(Settled::outcome).toList();
    }

    @Test
    void aDecisionIsRecordedWithAllThatIsKnownOfIt() {
        Policy policy = pay(rate("one", hourly(1)));
        PolicyEngine engine = engine(policy)
                .rating("pay", ToolRating.of(ToolCategory.FINANCIAL))
                .audit(events::add)
                .build();
        ToolCall call = Desk.pay(Map.of("amount", 5)).by("bob").in("s1").on("bank");

        Admission admission = engine.admit(call);
        clock.advance(Duration.ofSeconds(3));
        admission.succeeded();

        Instant start = Instant.parse("2026-03-31T23:30:00Z");
        assertThat(events)
                .containsExactly(
                        new PolicyChanged(start, Change.START, null, PolicyRef.of(policy)),
                        new Decided(
                                start,
                                "d1",
                                PolicyRef.of(policy),
                                call,
                                ToolRating.of(ToolCategory.FINANCIAL),
                                Decision.ALLOWED,
                                Outcome.ALLOWED,
                                null,
                                Duration.ZERO),
                        new Settled(start.plusSeconds(3), "d1", call, CallOutcome.SUCCEEDED, Duration.ofSeconds(3)));
    }

    @Test
    void everyOutcomeIsToldApart() {
        watched(pay()).admit(Desk.pay(Map.of()));
        recordMore(pay(deny("no")));
        recordMore(Policy.of(Policies.hiding("pay")));
        recordMore(pay(ask("a person, but no one can be asked")));
        engine(pay(ask("a person")))
                .approvals(ApprovalTickets.create())
                .audit(events::add)
                .build()
                .admit(Desk.pay(Map.of()));
        recordMore(pay(recorded(deny("no"))));
        recordMore(Policies.audited(Policy.of(Policies.hiding("pay"))));

        assertThat(outcomes())
                .containsExactly(
                        Outcome.ALLOWED,
                        Outcome.DENIED,
                        Outcome.HIDDEN,
                        Outcome.DENIED,
                        Outcome.ASKED,
                        Outcome.ASKED,
                        Outcome.AUDITED,
                        Outcome.AUDITED);
    }

    private void recordMore(Policy policy) {
        engine(policy).audit(events::add).build().admit(Desk.pay(Map.of()));
    }

    @Test
    void callsWithoutAReservationAreSettledTooButDenialsAreNot() {
        PolicyEngine engine = watched(pay(recorded(deny("no"))));
        engine.admit(Desk.pay(Map.of())).failed();
        engine.update(pay());
        engine.admit(Desk.pay(Map.of())).close();
        engine.update(pay(deny("no")));
        engine.admit(Desk.pay(Map.of())).unsent();

        assertThat(settlements()).containsExactly(CallOutcome.FAILED, CallOutcome.UNKNOWN);
    }

    @Test
    void aCallIsSettledOnceHoweverOftenItIsTried() {
        Admission admission = watched(pay(rate("one", hourly(1)))).admit(Desk.pay(Map.of()));
        admission.failed();
        admission.succeeded();
        admission.close();

        assertThat(settlements()).containsExactly(CallOutcome.FAILED);
    }

    @Test
    void ofTwoThreadsThatSettleOneIsRecordedAndItIsTheOneThatCounted() throws Exception {
        List<AuditEvent> settled = Collections.synchronizedList(events);
        PolicyEngine engine =
                engine(pay(rate("all", hourly(1_000)))).audit(settled::add).build();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int i = 0; i < 500; i++) {
            Admission admission = engine.admit(Desk.pay(Map.of()));
            Future<?> one = threads.submit(admission::failed);
            Future<?> other = threads.submit(() -> admission.succeeded());
            one.get();
            other.get();
        }
        threads.shutdown();

        long kept = settlements().stream()
                .filter(outcome -> outcome == CallOutcome.SUCCEEDED)
                .count();
        assertThat(settlements()).hasSize(500);
        long room = 0;
        while (engine.admit(Desk.pay(Map.of())).decision().allowed()) {
            room++;
        }
        assertThat(room).isEqualTo(1_000 - kept);
    }

    private static Policy withMethods(Mode mode) {
        Policy plain = pay();
        Map<NamePattern, Posture> methods = new LinkedHashMap<>();
        methods.put(new NamePattern("resources/*"), Posture.DENY);
        methods.put(new NamePattern("prompts/get"), Posture.ALLOW);
        return new Policy("", mode, plain.body(), methods, plain.grants());
    }

    @Test
    void aMethodThatThePolicySpeaksOfIsRecordedAndNoOther() {
        PolicyEngine engine = watched(withMethods(Mode.ENFORCE));
        MethodCall read = MethodCall.of("resources/read").by("bob").in("s1").on("files");

        assertThat(engine.admit(read).code()).isEqualTo(Code.METHOD);
        assertThat(engine.admit(MethodCall.of("prompts/get").askedByServer()).allowed())
                .isTrue();
        assertThat(engine.admit(MethodCall.of("ping")).allowed()).isTrue();
        engine.update(withMethods(Mode.AUDIT));
        assertThat(engine.admit(read).allowed()).isTrue();

        assertThat(heard(MethodDecided.class))
                .extracting(MethodDecided::request, MethodDecided::outcome)
                .containsExactly(
                        tuple(read, Outcome.DENIED),
                        tuple(MethodCall.of("prompts/get").askedByServer(), Outcome.ALLOWED),
                        tuple(read, Outcome.AUDITED));
        assertThat(read.toString()).doesNotContain("bob", "s1");
    }

    @Test
    void aCallOfAToolThatComesAsAnotherMethodIsDeniedWhateverThePolicySays() {
        PolicyEngine engine = watched(withMethods(Mode.AUDIT));
        for (String method : List.of("tools/call", " Tools/Call", "", " ")) {
            assertThat(engine.admit(MethodCall.of(method)).allowed()).as(method).isFalse();
        }
        assertThat(heard(MethodDecided.class)).hasSize(4);
    }

    @Test
    void aRequestWhoseRecordNoSinkTakesIsNotMade() {
        PolicyEngine engine = engine(withMethods(Mode.AUDIT))
                .audit(event -> {
                    if (event instanceof MethodDecided) {
                        throw new IllegalStateException("full");
                    }
                })
                .build();

        assertThat(engine.admit(MethodCall.of("prompts/get")).code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(engine.admit(MethodCall.of("resources/read")).allowed()).isFalse();
        assertThat(engine.admit(MethodCall.of("ping")).allowed())
                .as("the policy has no say in it, so there is nothing to record")
                .isTrue();
    }

    @Test
    void whatFailedBeforeItCameToTheEngineIsDeniedAndOnRecord() {
        PolicyEngine engine = watched(withMethods(Mode.AUDIT));
        IllegalStateException failure = new IllegalStateException("hunter2");

        Admission denied = engine.deny(Desk.pay(Map.of("amount", 5)), failure);
        Decision refused = engine.deny(MethodCall.of("tools/list"), failure);

        assertThat(List.of(denied.decision(), refused)).allSatisfy(decision -> {
            assertThat(decision.code()).isEqualTo(Code.ERROR);
            assertThat(decision.allowed()).isFalse();
        });
        assertThat(heard(Failed.class)).extracting(Failed::failure).containsExactly("java.lang.IllegalStateException");
        assertThat(heard(Decided.class)).extracting(Decided::outcome).containsExactly(Outcome.DENIED);
        assertThat(heard(MethodDecided.class))
                .extracting(MethodDecided::outcome)
                .containsExactly(Outcome.DENIED);
        assertThat(events.toString()).doesNotContain("hunter2");
    }

    @Test
    void theAnswerToAQuestionSaysWhoGaveItAndToWhichTicket() {
        ApprovalTickets tickets = ApprovalTickets.builder().build();
        PolicyEngine engine = engine(pay(ask("a person")))
                .approvals(tickets)
                .audit(events::add)
                .build();
        ToolCall yes = Desk.pay(Map.of("amount", 1));
        ToolCall no = Desk.pay(Map.of("amount", 2));
        engine.admit(yes);
        String first = tickets.list().get(0).id();
        tickets.approve(first, "Ada");
        engine.admit(yes).succeeded();
        engine.admit(no);
        String second = tickets.list().get(0).id();
        tickets.deny(second, "Bob", "hunter2");
        engine.admit(no);

        assertThat(heard(Decided.class))
                .extracting(Decided::outcome, Decided::answer)
                .containsExactly(
                        tuple(Outcome.ASKED, null),
                        tuple(Outcome.ASKED, new AuditEvent.Answer(null, first)),
                        tuple(Outcome.ASKED, null),
                        tuple(Outcome.APPROVED, new AuditEvent.Answer("Ada", first)),
                        tuple(Outcome.ASKED, null),
                        tuple(Outcome.ASKED, new AuditEvent.Answer(null, second)),
                        tuple(Outcome.ASKED, null),
                        tuple(Outcome.REFUSED, new AuditEvent.Answer("Bob", second)));
    }

    @Test
    void lookingIsNotRecorded() {
        PolicyEngine engine = watched(pay(rate("one", hourly(1))));
        engine.decide(Desk.pay(Map.of()));
        engine.explain(Desk.pay(Map.of()));
        engine.visible(Desk.pay(Map.of()));
        engine.decideMethod("resources/read");

        assertThat(events).isEmpty();
    }

    @Test
    void aChangeOfPolicyIsToldBeforeItsFirstDecision() {
        PolicyEngine engine = watched(pay());
        Policy next = pay(deny("no"));
        engine.update(next);
        engine.admit(Desk.pay(Map.of()));

        assertThat(heard(PolicyChanged.class))
                .extracting(PolicyChanged::change, PolicyChanged::before, PolicyChanged::now)
                .containsExactly(tuple(Change.POLICY, PolicyRef.of(pay()), PolicyRef.of(next)));
        assertThat(heard(Decided.class)).extracting(Decided::policy).containsExactly(PolicyRef.of(next));
        assertThat(events.get(0)).isInstanceOf(PolicyChanged.class);
    }

    @Test
    void aSwappedLockIsAChangeToo() {
        PolicyEngine engine = watched(pay());
        engine.update((ToolLock) null);

        assertThat(heard(PolicyChanged.class)).extracting(PolicyChanged::change).containsExactly(Change.LOCK);
    }

    @Test
    void aFailureIsRecordedByItsClassAndThenTheDenial() {
        PolicyEngine engine = engine(pay(rate("one", hourly(1))))
                .rateLimiter(new Later(null))
                .audit(events::add)
                .build();
        events.clear();

        engine.admit(Desk.pay(Map.of()));

        assertThat(heard(Failed.class)).extracting(Failed::failure).containsExactly("java.lang.IllegalStateException");
        assertThat(events.toString()).doesNotContain("hunter2");
        assertThat(heard(Decided.class))
                .extracting(decided -> decided.decision().code())
                .containsExactly(Code.ERROR);
    }

    @Test
    void aCallThatNoSinkTakesIsDeniedAndGivesBackWhatItReserved() {
        boolean[] full = {true};
        PolicyEngine engine = engine(pay(rate("one", hourly(1))))
                .audit(event -> {
                    if (full[0] && event instanceof Decided) {
                        throw new IllegalStateException("full");
                    }
                    events.add(event);
                })
                .build();

        Decision refused = engine.admit(Desk.pay(Map.of())).decision();
        assertThat(refused.code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(refused.allowed()).isFalse();
        assertThat(unrecorded).as("the decision, and the denial in its place").hasSize(2);

        full[0] = false;
        assertThat(engine.admit(Desk.pay(Map.of())).decision()).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void noModeLetsACallThroughThatWasNotRecorded() {
        PolicyEngine engine = engine(Policies.audited(pay(recorded(deny("no")))))
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().allowed()).isFalse();
    }

    @Test
    void aQuestionThatWasNotRecordedIsNotPut() {
        PolicyEngine engine = engine(pay(ask("a person")))
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().verdict()).isEqualTo(Decision.Verdict.DENIED);
    }

    @Test
    void aDenialThatWasNotRecordedStaysTheDenialItWas() {
        PolicyEngine engine = engine(pay(deny("no")))
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.DENY_RULE);
    }

    @Test
    void ofSeveralSinksTheOnesThatTookADecisionAreToldThatItWasDeniedInTheEnd() {
        PolicyEngine engine = engine(pay())
                .audit(events::add)
                .audit(event -> {
                    throw new IllegalStateException("full");
                })
                .build();
        events.clear();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().allowed()).isFalse();
        assertThat(outcomes()).containsExactly(Outcome.ALLOWED, Outcome.DENIED);
        assertThat(heard(Decided.class)).extracting(Decided::id).containsOnly("d1");
    }

    @Test
    void anObserverThatThrowsStopsNothing() {
        PolicyEngine engine = engine(pay())
                .observer(event -> {
                    throw new IllegalStateException("gone");
                })
                .observer(events::add)
                .build();
        unrecorded.clear();
        events.clear();

        Admission admission = engine.admit(Desk.pay(Map.of()));
        admission.succeeded();

        assertThat(admission.decision()).isEqualTo(Decision.ALLOWED);
        assertThat(unrecorded).hasSize(2);
        assertThat(events).hasSize(2);
    }

    @Test
    void aPolicyIsPutInForceAlsoIfNoSinkTakesTheNews() {
        PolicyEngine engine = engine(pay())
                .audit(event -> {
                    if (event instanceof PolicyChanged) {
                        throw new IllegalStateException("full");
                    }
                })
                .build();
        engine.update(pay(deny("no")));

        assertThat(engine.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.DENY_RULE);
        assertThat(unrecorded).hasSize(2);
    }

    @Test
    void aSourceOfIdsThatThrowsDenies() {
        PolicyEngine engine = engine(pay(rate("one", hourly(1))))
                .ids(() -> {
                    throw new IllegalStateException("no entropy");
                })
                .audit(events::add)
                .build();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(failures).hasSize(1);
        assertThat(engine.decide(Desk.pay(Map.of())))
                .as("nothing stays reserved")
                .isEqualTo(Decision.ALLOWED);
    }

    @Test
    void aLimiterThatAnswersLaterIsRecordedWhenItHasAnswered() {
        PolicyEngine engine = engine(pay(rate("one", hourly(1))))
                .rateLimiter(new Later(InMemoryRateLimiter.builder().time(clock).build()))
                .audit(events::add)
                .build();
        events.clear();

        Admission admission =
                engine.admitAsync(Desk.pay(Map.of())).toCompletableFuture().join();
        admission.unsent();

        assertThat(outcomes()).containsExactly(Outcome.ALLOWED);
        assertThat(settlements()).containsExactly(CallOutcome.UNSENT);
    }

    @Test
    void withoutASinkNothingIsMadeForOneAndNoClockIsRead() {
        PolicyEngine engine = PolicyEngine.builder(pay())
                .time(new Unreadable())
                .ids(() -> {
                    throw new AssertionError("asked");
                })
                .build();

        assertThat(engine.admit(Desk.pay(Map.of()))).isSameAs(engine.admit(Desk.pay(Map.of())));
    }

    @Test
    void noEventTellsAnArgumentInItsText() {
        PolicyEngine engine = watched(pay());
        engine.admit(Desk.pay(Map.of("password", "hunter2"))).succeeded();

        assertThat(events).hasSize(2);
        assertThat(events.toString()).doesNotContain("hunter2");
    }

    /** A limiter on another machine: it answers on another thread, or fails if there is nothing behind it. */
    private record Later(@Nullable RateLimiter inner) implements RateLimiter {

        private RateLimiter reached() {
            if (inner == null) {
                throw new IllegalStateException("hunter2");
            }
            return inner;
        }

        @Override
        public Reservation reserve(Batch batch) {
            return reached().reserve(batch);
        }

        @Override
        public CompletionStage<Reservation> reserveAsync(Batch batch) {
            return CompletableFuture.supplyAsync(() -> reserve(batch));
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            reached().settle(reservation, outcome);
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            return reached().usage(charges);
        }

        @Override
        public boolean blocks() {
            return true;
        }
    }

    private static final class Unreadable implements TimeSource {

        @Override
        public long wallMillis() {
            throw new AssertionError("read");
        }

        @Override
        public long monotonicNanos() {
            throw new AssertionError("read");
        }
    }
}
