package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.recorded;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls that a person is asked about, from the question to what a late answer does. */
class ApprovalTest {

    private static final Policy ONE_AN_HOUR = pay(ask("a person"), rate("one", hourly(1)));

    private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(clock).build();
    private final List<Throwable> failures = new ArrayList<>();
    private final Person person = new Person();

    /** Is asked, and answers when the test says so. */
    private static final class Person implements ApprovalHandler {
        final List<ApprovalRequest> requests = new ArrayList<>();
        final List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
        final List<ApprovalAnswer.Approved> givenBack = new ArrayList<>();
        /** How many questions there were; written last, so that another thread sees what belongs to it. */
        volatile int asked;

        @Override
        public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
            requests.add(request);
            CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
            answers.add(answer);
            asked = requests.size();
            return answer;
        }

        @Override
        public void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
            givenBack.add(yes);
        }

        void answer(int question, @Nullable ApprovalAnswer answer) {
            answers.get(question).complete(answer);
        }

        void yes(int question) {
            answer(question, ApprovalAnswer.approved("Ada"));
        }
    }

    private PolicyEngine engine(Policy policy, @Nullable ApprovalHandler handler) {
        return PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .approvals(handler)
                .time(clock)
                .alarm(clock)
                .listener((call, failure) -> failures.add(failure))
                .build();
    }

    private static CompletableFuture<Admission> begin(
            PolicyEngine engine, Map<String, ?> arguments, AdmitOptions options) {
        return engine.admitAsync(Desk.pay(arguments), options).toCompletableFuture();
    }

    private static CompletableFuture<Admission> begin(PolicyEngine engine) {
        return begin(engine, Map.of("amount", 5), AdmitOptions.DEFAULT);
    }

    /** Whether the one call an hour is still free. */
    private boolean hasRoom() {
        Decision decision = engine(pay(rate("one", hourly(1))), null).decide(Desk.pay(Map.of()));
        return decision.allowed();
    }

    private static void assertDenied(CompletableFuture<Admission> result, String message) {
        Decision decision = result.join().decision();
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
        assertThat(decision.code()).isEqualTo(Code.APPROVAL);
        assertThat(decision.message()).endsWith(message);
        assertThat(decision.rule()).isNotNull();
    }

    @Test
    void withoutAHandlerTheCallIsDeniedAndTakesNothing() {
        PolicyEngine engine = engine(ONE_AN_HOUR, null);

        Admission now = engine.admit(Desk.pay(Map.of()));
        Admission later = begin(engine).join();

        assertThat(List.of(now.decision(), later.decision()))
                .allMatch(decision -> decision.verdict() == Verdict.DENIED && decision.code() == Code.APPROVAL)
                .allMatch(decision -> decision.message().endsWith("No one could be asked."));
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void whoIsAskedFirstAnswersAloneUnlessTheyCanAskNoOne() {
        for (ApprovalHandler second : Arrays.asList(null, person)) {
            Person first = new Person();
            CompletableFuture<Admission> result =
                    begin(engine(ONE_AN_HOUR, second), Map.of(), AdmitOptions.DEFAULT.askingFirst(first));
            assertThat(first.requests).hasSize(1);

            first.answer(0, ApprovalAnswer.refused("Bob", "not today"));

            assertDenied(result, "not today");
            assertThat(person.requests).isEmpty();
        }
        Person first = new Person();
        CompletableFuture<Admission> result =
                begin(engine(ONE_AN_HOUR, person), Map.of(), AdmitOptions.DEFAULT.askingFirst(first));
        first.answer(0, new ApprovalAnswer.Unasked("no one is there"));
        person.yes(0);

        assertThat(result.join().answer()).isEqualTo(ApprovalAnswer.approved("Ada"));
        result.join().unsent();
        assertThat(person.givenBack).hasSize(1);
        assertThat(first.givenBack).isEmpty();
    }

    @Test
    void theHandlerThatIsAskedIsToldThatNoOneWaitsAnyLonger() {
        Person first = new Person();
        CompletableFuture<Admission> gone =
                begin(engine(ONE_AN_HOUR, person), Map.of(), AdmitOptions.DEFAULT.askingFirst(first));
        gone.cancel(true);
        assertThat(first.answers.get(0)).isCancelled();
        assertThat(person.requests).isEmpty();

        CompletableFuture<Admission> later =
                begin(engine(ONE_AN_HOUR, person), Map.of(), AdmitOptions.DEFAULT.askingFirst(first));
        first.answer(1, new ApprovalAnswer.Unasked("no one is there"));
        later.cancel(true);

        assertThat(person.answers.get(0)).isCancelled();
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aSecondHandlerThatFailsDenies() {
        Person first = new Person();
        CompletableFuture<Admission> result = begin(
                engine(ONE_AN_HOUR, request -> {
                    throw new IllegalStateException("no line");
                }),
                Map.of(),
                AdmitOptions.DEFAULT.askingFirst(first));

        first.answer(0, new ApprovalAnswer.Unasked("no one is there"));

        assertThat(result.join().decision().allowed()).isFalse();
        assertThat(failures).isNotEmpty();
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aYesAdmitsTheCallAndSaysByWhom() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));
        assertThat(result).isNotDone();
        assertThat(hasRoom()).as("reserved while it waits").isFalse();

        person.yes(0);

        Admission admission = result.join();
        assertThat(admission.decision().allowed()).isTrue();
        assertThat(admission.decision().code()).isEqualTo(Code.APPROVED);
        assertThat(admission.decision().rule().name()).isEqualTo("a person");
        assertThat(admission.answer()).isEqualTo(ApprovalAnswer.approved("Ada"));
        assertThat(hasRoom()).isFalse();
        assertThat(clock.alarms()).isZero();
    }

    @Test
    void theRequestTellsWhatIsAsked() {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);

        engine.admitAsync(Desk.pay(Map.of("amount", 5)).by("bot").in("s1").on("bank"), AdmitOptions.DEFAULT);

        ApprovalRequest request = person.requests.get(0);
        assertThat(request.tool()).isEqualTo("pay");
        assertThat(request.arguments().root().toJava()).isEqualTo(Map.of("amount", 5));
        assertThat(List.of(request.identity(), request.session(), request.server()))
                .containsExactly("bot", "s1", "bank");
        assertThat(request.rule()).isEqualTo("a person");
        assertThat(request.message()).contains("needs a person's approval");
        assertThat(request.timeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(request.patience()).isEqualTo(Duration.ofMinutes(5));
        assertThat(request).asString().doesNotContain("bot").doesNotContain("s1");
    }

    @Test
    void aNoDeniesAndGivesTheReservationBack() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));

        person.answer(0, ApprovalAnswer.refused("Ada", "not on a Friday"));

        assertDenied(result, "A person said no: not on a Friday");
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aTicketIsToldAndReservesNothing() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));

        person.answer(0, new ApprovalAnswer.Pending("t-1", Duration.ofMinutes(30)));

        Decision decision = result.join().decision();
        assertThat(decision.verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(decision.code()).isEqualTo(Code.APPROVAL_PENDING);
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.message()).contains("t-1").contains("30 min");
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void noAnswerInTimeDeniesAndALateYesSendsNothing() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));

        clock.advance(Duration.ofMinutes(5));
        assertDenied(result, "No one answered within 5 min.");
        assertThat(hasRoom()).isTrue();
        assertThat(person.answers.get(0)).isCancelled();

        person.yes(0);
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aYesAtTheDeadlineIsTooLateEvenIfTheAlarmHasNotRung() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));

        clock.set(clock.wallMillis() + 300_000);
        person.yes(0);

        assertDenied(result, "No one answered within 5 min.");
        assertThat(person.givenBack).hasSize(1);
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void theCallersPatienceEndsTheWaitBeforeTheRuleDoes() {
        CompletableFuture<Admission> result =
                begin(engine(ONE_AN_HOUR, person), Map.of(), AdmitOptions.DEFAULT.within(Duration.ofSeconds(20)));

        assertThat(person.requests.get(0).patience()).isEqualTo(Duration.ofSeconds(20));
        clock.advance(Duration.ofSeconds(20));

        assertDenied(result, "No one answered within 20 s.");
    }

    @Test
    void aCallerThatGivesUpLeavesNothingReservedAndALateYesSendsNothing() {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));
        CompletableFuture<ApprovalAnswer> uncancellable = person.answers.get(0);

        result.cancel(false);

        assertThat(hasRoom()).isTrue();
        assertThat(uncancellable).isCancelled();
        assertThat(clock.alarms()).isZero();
        assertThat(failures).isEmpty();
    }

    @Test
    void aYesToACallerThatHasGivenUpIsGivenBack() {
        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
        List<ApprovalAnswer.Approved> givenBack = new ArrayList<>();
        ApprovalHandler deaf = new ApprovalHandler() {
            @Override
            public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
                return answer.minimalCompletionStage();
            }

            @Override
            public void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
                givenBack.add(yes);
            }
        };
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, deaf));

        result.cancel(false);
        answer.complete(ApprovalAnswer.approved("Ada"));

        assertThat(givenBack).hasSize(1);
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aYesIsGivenBackOnceIfTheCallIsNeverSentAndNotOtherwise() {
        PolicyEngine engine = engine(pay(ask("a person")), person);
        List<CompletableFuture<Admission>> results = List.of(begin(engine), begin(engine), begin(engine));
        for (int i = 0; i < 3; i++) {
            person.yes(i);
        }

        results.get(0).join().failed();
        results.get(0).join().unsent();
        results.get(1).join().close();
        assertThat(person.givenBack).isEmpty();

        results.get(2).join().unsent();
        results.get(2).join().unsent();
        assertThat(person.givenBack).hasSize(1);
    }

    @Test
    void aHandlerThatFailsDeniesAndTheListenerHearsOfIt() {
        IllegalStateException failure = new IllegalStateException("hunter2");
        List<ApprovalHandler> failing = List.of(
                request -> {
                    throw failure;
                },
                request -> null,
                request -> CompletableFuture.completedFuture(null),
                request -> CompletableFuture.failedFuture(failure),
                request -> {
                    throw new StackOverflowError();
                });

        for (ApprovalHandler handler : failing) {
            failures.clear();
            CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, handler));

            assertDenied(result, "No one could be asked.");
            assertThat(result.join().decision().message()).doesNotContain("hunter2");
            assertThat(failures).hasSize(1);
            assertThat(hasRoom()).isTrue();
        }
    }

    @Test
    void nullFromAnotherThreadDenies() throws InterruptedException {
        CompletableFuture<Admission> result = begin(engine(ONE_AN_HOUR, person));

        Thread other = new Thread(() -> person.answer(0, null));
        other.start();
        other.join();

        assertDenied(result, "No one could be asked.");
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aDenialIsNeverPutToAPersonWhateverItsPlace() {
        PolicyEngine engine = engine(pay(ask("a person"), deny("never")), person);

        assertThat(begin(engine).join().decision().code()).isEqualTo(Code.DENY_RULE);
        assertThat(person.requests).isEmpty();
    }

    @Test
    void aLimitWithoutRoomIsToldBeforeAnybodyIsAsked() {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        CompletableFuture<Admission> first = begin(engine);

        assertThat(begin(engine).join().decision().code()).isEqualTo(Code.LIMIT);
        assertThat(first).isNotDone();
        assertThat(person.requests).hasSize(1);
    }

    @Test
    void aRuleThatIsOnlyRecordedAsksNoOne() {
        PolicyEngine engine = engine(pay(recorded(ask("a person"))), person);

        assertThat(begin(engine).join().decision().allowed()).isTrue();
        assertThat(person.requests).isEmpty();
    }

    @Test
    void lookingAsksNoOne() {
        PolicyEngine engine = engine(pay(ask("a person")), person);

        assertThat(engine.decide(Desk.pay(Map.of())).verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(engine.explain(Desk.pay(Map.of())).decision().verdict()).isEqualTo(Verdict.NEEDS_APPROVAL);
        assertThat(person.requests).isEmpty();
    }

    @Test
    void aYesIsNotGivenBackOnceTheCallIsWithTheTransportButItsLimitIs() {
        Policy policy = pay(ask("a person"), rate("one", hourly(1)));
        CompletableFuture<Admission> result = begin(engine(policy, person));
        person.yes(0);

        result.join().handedOver();
        result.join().unsent();

        assertThat(person.givenBack).isEmpty();
        assertThat(hasRoom()).isTrue();
    }

    // ---- what changes while a person thinks

    @Test
    void underANewPolicyTheYesMeansNothingAndThePersonIsAskedAgain() {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        CompletableFuture<Admission> result = begin(engine);

        engine.update(pay(ask("another person"), rate("one", hourly(1))));
        person.yes(0);

        assertThat(result).isNotDone();
        assertThat(person.requests).extracting(ApprovalRequest::rule).containsExactly("a person", "another person");
        assertThat(person.givenBack).hasSize(1);
        person.yes(1);
        assertThat(result.join().decision().allowed()).isTrue();
        assertThat(hasRoom()).isFalse();
    }

    @Test
    void theNewPolicyHasItsOwnTimeToAnswer() {
        PolicyEngine engine = engine(pay(ask("a person")), person);
        CompletableFuture<Admission> result = begin(engine);
        clock.advance(Duration.ofMinutes(4));
        engine.update(pay(ask("another person")));
        person.yes(0);

        clock.advance(Duration.ofMinutes(4));
        assertThat(result).isNotDone();
        clock.advance(Duration.ofMinutes(1));
        assertDenied(result, "No one answered within 5 min.");
    }

    @Test
    void aNewPolicyThatDeniesIsNotOutvotedByAYes() {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        CompletableFuture<Admission> result = begin(engine);

        engine.update(pay(deny("never")));
        person.yes(0);

        assertThat(result.join().decision().code()).isEqualTo(Code.DENY_RULE);
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aReloadThatChangesNothingKeepsTheQuestion() {
        PolicyEngine engine = engine(pay(ask("a person"), rate("one", hourly(1))), person);
        CompletableFuture<Admission> result = begin(engine);

        engine.update(pay(ask("a person"), rate("one", hourly(1))));
        person.yes(0);

        assertThat(result.join().decision().code()).isEqualTo(Code.APPROVED);
        assertThat(person.requests).hasSize(1);
        assertThat(hasRoom()).isFalse();
    }

    @Test
    void aToolThatIsAnnouncedAnewIsCheckedAnew() {
        Policy policy = pay(ask("a person"), Policies.validate("known", Policies.schema()));
        PolicyEngine engine = PolicyEngine.builder(policy)
                .approvals(person)
                .time(clock)
                .alarm(clock)
                .schemaValidator((schema, arguments) ->
                        schema.size() == 0 ? java.util.Optional.empty() : java.util.Optional.of("it has changed"))
                .build();
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(Arguments.NONE.root())));
        CompletableFuture<Admission> result = begin(engine);

        engine.tools()
                .learn(
                        null,
                        List.of(ToolDefinition.named("pay")
                                .withInputSchema(
                                        frozen(Map.of("type", "object")).root())));
        person.yes(0);

        assertThat(result.join().decision().code()).isEqualTo(Code.VALIDATION);
    }

    // ---- narrower arguments

    private static Arguments frozen(Map<String, ?> arguments) {
        return Arguments.freeze(arguments, ValueLimits.DEFAULT);
    }

    @Test
    void narrowerArgumentsAreWhatIsSentAndCounted() {
        Policy policy = pay(
                ask("a person"),
                Policies.count(
                        "sum",
                        "args.amount",
                        dev.interlock.policy.ChargeMode.SENT,
                        when("state.pay.n", Operator.LTE, 100)));
        PolicyEngine engine = engine(policy, person);
        CompletableFuture<Admission> result =
                begin(engine, Map.of("amount", 80), AdmitOptions.DEFAULT.sendingWhatIsApproved());

        person.answer(0, ApprovalAnswer.approved("Ada", frozen(Map.of("amount", 30))));

        Admission admission = result.join();
        assertThat(admission.decision().allowed()).isTrue();
        ToolCall sent = admission.toSend(Desk.pay(Map.of("amount", 80)).by("bot"));
        assertThat(sent.arguments().root().toJava()).isEqualTo(Map.of("amount", 30));
        assertThat(engine.decide(Desk.pay(Map.of("amount", 70))).code()).isEqualTo(Code.APPROVAL);
        assertThat(engine.decide(Desk.pay(Map.of("amount", 71))).code()).isEqualTo(Code.LIMIT);
    }

    @Test
    void aPersonCanNotApproveArgumentsThatThePolicyDenies() {
        Policy policy =
                pay(ask("a person"), check("small", when("args.amount", Operator.LTE, 100)), rate("one", hourly(1)));
        CompletableFuture<Admission> result =
                begin(engine(policy, person), Map.of("amount", 50), AdmitOptions.DEFAULT.sendingWhatIsApproved());

        person.answer(0, ApprovalAnswer.approved("Ada", frozen(Map.of("amount", 500))));

        assertThat(result.join().decision().code()).isEqualTo(Code.CONDITION);
        assertThat(person.givenBack).hasSize(1);
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void aCallerThatSendsOnlyWhatItAskedAboutIsDeniedNarrowerArguments() {
        CompletableFuture<Admission> result =
                begin(engine(ONE_AN_HOUR, person), Map.of("amount", 50), AdmitOptions.DEFAULT);

        person.answer(0, ApprovalAnswer.approved("Ada", frozen(Map.of("amount", 5))));

        assertDenied(result, "can't be sent from here.");
        assertThat(person.givenBack).hasSize(1);
        assertThat(hasRoom()).isTrue();
    }

    // ---- waiting on the calling thread

    @Test
    void admitWaitsForTheAnswer() throws Exception {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        CompletableFuture<Admission> admitted = CompletableFuture.supplyAsync(
                () -> engine.admit(Desk.pay(Map.of())), thread -> new Thread(thread).start());
        awaitQuestion();

        person.yes(0);

        assertThat(admitted.get().decision().allowed()).isTrue();
    }

    @Test
    void anInterruptEndsTheWaitDeniesAndGivesTheReservationBack() throws Exception {
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        CompletableFuture<String> said = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            Decision decision = engine.admit(Desk.pay(Map.of())).decision();
            said.complete(decision.verdict() + " " + Thread.currentThread().isInterrupted() + " " + decision.message());
        });
        caller.start();
        awaitQuestion();

        caller.interrupt();

        assertThat(said.get()).startsWith("DENIED true").endsWith("The answer was not waited for.");
        assertThat(hasRoom()).isTrue();
    }

    private void awaitQuestion() {
        while (person.asked == 0) {
            Thread.onSpinWait();
        }
    }

    // ---- many

    @Test
    void tenThousandCallsWaitWithoutAThreadAndNothingIsLeftOfThem() {
        PolicyEngine engine = engine(pay(ask("a person"), rate("many", hourly(10_000))), person);
        int threads = Thread.activeCount();
        List<CompletableFuture<Admission>> results = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            results.add(begin(engine, Map.of("amount", i), AdmitOptions.DEFAULT));
        }

        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads);
        assertThat(engine.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.LIMIT);
        for (int i = 0; i < 5_000; i++) {
            person.yes(i);
        }
        clock.advance(Duration.ofMinutes(5));

        assertThat(results.subList(0, 5_000))
                .allMatch(result -> result.join().decision().allowed());
        assertThat(results.subList(5_000, 10_000))
                .noneMatch(result -> result.join().decision().allowed());
        assertThat(clock.alarms()).isZero();
        results.forEach(result -> result.join().unsent());
        assertThat(engine.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.APPROVAL);
        assertThat(person.givenBack).hasSize(5_000);
    }

    @Test
    void whicheverOfAnswerDeadlineAndCancelIsFirstNothingIsLostOrHeldTwice() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        PolicyEngine engine = engine(ONE_AN_HOUR, person);
        long start = clock.wallMillis();
        for (int round = 0; round < 500; round++) {
            // Within one hour, so that room is only made by what is given back.
            clock.set(start);
            CompletableFuture<Admission> result = begin(engine);
            int question = round;
            List<Callable<Object>> rivals = List.of(
                    () -> person.answers.get(question).complete(ApprovalAnswer.approved("Ada")),
                    () -> result.cancel(false),
                    () -> {
                        clock.advance(Duration.ofMinutes(5));
                        return true;
                    });
            for (Future<Object> rival : threads.invokeAll(rivals)) {
                rival.get();
            }

            if (!result.isCancelled() && result.join().decision().allowed()) {
                assertThat(hasRoom()).isFalse();
                result.join().unsent();
            }
            assertThat(hasRoom()).as("round %s", round).isTrue();
        }
        threads.shutdown();
        assertThat(failures).isEmpty();
        assertThat(clock.alarms()).isZero();
    }

    @Test
    void theRecordTellsTheQuestionAndWhatCameOfIt() {
        List<String> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(pay(ask("a person")))
                .approvals(person)
                .time(clock)
                .alarm(clock)
                .audit(event -> {
                    if (event instanceof AuditEvent.Decided decided) {
                        events.add(decided.outcome() + " " + decided.id());
                    } else if (event instanceof AuditEvent.Settled settled) {
                        events.add(settled.outcome() + " " + settled.id());
                    }
                })
                .ids(() -> Integer.toString(person.asked))
                .build();
        CompletableFuture<Admission> yes = begin(engine);
        CompletableFuture<Admission> no = begin(engine);
        CompletableFuture<Admission> silence = begin(engine);
        CompletableFuture<Admission> gone = begin(engine);

        person.yes(0);
        yes.join().succeeded();
        person.answer(1, ApprovalAnswer.refused("Ada", null));
        gone.cancel(false);
        clock.advance(Duration.ofMinutes(5));

        assertThat(no.join().decision().allowed()).isFalse();
        assertThat(silence.join().decision().allowed()).isFalse();
        assertThat(events)
                .containsExactly(
                        "ASKED 0",
                        "ASKED 1",
                        "ASKED 2",
                        "ASKED 3",
                        "APPROVED 0",
                        "SUCCEEDED 0",
                        "REFUSED 1",
                        "REFUSED 3",
                        "REFUSED 2");
    }

    @Test
    void aYesThatCanNotBeRecordedAdmitsNothing() {
        List<AuditEvent> heard = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(ONE_AN_HOUR)
                .rateLimiter(limiter)
                .approvals(person)
                .time(clock)
                .alarm(clock)
                .audit(event -> {
                    if (event instanceof AuditEvent.Decided decided
                            && decided.outcome() == AuditEvent.Outcome.APPROVED) {
                        throw new IllegalStateException("the disk is full");
                    }
                    heard.add(event);
                })
                .build();
        CompletableFuture<Admission> result = begin(engine);

        person.yes(0);

        assertThat(result.join().decision().code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(result.join().decision().allowed()).isFalse();
        assertThat(person.givenBack).hasSize(1);
        assertThat(hasRoom()).isTrue();
        assertThat(heard).hasSize(3);
    }

    @Test
    void whenTheQuestionCanNotBeRecordedNoOneIsAsked() {
        PolicyEngine engine = PolicyEngine.builder(ONE_AN_HOUR)
                .rateLimiter(limiter)
                .approvals(person)
                .audit(event -> {
                    throw new IllegalStateException("the disk is full");
                })
                .build();

        assertThat(begin(engine).join().decision().code()).isEqualTo(Code.AUDIT_UNAVAILABLE);
        assertThat(person.requests).isEmpty();
        assertThat(hasRoom()).isTrue();
    }

    @Test
    void noMoreCallsWaitThanTheHostAllows() {
        PolicyEngine engine = PolicyEngine.builder(pay(ask("a person")))
                .approvals(person)
                .maxWaitingForApproval(1)
                .time(clock)
                .alarm(clock)
                .build();
        CompletableFuture<Admission> first = begin(engine);

        CompletableFuture<Admission> second = begin(engine);

        assertThat(first).isNotDone();
        assertThat(second.join().decision().message()).contains("too many calls wait for an answer already");
        person.yes(0);
        assertThat(first.join().decision().allowed()).isTrue();
        assertThat(begin(engine)).isNotDone();
    }

    @Test
    void aNegativeNumberOfWaitingCallsIsRefused() {
        PolicyEngine.Builder builder = PolicyEngine.builder(ONE_AN_HOUR);

        assertThatThrownBy(() -> builder.maxWaitingForApproval(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }
}
