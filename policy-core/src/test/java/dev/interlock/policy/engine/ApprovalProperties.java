package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** Whatever happens in whatever order: nothing passes without a yes, and one yes admits one call. */
class ApprovalProperties {

    private static final List<Policy> POLICIES =
            List.of(pay(ask("a person")), pay(ask("another person"), rate("three", hourly(3))));
    private static final List<Object> AMOUNTS = List.of(1, new BigDecimal("1.0"), "1", 2);
    private static final CallOutcome[] OUTCOMES = CallOutcome.values();

    /** What happens, and to which of the things that it can happen to. */
    record Event(Kind kind, int which, int other) {}

    enum Kind {
        CALL,
        APPROVE,
        DENY,
        SETTLE,
        RELOAD,
        WAIT,
        CANCEL
    }

    @Provide
    Arbitrary<List<Event>> events() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(
                net.jqwik.api.Tuple.of(8, Kind.CALL),
                net.jqwik.api.Tuple.of(5, Kind.APPROVE),
                net.jqwik.api.Tuple.of(1, Kind.DENY),
                net.jqwik.api.Tuple.of(4, Kind.SETTLE),
                net.jqwik.api.Tuple.of(1, Kind.RELOAD),
                net.jqwik.api.Tuple.of(1, Kind.WAIT),
                net.jqwik.api.Tuple.of(1, Kind.CANCEL));
        return Combinators.combine(
                        kinds,
                        Arbitraries.integers().between(0, 7),
                        Arbitraries.integers().between(0, 3))
                .as(Event::new)
                .list()
                .ofMinSize(5)
                .ofMaxSize(60);
    }

    /** What a yes binds: who calls, with what, under which policy. */
    private record Bound(String identity, Object amount, PolicyRef policy) {

        static Bound of(ToolCall call, Policy policy) {
            return new Bound(String.valueOf(call.identity()), call.arguments().root(), PolicyRef.of(policy));
        }
    }

    private static ToolCall call(Event event) {
        return Desk.pay(Map.of("amount", AMOUNTS.get(event.other))).by(event.which % 2 == 0 ? "bot" : "other");
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aTicketAdmitsNoMoreCallsThanWereApproved(@ForAll("events") List<Event> events) {
        ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        ApprovalTickets tickets = ApprovalTickets.builder().time(clock).build();
        PolicyEngine engine = engine(clock, tickets);
        Map<Bound, Integer> yeses = new HashMap<>();
        List<Admission> admitted = new ArrayList<>();
        Map<Admission, Bound> bounds = new HashMap<>();
        for (Event event : events) {
            switch (event.kind) {
                case CALL -> {
                    ToolCall call = call(event);
                    Admission admission = engine.admit(call);
                    boolean passes = admission.decision().allowed();
                    if (passes) {
                        admitted.add(admission);
                        bounds.put(admission, Bound.of(call, engine.policy()));
                        int left = yeses.merge(Bound.of(call, engine.policy()), -1, Integer::sum);
                        assertThat(left).as("yeses left").isNotNegative();
                    }
                    Statistics.collect(passes ? "passes" : admission.decision().code());
                }
                case APPROVE -> {
                    Ticket ticket = pick(tickets.list(), event.which);
                    if (ticket != null
                            && tickets.approve(ticket.id(), "Ada") == ApprovalTickets.AnswerResult.ACCEPTED) {
                        ApprovalRequest request = ticket.request();
                        Bound bound = new Bound(
                                String.valueOf(request.identity()),
                                request.arguments().root(),
                                request.policy());
                        yeses.merge(bound, 1, Integer::sum);
                    }
                }
                case DENY -> {
                    Ticket ticket = pick(tickets.list(), event.which);
                    if (ticket != null) {
                        tickets.deny(ticket.id(), "Ada", null);
                    }
                }
                case SETTLE, CANCEL -> {
                    Admission admission = pick(admitted, event.which);
                    if (admission != null) {
                        admitted.remove(admission);
                        CallOutcome outcome = OUTCOMES[event.other];
                        admission.settle(outcome);
                        admission.settle(CallOutcome.UNSENT);
                        if (outcome == CallOutcome.UNSENT) {
                            yeses.merge(bounds.get(admission), 1, Integer::sum);
                        }
                    }
                }
                case RELOAD -> engine.update(POLICIES.get(event.which % 2));
                case WAIT -> clock.advance(Duration.ofMinutes(event.which));
            }
        }
        Statistics.coverage(coverage -> coverage.check("passes").percentage(share -> share > 5));
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aHeldCallPassesOnlyOnItsOwnYesInTimeUnderThePolicyItWasAskedBy(@ForAll("events") List<Event> events) {
        ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
        List<CompletableFuture<ApprovalAnswer>> questions = new ArrayList<>();
        List<Integer> yeses = new ArrayList<>();
        ApprovalHandler handler = new ApprovalHandler() {
            @Override
            public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
                CompletableFuture<ApprovalAnswer> question = new CompletableFuture<>();
                questions.add(question);
                return question;
            }
        };
        PolicyEngine engine = engine(clock, handler);
        List<CompletableFuture<Admission>> calls = new ArrayList<>();
        for (Event event : events) {
            switch (event.kind) {
                case CALL, SETTLE -> calls.add(engine.admitAsync(call(event)).toCompletableFuture());
                case APPROVE -> {
                    CompletableFuture<ApprovalAnswer> question = pick(questions, event.which);
                    if (question != null && question.complete(ApprovalAnswer.approved("Ada"))) {
                        yeses.add(event.which);
                    }
                }
                case DENY -> {
                    CompletableFuture<ApprovalAnswer> question = pick(questions, event.which);
                    if (question != null) {
                        question.complete(ApprovalAnswer.refused("Ada", null));
                    }
                }
                case RELOAD -> engine.update(POLICIES.get(event.which % 2));
                case WAIT -> clock.advance(Duration.ofMinutes(event.which));
                case CANCEL -> {
                    CompletableFuture<Admission> call = pick(calls, event.which);
                    if (call != null) {
                        call.cancel(false);
                    }
                }
            }
            assertThat(passed(calls)).isLessThanOrEqualTo(yeses.size());
        }
        Statistics.collect(passed(calls) > 0 ? "some pass" : "none passes");
        Statistics.coverage(coverage -> coverage.check("some pass").percentage(share -> share > 20));

        // In the end nothing waits, and only what passed is still counted.
        clock.advance(Duration.ofHours(24));
        assertThat(calls).allMatch(CompletableFuture::isDone);
        assertThat(clock.alarms()).isZero();
    }

    private static long passed(List<CompletableFuture<Admission>> calls) {
        return calls.stream()
                .filter(call -> call.isDone() && !call.isCancelled())
                .filter(call -> call.join().decision().allowed())
                .count();
    }

    private static PolicyEngine engine(ManualTime clock, ApprovalHandler handler) {
        return PolicyEngine.builder(POLICIES.get(0))
                .rateLimiter(InMemoryRateLimiter.builder().time(clock).build())
                .approvals(handler)
                .time(clock)
                .alarm(clock)
                .listener((call, failure) -> {
                    throw new AssertionError(failure);
                })
                .build();
    }

    private static <T> @org.jspecify.annotations.Nullable T pick(List<T> list, int which) {
        return list.isEmpty() ? null : list.get(which % list.size());
    }
}
