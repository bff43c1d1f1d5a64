package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.approval.ApprovalAnswer.Approved;
import dev.interlock.policy.approval.ApprovalAnswer.Pending;
import dev.interlock.policy.approval.ApprovalAnswer.Refused;
import dev.interlock.policy.approval.ApprovalAnswer.Unasked;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ApprovalTicketsTest {

    private static final Duration LIFE = Duration.ofMinutes(5);

    private final ManualTime time = ManualTime.at("2026-11-23T10:00:00Z");
    private final List<Ticket> opened = new ArrayList<>();
    private final ApprovalTickets tickets =
            ApprovalTickets.builder().time(time).onOpened(opened::add).build();

    private ApprovalAnswer ask(ApprovalRequest request) {
        return tickets.ask(request).toCompletableFuture().join();
    }

    private ApprovalAnswer pay(Map<String, ?> arguments) {
        return ask(Requests.pay("bot", arguments));
    }

    private String ticket(Map<String, ?> arguments) {
        return ((Pending) pay(arguments)).ticket();
    }

    @Test
    void anEqualCallPassesOnceAfterAYes() {
        String id = ticket(Map.of("amount", 5));

        assertThat(tickets.approve(id, "Ada")).isEqualTo(AnswerResult.ACCEPTED);

        assertThat(pay(Map.of("amount", 5))).isEqualTo(new Approved("Ada", null, id));
        assertThat(pay(Map.of("amount", 5))).isInstanceOf(Pending.class).isNotEqualTo(new Pending(id, LIFE));
    }

    @Test
    void equalCallsShareOnePendingTicketOfWhichTheListenerHearsOnce() {
        String id = ticket(Map.of("amount", 5));

        assertThat(ticket(Map.of("amount", 5))).isEqualTo(id);
        assertThat(opened).hasSize(1);
        assertThat(opened.get(0).id()).isEqualTo(id);
        assertThat(tickets.list()).extracting(Ticket::id).containsExactly(id);
    }

    @Test
    void argumentsAreTheSameIfTheyAreEqualByValue() {
        Map<String, Object> oneWay = new LinkedHashMap<>();
        oneWay.put("amount", 1);
        oneWay.put("to", Map.of("iban", "X", "name", "Y"));
        Map<String, Object> another = new LinkedHashMap<>();
        another.put("to", new LinkedHashMap<>(Map.of("name", "Y", "iban", "X")));
        another.put("amount", new BigDecimal("1.00"));

        assertThat(ticket(another)).isEqualTo(ticket(oneWay));
    }

    @Test
    void aYesIsGoodForNoOtherCall() {
        ApprovalRequest asked = Requests.pay("bot", Map.of("amount", 1));
        String id = ((Pending) ask(asked)).ticket();
        tickets.approve(id, "Ada");
        Policy stricter = new Policy("", Mode.ENFORCE, PolicyBody.of(Posture.DENY), Map.of(), Optional.empty());
        Map<String, Object> withNull = new LinkedHashMap<>(Map.of("amount", 1));
        withNull.put("note", null);

        List<ApprovalRequest> others = List.of(
                Requests.pay("other", Map.of("amount", 1)),
                Requests.pay(null, Map.of("amount", 1)),
                Requests.pay("bot", Map.of("amount", 2)),
                Requests.pay("bot", Map.of("amount", "1")),
                Requests.pay("bot", Map.of("amount", 1, "note", "")),
                Requests.pay("bot", withNull),
                Requests.pay("bot", Map.of("amount", List.of(1))),
                Requests.pay("bot", Map.of()),
                Requests.of("pay", "other", "bot", Map.of("amount", 1), Requests.POLICY),
                Requests.of("pay", null, "bot", Map.of("amount", 1), Requests.POLICY),
                Requests.of("pay2", "bank", "bot", Map.of("amount", 1), Requests.POLICY));

        assertThat(others).allSatisfy(other -> assertThat(ask(other)).isInstanceOf(Pending.class));
        assertThat(ask(Requests.of("pay", "bank", "bot", Map.of("amount", 1), stricter)))
                .as("under another policy")
                .isInstanceOf(Pending.class);
        assertThat(tickets.list()).as("of each call, and of each policy").hasSize(13);
        assertThat(ask(asked)).as("under the policy that it was given for").isEqualTo(new Approved("Ada", null, id));
    }

    @Test
    void aPolicyThatIsReadAgainUnchangedKeepsTheYes() {
        String id = ticket(Map.of());
        tickets.approve(id, null);
        Policy again = Policy.of(PolicyBody.of(Posture.ALLOW));

        assertThat(ask(Requests.of("pay", "bank", "bot", Map.of(), again))).isInstanceOf(Approved.class);
    }

    @Test
    void aNoIsKeptSoThatTheAgentCanNotAskAgainAtOnce() {
        String id = ticket(Map.of());
        tickets.deny(id, "Ada", "not today");

        assertThat(pay(Map.of())).isEqualTo(new Refused("Ada", "not today", id));
        assertThat(pay(Map.of())).isEqualTo(new Refused("Ada", "not today", id));
        time.advance(LIFE);
        assertThat(pay(Map.of())).isInstanceOf(Pending.class);
    }

    @Test
    void onlyTheFirstAnswerCounts() {
        String id = ticket(Map.of());

        assertThat(tickets.deny(id, "Ada", null)).isEqualTo(AnswerResult.ACCEPTED);
        assertThat(tickets.approve(id, "Bob")).isEqualTo(AnswerResult.ALREADY_ANSWERED);

        assertThat(pay(Map.of())).isEqualTo(new Refused("Ada", null, id));
    }

    @Test
    void aTicketExpiresUnansweredAndAnswersToItThenComeTooLate() {
        String id = ticket(Map.of());
        time.advance(LIFE.minusNanos(1));
        assertThat(tickets.find(id)).isPresent();

        time.advance(Duration.ofNanos(1));

        assertThat(tickets.approve(id, "Ada")).isEqualTo(AnswerResult.UNKNOWN);
        assertThat(tickets.list()).isEmpty();
        assertThat(ticket(Map.of())).isNotEqualTo(id);
    }

    @Test
    void aYesExpiresThatLongAfterItWasGiven() {
        String id = ticket(Map.of());
        time.advance(Duration.ofMinutes(4));
        tickets.approve(id, "Ada");
        time.advance(LIFE.minusNanos(1));
        assertThat(tickets.find(id))
                .hasValueSatisfying(ticket -> assertThat(ticket.left()).isEqualTo(Duration.ofNanos(1)));

        time.advance(Duration.ofNanos(1));

        assertThat(pay(Map.of())).isInstanceOf(Pending.class);
    }

    @Test
    void aYesThatWasNotUsedCanBeTakenBack() {
        String id = ticket(Map.of());
        tickets.approve(id, "Ada");

        assertThat(tickets.expire(id)).isTrue();
        assertThat(tickets.expire(id)).isFalse();
        assertThat(pay(Map.of())).isInstanceOf(Pending.class);
    }

    @Test
    void whatWasNeverSentGivesItsTicketBackOnceAndForNoLongerThanBefore() {
        ApprovalRequest request = Requests.pay("bot", Map.of());
        String id = ((Pending) ask(request)).ticket();
        tickets.approve(id, "Ada");
        Approved yes = (Approved) ask(request);
        time.advance(Duration.ofMinutes(4));

        tickets.unsent(request, yes);
        tickets.unsent(request, yes);

        Approved again = (Approved) ask(request);
        assertThat(again).isEqualTo(yes);
        tickets.unsent(request, again);
        time.advance(Duration.ofMinutes(1));
        assertThat(ask(request)).isInstanceOf(Pending.class);
    }

    @Test
    void aTicketThatIsGivenBackMakesWayForAnotherOfThatCall() {
        ApprovalRequest request = Requests.pay("bot", Map.of());
        tickets.approve(((Pending) ask(request)).ticket(), "Ada");
        Approved yes = (Approved) ask(request);
        Pending second = (Pending) ask(request);

        tickets.unsent(request, yes);

        assertThat(ask(request)).isEqualTo(second);
        tickets.approve(second.ticket(), "Ada");
        assertThat(ask(request)).isInstanceOf(Approved.class);
        assertThat(ask(request)).isInstanceOf(Pending.class);
    }

    @Test
    void narrowerArgumentsComeWithTheYes() {
        String id = ticket(Map.of("amount", 80));
        Arguments narrower = Arguments.freeze(Map.of("amount", 30), ValueLimits.DEFAULT);

        tickets.approve(id, "Ada", narrower);

        assertThat(pay(Map.of("amount", 80))).isEqualTo(new Approved("Ada", narrower, id));
    }

    @Test
    void anIdentityCanNotCrowdOutOthers() {
        ApprovalTickets few =
                ApprovalTickets.builder().time(time).maxPendingPerIdentity(2).build();
        List<ApprovalAnswer> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            answers.add(few.ask(Requests.pay("bot", Map.of("i", i)))
                    .toCompletableFuture()
                    .join());
        }

        assertThat(answers.get(2)).isInstanceOf(Unasked.class);
        assertThat(few.ask(Requests.pay("other", Map.of()))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Pending.class);
        few.deny(((Pending) answers.get(0)).ticket(), null, null);
        assertThat(few.ask(Requests.pay("bot", Map.of("i", 3)))
                        .toCompletableFuture()
                        .join())
                .as("one was answered")
                .isInstanceOf(Pending.class);
        time.advance(LIFE);
        assertThat(few.ask(Requests.pay("bot", Map.of("i", 4)))
                        .toCompletableFuture()
                        .join())
                .as("all have expired")
                .isInstanceOf(Pending.class);
    }

    @Test
    void ticketsAndTheirArgumentsAreBounded() {
        ApprovalTickets few = ApprovalTickets.builder().time(time).maxTickets(2).build();
        ApprovalTickets small =
                ApprovalTickets.builder().time(time).maxArgumentBytes(100).build();
        for (int i = 0; i < 2; i++) {
            few.ask(Requests.pay("bot" + i, Map.of()));
        }

        assertThat(few.ask(Requests.pay("bot2", Map.of())).toCompletableFuture().join())
                .isInstanceOf(Unasked.class);
        assertThat(small.ask(Requests.pay("bot", Map.of("note", "x".repeat(200))))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Unasked.class);
        for (int i = 0; i < 1_000; i++) {
            ApprovalAnswer answer = small.ask(Requests.pay("bot", Map.of("note", "x".repeat(50) + i)))
                    .toCompletableFuture()
                    .join();
            small.expire(((Pending) answer).ticket());
        }
        assertThat(small.list()).isEmpty();
    }

    private static ApprovalRequest from(String identity, String session, Map<String, ?> arguments) {
        ApprovalRequest request = Requests.pay(identity, arguments);
        return new ApprovalRequest(
                request.tool(),
                request.server(),
                identity,
                session,
                request.arguments(),
                request.parameters(),
                request.context(),
                request.bound(),
                request.rules(),
                request.message(),
                request.rating(),
                request.policy(),
                request.patience());
    }

    @Test
    void largeCallsOfOneCallerLeaveRoomForTheTicketsOfOthers() {
        String large = "x".repeat(1_000_000);
        for (String session : List.of("s1", "s2")) {
            for (String identity : Arrays.asList("bot", null)) {
                int opened = 0;
                for (int i = 0; i < 20; i++) {
                    ApprovalAnswer answer = ask(from(identity, session, Map.of("i", i, "note", large)));
                    opened += answer instanceof Pending ? 1 : 0;
                }
                int expected = identity == null || session.equals("s1") ? 2 : 0;
                assertThat(opened).as("%s in %s", identity, session).isEqualTo(expected);
            }
        }
        assertThat(ask(from("other", "s1", Map.of("note", large)))).isInstanceOf(Pending.class);
        assertThat(ask(from(null, "s3", Map.of("note", large)))).isInstanceOf(Pending.class);
    }

    @Test
    void whatACallerHoldsIsFreeAgainWhenItsTicketsAreGone() {
        ApprovalTickets small = ApprovalTickets.builder()
                .time(time)
                .maxArgumentBytesPerIdentity(100)
                .build();
        for (int i = 0; i < 1_000; i++) {
            ApprovalAnswer answer = small.ask(from("bot", "s1", Map.of("note", "x".repeat(80), "i", i)))
                    .toCompletableFuture()
                    .join();
            small.deny(((Pending) answer).ticket(), null, null);
            assertThat(small.ask(from("bot", "s1", Map.of("note", "y".repeat(80))))
                            .toCompletableFuture()
                            .join())
                    .as("an answered ticket counts too")
                    .isInstanceOf(Unasked.class);
            small.expire(((Pending) answer).ticket());
        }
    }

    @Test
    void callersWithoutAnIdentityDoNotCrowdEachOtherOut() {
        for (int i = 0; i < 20; i++) {
            assertThat(ask(from(null, "s1", Map.of("i", i)))).isInstanceOf(Pending.class);
        }

        assertThat(ask(from(null, "s1", Map.of("i", 20)))).isInstanceOf(Unasked.class);
        assertThat(ask(from(null, "s2", Map.of("i", 20)))).isInstanceOf(Pending.class);
    }

    @Test
    void aYesUnderOneRuleIsGoodForNoOther() {
        AskingRule other = new AskingRule("the CTO", Place.of("tools.pay.rules[1]"), "", LIFE);
        ApprovalRequest one = Requests.pay("bot", Map.of());
        tickets.approve(((Pending) ask(one)).ticket(), "Ada");

        for (List<AskingRule> rules : List.of(List.of(other), List.of(Requests.RULE, other))) {
            assertThat(ask(Requests.of("pay", "bank", "bot", Map.of(), Requests.POLICY, rules)))
                    .isInstanceOf(Pending.class);
        }
        assertThat(ask(one)).isInstanceOf(Approved.class);
    }

    @Test
    void aTicketLastsAsLongAsTheShortestOfItsRulesSays() {
        AskingRule quick = new AskingRule("quick", Place.of("tools.pay.rules[1]"), "", Duration.ofSeconds(30));
        Pending pending = (Pending)
                ask(Requests.of("pay", "bank", "bot", Map.of(), Requests.POLICY, List.of(Requests.RULE, quick)));

        assertThat(pending.validFor()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aTicketWhoseListenerThrowsIsTakenBack() {
        ApprovalTickets broken = ApprovalTickets.builder()
                .time(time)
                .onOpened(ticket -> {
                    throw new IllegalStateException("no network");
                })
                .build();

        assertThatThrownBy(() -> broken.ask(Requests.pay("bot", Map.of()))).hasMessage("no network");
        assertThat(broken.list()).isEmpty();
    }

    @Test
    void idsDifferAndTicketsTellNoArguments() {
        Set<String> ids = new HashSet<>();
        TicketIds source = new TicketIds();
        for (int i = 0; i < 10_000; i++) {
            ids.add(source.get());
        }
        ticket(Map.of("password", "hunter2"));

        assertThat(ids).hasSize(10_000).allMatch(id -> id.matches("([0-9a-z]{4}-){3}[0-9a-z]{4}"));
        assertThat(tickets.list())
                .asString()
                .contains("pay")
                .doesNotContain("hunter2")
                .doesNotContain("bot");
    }

    // ---- races

    @Test
    void oneYesAdmitsOneOfManyConcurrentCalls() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        Callable<Boolean> caller = () -> pay(Map.of()) instanceof Approved;
        for (int round = 0; round < 300; round++) {
            tickets.approve(ticket(Map.of()), "Ada");

            int passed = 0;
            for (Future<Boolean> each : threads.invokeAll(List.of(caller, caller, caller, caller))) {
                passed += each.get() ? 1 : 0;
            }

            assertThat(passed).isEqualTo(1);
        }
        threads.shutdown();
    }

    @Test
    void ofTwoAnswersAtOnceExactlyOneCounts() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 300; round++) {
            String id = ticket(Map.of("round", round));
            Callable<AnswerResult> yes = () -> tickets.approve(id, "Ada");
            Callable<AnswerResult> no = () -> tickets.deny(id, "Bob", null);

            List<Future<AnswerResult>> outcomes = threads.invokeAll(List.of(yes, no));

            boolean approved = outcomes.get(0).get() == AnswerResult.ACCEPTED;
            assertThat(outcomes.get(1).get())
                    .isEqualTo(approved ? AnswerResult.ALREADY_ANSWERED : AnswerResult.ACCEPTED);
            assertThat(pay(Map.of("round", round))).isInstanceOf(approved ? Approved.class : Refused.class);
        }
        threads.shutdown();
    }
}
