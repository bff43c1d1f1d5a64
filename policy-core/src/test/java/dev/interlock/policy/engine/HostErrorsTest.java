package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.doubles.ForwardingLimiter;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a host's own code throws: the call is answered, and what it took is given back. */
@Timeout(60)
class HostErrorsTest {

    private static final Policy LIMITED = pay(rate("one", hourly(1)));
    private static final Policy ASKING = pay(ask("a person"), rate("one", hourly(1)));

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Throwable> failures = new ArrayList<>();
    private final RateLimiter memory = InMemoryRateLimiter.create();

    @AfterEach
    void stop() {
        threads.shutdown();
    }

    /** A limiter that answers later, and on another thread, as one on another machine does. */
    private final class Remote extends ForwardingLimiter {

        Remote() {
            super(memory);
        }

        @Override
        public boolean blocks() {
            return true;
        }

        @Override
        public CompletionStage<Reservation> reserveAsync(Batch batch) {
            return CompletableFuture.supplyAsync(() -> memory.reserve(batch), threads);
        }

        @Override
        public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
            return CompletableFuture.supplyAsync(() -> memory.usage(charges), threads);
        }
    }

    private static Stream<Error> errors() {
        return Stream.of(
                new AssertionError("hunter2"),
                new NoClassDefFoundError("hunter2"),
                new ExceptionInInitializerError("hunter2"),
                new LinkageError("hunter2"),
                new StackOverflowError("hunter2"),
                new OutOfMemoryError("hunter2"),
                new InternalError("hunter2"));
    }

    private PolicyEngine.Builder builder(Policy policy, RateLimiter limiter) {
        return PolicyEngine.builder(policy).rateLimiter(limiter).listener((call, failure) -> {
            synchronized (failures) {
                failures.add(failure);
            }
            throw new AssertionError("the listener threw as well");
        });
    }

    private List<RateLimiter> limiters() {
        return List.of(memory, new Remote());
    }

    private static Decision admit(PolicyEngine engine) throws Exception {
        return engine.admitAsync(Desk.pay(Map.of()))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .decision();
    }

    private void assertDeniedAndNothingTaken(PolicyEngine engine) throws Exception {
        Decision decision = admit(engine);

        assertThat(decision.allowed()).isFalse();
        assertThat(decision.message()).doesNotContain("hunter2");
        assertThat(builder(LIMITED, memory).build().decide(Desk.pay(Map.of())).allowed())
                .as("room afterwards")
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfASinkDenies(Error error) throws Exception {
        for (RateLimiter limiter : limiters()) {
            assertDeniedAndNothingTaken(builder(LIMITED, limiter)
                    .audit(event -> {
                        if (event instanceof AuditEvent.Decided) {
                            throw error;
                        }
                    })
                    .build());
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfAnObserverKeepsNothingFromHappening(Error error) throws Exception {
        for (RateLimiter limiter : limiters()) {
            List<AuditEvent> heard = new ArrayList<>();
            PolicyEngine engine = builder(LIMITED, limiter)
                    .observer(event -> {
                        throw error;
                    })
                    .audit(heard::add)
                    .audit(heard::add)
                    .build();

            Admission admission =
                    engine.admitAsync(Desk.pay(Map.of())).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(admission.decision().allowed()).isTrue();
            admission.failed();
            assertThat(heard).hasSize(6);
        }
    }

    @Test
    void everySinkHearsOfAnEventThoughOneBeforeItThrowsAnError() {
        List<AuditEvent> heard = new ArrayList<>();
        PolicyEngine engine = builder(LIMITED, memory)
                .audit(event -> {
                    throw new NoClassDefFoundError();
                })
                .audit(heard::add)
                .build();

        assertThat(engine.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(heard).hasAtLeastOneElementOfType(AuditEvent.Decided.class);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfAnApprovalHandlerDenies(Error error) throws Exception {
        List<ApprovalHandler> handlers = List.of(
                request -> {
                    throw error;
                },
                request -> CompletableFuture.failedFuture(error),
                new ApprovalHandler() {
                    @Override
                    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
                        return CompletableFuture.completedFuture(ApprovalAnswer.approved("Ada"));
                    }

                    @Override
                    public boolean asksForAllRules() {
                        throw error;
                    }
                });
        for (RateLimiter limiter : limiters()) {
            for (ApprovalHandler handler : handlers) {
                assertDeniedAndNothingTaken(
                        builder(ASKING, limiter).approvals(handler).build());
            }
        }
        assertThat(failures).contains(error);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfASinkWhenTheYesComesDeniesAndTheTicketIsGoodStill(Error error) throws Exception {
        for (RateLimiter limiter : limiters()) {
            ApprovalTickets tickets = ApprovalTickets.create();
            PolicyEngine engine = builder(ASKING, limiter)
                    .approvals(tickets)
                    .audit(event -> {
                        if (event instanceof AuditEvent.Decided decided
                                && decided.outcome() == AuditEvent.Outcome.APPROVED) {
                            throw error;
                        }
                    })
                    .build();
            admit(engine);
            tickets.approve(tickets.list().get(0).id(), "Ada");

            assertDeniedAndNothingTaken(engine);
            assertThat(tickets.list()).extracting(Ticket::state).containsExactly(Ticket.State.APPROVED);
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfATicketListenerDeniesAndLeavesNoTicket(Error error) throws Exception {
        ApprovalTickets tickets = ApprovalTickets.builder()
                .onOpened(ticket -> {
                    throw error;
                })
                .build();
        for (RateLimiter limiter : limiters()) {
            assertDeniedAndNothingTaken(
                    builder(ASKING, limiter).approvals(tickets).build());
        }
        assertThat(tickets.list()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfTheAlarmDeniesAndHoldsNoPlace(Error error) throws Exception {
        for (RateLimiter limiter : limiters()) {
            AtomicBoolean broken = new AtomicBoolean(true);
            List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
            PolicyEngine engine = builder(ASKING, limiter)
                    .approvals(request -> {
                        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                        answers.add(answer);
                        return answer;
                    })
                    .maxWaitingForApproval(1)
                    .alarm((delay, task) -> {
                        if (broken.get()) {
                            throw error;
                        }
                        return () -> {};
                    })
                    .build();

            assertDeniedAndNothingTaken(engine);
            assertThat(answers.get(0)).as("withdrawn").isCancelled();
            broken.set(false);
            CompletableFuture<Admission> next =
                    engine.admitAsync(Desk.pay(Map.of())).toCompletableFuture();
            assertThat(next.isDone()).isFalse();
            next.cancel(false);
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfTheClockOrTheSourceOfIdsDenies(Error error) throws Exception {
        TimeSource broken = new TimeSource() {
            @Override
            public long monotonicNanos() {
                throw error;
            }

            @Override
            public long wallMillis() {
                return 0;
            }
        };
        for (RateLimiter limiter : limiters()) {
            assertDeniedAndNothingTaken(
                    builder(LIMITED, limiter).time(broken).audit(event -> {}).build());
            assertDeniedAndNothingTaken(builder(ASKING, limiter)
                    .time(broken)
                    .approvals(ApprovalTickets.create())
                    .build());
            assertDeniedAndNothingTaken(builder(LIMITED, limiter)
                    .audit(event -> {})
                    .ids(() -> {
                        throw error;
                    })
                    .build());
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfTheClassifierOrTheSchemaValidatorDenies(Error error) throws Exception {
        for (RateLimiter limiter : limiters()) {
            PolicyEngine validating = builder(
                            pay(Policies.validate("schema", Policies.schema()), rate("one", hourly(1))), limiter)
                    .schemaValidator((schema, arguments) -> {
                        throw error;
                    })
                    .build();
            validating
                    .tools()
                    .learn(
                            null,
                            List.of(ToolDefinition.named("pay")
                                    .withInputSchema(
                                            Desk.pay(Map.of()).arguments().root())));
            assertDeniedAndNothingTaken(validating);
            assertDeniedAndNothingTaken(builder(
                            pay(
                                    Policies.check(
                                            "rated",
                                            Policies.when("tool.risk", dev.interlock.policy.Operator.NEQ, "critical")),
                                    rate("one", hourly(1))),
                            limiter)
                    .classifier(tool -> {
                        throw error;
                    })
                    .build());
        }
        assertThat(failures).contains(error);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorOfTheLimiterDeniesAndOneAtTheEndIsOnlyTold(Error error) throws Exception {
        AtomicInteger reserved = new AtomicInteger();
        RateLimiter broken = new RateLimiter() {
            @Override
            public Reservation reserve(Batch batch) {
                if (reserved.getAndIncrement() == 0) {
                    throw error;
                }
                return memory.reserve(batch);
            }

            @Override
            public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
                throw error;
            }

            @Override
            public List<Usage> usage(List<Charge> charges) {
                throw error;
            }
        };
        List<AuditEvent> heard = new ArrayList<>();
        PolicyEngine engine = builder(LIMITED, broken).audit(heard::add).build();

        assertDeniedAndNothingTaken(engine);
        Admission admission = engine.admit(Desk.pay(Map.of()));
        failures.clear();
        admission.succeeded();

        assertThat(failures).containsExactly(error);
        assertThat(heard).hasAtLeastOneElementOfType(AuditEvent.Settled.class);
    }
}
