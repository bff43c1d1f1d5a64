package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.Decision.Verdict;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A yes is a yes to the call, its context, the rules that asked, and the policy; to nothing else. */
@Timeout(60)
class AskingRulesTest {

    private final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(clock).build();
    private final List<Throwable> failures = new ArrayList<>();
    private final Desks desks = new Desks();
    private final ApprovalTickets tickets =
            ApprovalTickets.builder().time(clock).build();

    /** Several people, each of whom answers for some rules: who says yes is in {@code willing}. */
    private static final class Desks implements ApprovalHandler {
        final Set<String> willing = new HashSet<>();
        final List<String> asked = new ArrayList<>();
        final List<ApprovalRequest> requests = new ArrayList<>();
        final List<ApprovalAnswer.Approved> givenBack = new ArrayList<>();

        @Override
        public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
            asked.add(request.rule());
            requests.add(request);
            return CompletableFuture.completedFuture(
                    willing.contains(request.rule())
                            ? ApprovalAnswer.approved(request.rule())
                            : ApprovalAnswer.refused(request.rule(), "never"));
        }

        @Override
        public void unsent(ApprovalRequest request, ApprovalAnswer.Approved yes) {
            givenBack.add(yes);
        }
    }

    private PolicyEngine.Builder builder(Policy policy) {
        return PolicyEngine.builder(policy)
                .rateLimiter(limiter)
                .time(clock)
                .alarm(clock)
                .listener((call, failure) -> failures.add(failure));
    }

    private PolicyEngine engine(Policy policy, ApprovalHandler handler) {
        return builder(policy).approvals(handler).build();
    }

    private static Policy forAllTools(Rule rule, Map<String, dev.interlock.policy.Entry> tools) {
        Map<dev.interlock.policy.text.NamePattern, dev.interlock.policy.Entry> named = new java.util.LinkedHashMap<>();
        tools.forEach((name, entry) -> named.put(new dev.interlock.policy.text.NamePattern(name), entry));
        return Policy.of(new dev.interlock.policy.PolicyBody(
                Posture.ALLOW,
                List.of(),
                named,
                Map.of(),
                Map.of(),
                java.util.Optional.of(Policies.entry(List.of(rule), List.of(), List.of())),
                java.util.Optional.empty()));
    }

    private static Arguments frozen(Map<String, ?> arguments) {
        return Arguments.freeze(arguments, ValueLimits.DEFAULT);
    }

    private static ObjectValue json(Map<String, ?> members) {
        return (ObjectValue) Value.freeze(members);
    }

    // ---- every rule that asks

    @Test
    void everyRuleThatAsksMustBeAnsweredWithYesInOrder() {
        Policy policy = forAllTools(
                ask("security team"), Map.of("pay", Policies.entry(List.of(ask("team lead")), List.of(), List.of())));
        PolicyEngine engine = engine(policy, desks);

        desks.willing.add("team lead");
        Admission denied = engine.admit(Desk.pay(Map.of()));
        assertThat(desks.asked).containsExactly("team lead", "security team");
        assertThat(denied.decision().verdict()).isEqualTo(Verdict.DENIED);
        assertThat(denied.decision().rule().name()).isEqualTo("security team");
        assertThat(desks.givenBack).containsExactly((ApprovalAnswer.Approved) ApprovalAnswer.approved("team lead"));

        desks.willing.add("security team");
        assertThat(engine.admit(Desk.pay(Map.of())).decision().allowed()).isTrue();
    }

    @Test
    void whatThePolicyAsksDoesNotAnswerWhatTheGrantAsks() {
        dev.interlock.policy.Entry owner = Policies.entry(List.of(ask("owner of the bot")), List.of(), List.of());
        Policy policy = Policies.granting(
                Policies.body(Posture.ALLOW, Map.of("pay", Policies.entry(List.of(ask("ops")), List.of(), List.of()))),
                Map.of("bot", Policies.body(Posture.DENY, Map.of("pay", owner))));
        desks.willing.add("ops");

        Admission admission = engine(policy, desks).admit(Desk.pay(Map.of()).by("bot"));

        assertThat(desks.asked).containsExactly("ops", "owner of the bot");
        assertThat(admission.decision().allowed()).isFalse();
    }

    @Test
    void whoAnswersForAllRulesIsAskedOnceAndSeesThemAll() {
        PolicyEngine engine = engine(pay(ask("clerk"), ask("CFO")), tickets);

        Decision pending = engine.admit(Desk.pay(Map.of())).decision();

        assertThat(pending.code()).isEqualTo(Code.APPROVAL_PENDING);
        assertThat(pending.message()).contains("'clerk'").contains("'CFO'");
        assertThat(tickets.list()).hasSize(1);
        assertThat(tickets.list().get(0).request().rules())
                .extracting(AskingRule::name)
                .containsExactly("clerk", "CFO");
        tickets.approve(tickets.list().get(0).id(), "Ada");
        assertThat(engine.admit(Desk.pay(Map.of())).decision().allowed()).isTrue();
    }

    @Test
    void lookingTellsEveryRuleThatAsks() {
        PolicyEngine engine = engine(pay(ask("clerk"), ask("CFO")), desks);

        assertThat(engine.decide(Desk.pay(Map.of())).asking())
                .extracting(AskingRule::name)
                .containsExactly("clerk", "CFO");
        assertThat(engine.explain(Desk.pay(Map.of())).decision().asking()).hasSize(2);
        assertThat(desks.asked).isEmpty();
    }

    @Test
    void eachYesIsOnRecordUnderOneId() {
        List<String> events = new ArrayList<>();
        desks.willing.addAll(List.of("clerk", "CFO"));
        PolicyEngine engine = builder(pay(ask("clerk"), ask("CFO"), rate("one", hourly(1))))
                .approvals(desks)
                .ids(() -> "id" + desks.asked.size())
                .audit(event -> {
                    if (event instanceof AuditEvent.Decided decided) {
                        events.add(decided.id() + " " + decided.outcome() + " "
                                + decided.decision().rule().name()
                                + (decided.answer() == null
                                        ? ""
                                        : " after " + decided.answer().by()));
                    }
                })
                .build();

        engine.admit(Desk.pay(Map.of())).succeeded();

        assertThat(events)
                .containsExactly("id0 ASKED clerk", "id0 ASKED CFO after clerk", "id0 APPROVED CFO after CFO");
        assertThat(engine.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.LIMIT);
    }

    // ---- what a ticket is good for

    private Policy byEnvironment() {
        return pay(
                ask("anybody", when("ctx.env", Operator.EQ, "staging")),
                ask("the CTO", when("ctx.env", Operator.EQ, "production")));
    }

    @Test
    void aYesInOneContextAdmitsNothingInAnother() {
        PolicyEngine engine = engine(byEnvironment(), tickets);
        ToolCall staging = Desk.pay(Map.of()).with(json(Map.of("env", "staging", "request", 1)));
        engine.admit(staging);
        tickets.approve(tickets.list().get(0).id(), "a developer");

        Admission production = engine.admit(Desk.pay(Map.of()).with(json(Map.of("env", "production"))));
        assertThat(production.decision().allowed()).isFalse();
        assertThat(production.decision().rule().name()).isEqualTo("the CTO");

        Admission again = engine.admit(Desk.pay(Map.of()).with(json(Map.of("env", "staging", "request", 2))));
        assertThat(again.decision().allowed())
                .as("the policy doesn't read ctx.request")
                .isTrue();
    }

    @Test
    void aYesIsBoundToWhatTheHostSaidThatAnArgumentIsComparedWith() {
        PolicyEngine engine = engine(
                pay(ask("large", dev.interlock.policy.Condition.between("args.amount", Operator.GT, "ctx.most"))),
                tickets);
        ToolCall call = Desk.pay(Map.of("amount", 10));
        engine.admit(call.with(json(Map.of("most", 5, "request", 1))));
        tickets.approve(tickets.list().get(0).id(), "a person");

        assertThat(engine.admit(call.with(json(Map.of("most", 4)))).decision().allowed())
                .isFalse();
        assertThat(engine.admit(call.with(json(Map.of("most", 5, "request", 2))))
                        .decision()
                        .allowed())
                .isTrue();
    }

    @Test
    void aYesInOneSessionOrToOtherParametersAdmitsNothingElse() {
        PolicyEngine engine = engine(pay(ask("a person")), tickets);
        ToolCall call = Desk.pay(Map.of()).by("bot").in("s1").saying(json(Map.of("task", Map.of("ttl", 1))));
        engine.admit(call);
        tickets.approve(tickets.list().get(0).id(), "Ada");

        assertThat(engine.admit(call.in("s2")).decision().allowed()).isFalse();
        assertThat(engine.admit(call.saying(ObjectValue.EMPTY)).decision().allowed())
                .isFalse();
        assertThat(engine.admit(call.saying(json(Map.of("task", Map.of("ttl", 2)))))
                        .decision()
                        .allowed())
                .isFalse();
        assertThat(engine.admit(call).decision().allowed()).isTrue();
    }

    @Test
    void aRuleThatAsksByNowIsAskedThoughATicketWasApprovedUnderAnother() {
        Policy policy = pay(
                Policies.count("count", null, ChargeMode.SENT, when("state.pay.n", Operator.LTE, 100)),
                ask("clerk", when("state.pay.n", Operator.LT, 2)),
                ask("CFO", when("state.pay.n", Operator.GTE, 2)));
        PolicyEngine engine = engine(policy, tickets);
        ToolCall first = Desk.pay(Map.of("to", "x"));
        engine.admit(first);
        tickets.approve(tickets.list().get(0).id(), "clerk");
        for (String to : List.of("y", "z")) {
            ToolCall other = Desk.pay(Map.of("to", to));
            engine.admit(other);
            tickets.approve(pending().id(), "clerk");
            engine.admit(other).succeeded();
        }

        Decision third = engine.admit(first).decision();

        assertThat(third.code()).isEqualTo(Code.APPROVAL_PENDING);
        assertThat(third.rule().name()).isEqualTo("CFO");
    }

    private Ticket pending() {
        return tickets.list().stream()
                .filter(ticket -> ticket.state() == Ticket.State.PENDING)
                .findFirst()
                .orElseThrow();
    }

    // ---- other arguments

    private static Policy bySize() {
        return pay(
                ask("clerk", when("args.amount", Operator.LTE, 100)),
                ask("CFO", when("args.amount", Operator.GT, 100)));
    }

    @Test
    void whoMayApproveLittleApprovesLittle() {
        PolicyEngine engine = engine(bySize(), tickets);
        ToolCall call = Desk.pay(Map.of("amount", 50));
        engine.admit(call);
        tickets.approve(tickets.list().get(0).id(), "clerk", frozen(Map.of("amount", 1_000_000)));

        Decision decision = send(engine, call).decision();

        assertThat(decision.code()).isEqualTo(Code.APPROVAL_PENDING);
        assertThat(decision.rule().name()).isEqualTo("CFO");
        assertThat(pending().request().arguments().root().toJava()).isEqualTo(Map.of("amount", 1_000_000));
        tickets.approve(pending().id(), "CFO");
        Admission admitted = send(engine, call);
        assertThat(admitted.decision().allowed()).isTrue();
        assertThat(admitted.toSend(call).arguments().root().toJava()).isEqualTo(Map.of("amount", 1_000_000));
    }

    private static Admission send(PolicyEngine engine, ToolCall call) {
        return engine.admitAsync(call, AdmitOptions.DEFAULT.sendingWhatIsApproved())
                .toCompletableFuture()
                .join();
    }

    @Test
    void aYesToLessThatFewerRulesAskAboutIsGood() {
        PolicyEngine engine = engine(pay(ask("a person"), ask("CFO", when("args.amount", Operator.GT, 100))), tickets);
        ToolCall call = Desk.pay(Map.of("amount", 500));
        engine.admit(call);
        tickets.approve(tickets.list().get(0).id(), "Ada", frozen(Map.of("amount", 50)));

        Admission admission = send(engine, call);

        assertThat(admission.decision().allowed()).isTrue();
        assertThat(admission.toSend(call).arguments().root().toJava()).isEqualTo(Map.of("amount", 50));
    }

    @Test
    void whoSaidYesToTheCallIsAskedAgainAboutWhatAnotherApprovesInItsPlace() {
        List<Object> seen = new ArrayList<>();
        ApprovalHandler inOrder = request -> {
            seen.add(request.rule() + " " + request.arguments().root().toJava());
            return CompletableFuture.completedFuture(
                    request.rule().equals("second")
                                    && !request.arguments().root().toJava().equals(Map.of("amount", 1))
                            ? ApprovalAnswer.approved("second", frozen(Map.of("amount", 1)))
                            : ApprovalAnswer.approved(request.rule()));
        };
        PolicyEngine engine = engine(pay(ask("first"), ask("second")), inOrder);

        Admission admission = send(engine, Desk.pay(Map.of("amount", 9)));

        assertThat(admission.decision().allowed()).isTrue();
        assertThat(seen).containsExactly("first {amount=9}", "second {amount=9}", "first {amount=1}");
    }

    // ---- decided anew

    @Test
    void aRuleThatAsksOnlyWhenTheYesComesIsAsked() {
        List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
        List<String> rules = new ArrayList<>();
        Policy policy = pay(
                Policies.count("count", null, ChargeMode.SENT, when("state.pay.n", Operator.LTE, 100)),
                ask("clerk"),
                ask("CFO", when("state.pay.n", Operator.GTE, 1)));
        PolicyEngine engine = engine(policy, request -> {
            rules.add(request.rule());
            answers.add(new CompletableFuture<>());
            return answers.get(answers.size() - 1);
        });
        CompletableFuture<Admission> alone =
                engine.admitAsync(Desk.pay(Map.of("to", "x"))).toCompletableFuture();
        answers.get(0).complete(ApprovalAnswer.approved("clerk"));
        assertThat(alone).as("its own reservation is not counted against it").isDone();
        alone.join().unsent();

        CompletableFuture<Admission> first =
                engine.admitAsync(Desk.pay(Map.of("to", "x"))).toCompletableFuture();
        assertThat(rules).containsExactly("clerk", "clerk");
        CompletableFuture<Admission> other =
                engine.admitAsync(Desk.pay(Map.of("to", "y"))).toCompletableFuture();
        answers.get(1).complete(ApprovalAnswer.approved("clerk"));

        assertThat(first).as("another call was counted meanwhile").isNotDone();
        assertThat(rules).containsExactly("clerk", "clerk", "clerk", "CFO");
        other.cancel(false);
        answers.get(3).complete(ApprovalAnswer.approved("CFO"));
        assertThat(first.join().decision().allowed()).isTrue();
    }

    @Test
    void whatIsReservedWhileACallWaitsCanNotBeTakenByAnotherWhenTheYesComes() {
        List<CompletableFuture<ApprovalAnswer>> answers = new ArrayList<>();
        PolicyEngine engine = engine(pay(ask("clerk"), ask("CFO"), rate("one", hourly(1))), request -> {
            answers.add(new CompletableFuture<>());
            return answers.get(answers.size() - 1);
        });
        PolicyEngine rival = builder(pay(rate("one", hourly(1)))).build();
        CompletableFuture<Admission> result =
                engine.admitAsync(Desk.pay(Map.of())).toCompletableFuture();

        for (int i = 0; i < 2; i++) {
            assertThat(rival.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.LIMIT);
            answers.get(i).complete(ApprovalAnswer.approved("Ada"));
        }

        assertThat(result.join().decision().allowed()).isTrue();
        assertThat(rival.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.LIMIT);
        result.join().unsent();
        assertThat(rival.admit(Desk.pay(Map.of())).decision().allowed()).isTrue();
    }

    @Test
    void aDenialAtTheTimeOfTheYesDeniesAndTheTicketIsKept() {
        Policy policy = pay(
                ask("a person"),
                Policies.count("count", null, ChargeMode.SENT, when("state.pay.n", Operator.LTE, 2)),
                check("quiet hour", when("state.pay.n", Operator.LT, 1)));
        PolicyEngine engine = engine(policy, tickets);
        ToolCall call = Desk.pay(Map.of("to", "x"));
        ToolCall other = Desk.pay(Map.of("to", "y"));
        engine.admit(call);
        tickets.approve(pending().id(), "Ada");
        engine.admit(other);
        tickets.approve(pending().id(), "Ada");
        engine.admit(other).succeeded();

        assertThat(engine.admit(call).decision().code()).isEqualTo(Code.CONDITION);
        clock.advance(Duration.ofMinutes(1));
        assertThat(tickets.list()).extracting(Ticket::state).containsExactly(Ticket.State.APPROVED);
    }

    @Test
    void byTicketNothingIsReservedWhileItIsOpen() {
        PolicyEngine engine = engine(pay(ask("a person"), rate("one", hourly(1))), tickets);
        PolicyEngine rival = builder(pay(rate("one", hourly(1)))).build();
        engine.admit(Desk.pay(Map.of()));

        assertThat(rival.admit(Desk.pay(Map.of())).decision().allowed()).isTrue();
        tickets.approve(pending().id(), "Ada");
        assertThat(engine.admit(Desk.pay(Map.of())).decision().code()).isEqualTo(Code.LIMIT);
    }

    @Test
    @Timeout(60)
    void approvalsThatChangeTheArgumentsInACircleEndInADenialThatHoldsNothing() {
        Policy policy = pay(rate("once", hourly(1)), ask("small", when("args.amount", Operator.LTE, 5)), ask("any"));
        List<Object> asked = new ArrayList<>();
        ApprovalHandler circle = request -> {
            Object amount = request.arguments().root().toJava().get("amount");
            asked.add(amount);
            return CompletableFuture.completedFuture(ApprovalAnswer.approved(
                    "Ada", frozen(Map.of("amount", ((Number) amount).intValue() == 3 ? 4 : 3))));
        };

        Admission admission = engine(policy, circle)
                .admitAsync(Desk.pay(Map.of("amount", 3)), AdmitOptions.DEFAULT.sendingWhatIsApproved())
                .toCompletableFuture()
                .join();

        assertThat(admission.decision().verdict()).isEqualTo(Verdict.DENIED);
        assertThat(admission.decision().message()).contains("changed the arguments");
        assertThat(asked).hasSize(17);
        assertThat(failures).isEmpty();
        assertThat(engine(pay(rate("once", hourly(1))), circle)
                        .admit(Desk.pay(Map.of("amount", 3)))
                        .decision()
                        .allowed())
                .as("nothing is held")
                .isTrue();
    }
}
