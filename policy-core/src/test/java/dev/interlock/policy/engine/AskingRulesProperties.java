package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;

/** Several rules ask, and each has somebody of its own who may say yes. */
class AskingRulesProperties {

    /** A rule that asks from this amount on, and whether its person says yes. */
    record Asks(int from, boolean willing) {}

    @Provide
    Arbitrary<Asks> asks() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 10),
                        Arbitraries.frequency(net.jqwik.api.Tuple.of(3, true), net.jqwik.api.Tuple.of(1, false)))
                .as(Asks::new);
    }

    private static Policy policy(List<Asks> asks) {
        List<Rule> rules = new ArrayList<>();
        rules.add(rate("many", hourly(1_000)));
        for (int i = 0; i < asks.size(); i++) {
            rules.add(ask("r" + i, when("args.amount", Operator.GTE, asks.get(i).from)));
        }
        return pay(rules.toArray(Rule[]::new));
    }

    /** Asks each rule's own person, or stands for all of them at once. */
    private record People(List<Asks> asks, boolean together) implements ApprovalHandler {

        @Override
        public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
            boolean yes = request.rules().stream()
                    .allMatch(rule -> asks.get(Integer.parseInt(rule.name().substring(1))).willing);
            return CompletableFuture.completedFuture(
                    yes ? ApprovalAnswer.approved("Ada") : ApprovalAnswer.refused("Ada", null));
        }

        @Override
        public boolean asksForAllRules() {
            return together;
        }
    }

    private static boolean passes(List<Asks> asks, boolean together, int amount) {
        PolicyEngine engine = PolicyEngine.builder(policy(asks))
                .approvals(new People(asks, together))
                .build();
        return engine.admit(Desk.pay(Map.of("amount", amount))).decision().allowed();
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aCallPassesIfEveryRuleThatAsksWasAnsweredWithYesAndNotOtherwise(
            @ForAll @Size(max = 4) List<@net.jqwik.api.From("asks") Asks> asks,
            @ForAll boolean together,
            @ForAll @IntRange(min = 0, max = 10) int amount) {
        boolean all = asks.stream().filter(rule -> amount >= rule.from).allMatch(Asks::willing);

        assertThat(passes(asks, together, amount)).isEqualTo(all);
        Statistics.collect(all ? "passes" : "is denied");
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void addingARuleThatAsksNeverLetsMorePass(
            @ForAll @Size(max = 3) List<@net.jqwik.api.From("asks") Asks> asks,
            @ForAll("asks") Asks added,
            @ForAll boolean first,
            @ForAll boolean together,
            @ForAll @IntRange(min = 0, max = 10) int amount) {
        List<Asks> more = new ArrayList<>(asks);
        more.add(first ? 0 : asks.size(), added);

        if (passes(more, together, amount)) {
            assertThat(passes(asks, together, amount)).isTrue();
        }
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void whatIsSentWasApprovedForEveryRuleThatAsksOfIt(
            @ForAll @Size(min = 1, max = 4) List<@net.jqwik.api.From("asks") Asks> asks,
            @ForAll @IntRange(min = 0, max = 10) int amount,
            @ForAll @Size(max = 6) List<@IntRange(min = 0, max = 10) Integer> instead) {
        ApprovalTickets tickets = ApprovalTickets.create();
        PolicyEngine engine =
                PolicyEngine.builder(policy(asks)).approvals(tickets).build();
        ToolCall call = Desk.pay(Map.of("amount", amount));
        Set<String> approved = new HashSet<>();
        int next = 0;
        for (int round = 0; round < 8; round++) {
            Admission admission = engine.admitAsync(call, AdmitOptions.DEFAULT.sendingWhatIsApproved())
                    .toCompletableFuture()
                    .join();
            if (admission.decision().allowed()) {
                Object sent = admission.toSend(call).arguments().root().toJava().get("amount");
                for (int i = 0; i < asks.size(); i++) {
                    if (((Number) sent).intValue() >= asks.get(i).from) {
                        assertThat(approved).contains(sent + " r" + i);
                    }
                }
                Statistics.collect(sent.equals(amount) ? "as asked" : "other");
                return;
            }
            for (Ticket ticket : tickets.list()) {
                if (ticket.state() != Ticket.State.PENDING) {
                    continue;
                }
                Object about = ticket.request().arguments().root().toJava().get("amount");
                Object given = next < instead.size() ? instead.get(next++) : about;
                for (AskingRule rule : ticket.request().rules()) {
                    approved.add(given + " " + rule.name());
                }
                tickets.approve(ticket.id(), "Ada", Arguments.freeze(Map.of("amount", given), ValueLimits.DEFAULT));
            }
        }
        Statistics.collect("never");
    }

    /** Yes, cancelling, other arguments and reloads at once, by policies that keep what is reserved and that do not. */
    @Example
    void noRaceOfAnswersCancelsAndReloadsAdmitsMoreThanTheLimit() throws Exception {
        Rule limit = rate("seven", hourly(7));
        List<Policy> policies = List.of(
                pay(ask("a"), ask("b"), limit),
                pay(
                        ask("a", when("state.pay.n", Operator.GTE, 0)),
                        limit,
                        Policies.count("count", null, ChargeMode.SUCCESS, when("state.pay.n", Operator.LTE, 7))));
        for (int round = 0; round < 150; round++) {
            ExecutorService threads = Executors.newFixedThreadPool(4);
            ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
            RateLimiter limiter = InMemoryRateLimiter.builder().time(clock).build();
            PolicyEngine engine = PolicyEngine.builder(policies.get(round % 2))
                    .rateLimiter(limiter)
                    .time(clock)
                    .alarm(clock)
                    .approvals(request -> CompletableFuture.supplyAsync(
                            () -> request.arguments().root().size() == 0
                                    ? ApprovalAnswer.approved(
                                            "Ada", Arguments.freeze(Map.of("amount", 1), ValueLimits.DEFAULT))
                                    : ApprovalAnswer.approved("Ada"),
                            threads))
                    .build();
            AtomicInteger passed = new AtomicInteger();
            int reload = round % 3;
            List<Callable<Void>> callers = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                int caller = i;
                callers.add(() -> {
                    CompletableFuture<Admission> result = engine.admitAsync(
                                    Desk.pay(caller % 2 == 0 ? Map.of() : Map.of("amount", caller)),
                                    AdmitOptions.DEFAULT.sendingWhatIsApproved())
                            .toCompletableFuture();
                    if (caller % 5 == 0) {
                        result.cancel(false);
                    } else if (caller % 7 == 0) {
                        engine.update(policies.get(reload % 2));
                    }
                    ends.add(result.whenComplete((admission, failure) -> {
                        if (admission != null && admission.decision().allowed()) {
                            passed.incrementAndGet();
                            admission.succeeded();
                        }
                    }));
                    return null;
                });
            }
            for (Future<Void> each : threads.invokeAll(callers)) {
                each.get();
            }
            for (CompletableFuture<Admission> end : ends) {
                end.handle((admission, failure) -> null).get();
            }
            ends.clear();
            // The thread that ends a wait has more to do than to notify the one that waits.
            threads.shutdown();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();

            assertThat(passed.get()).as("round %s", round).isLessThanOrEqualTo(7);
            PolicyEngine plain =
                    PolicyEngine.builder(pay(limit)).rateLimiter(limiter).build();
            int left = 0;
            while (plain.admit(Desk.pay(Map.of())).decision().allowed()) {
                left++;
            }
            assertThat(passed.get() + left)
                    .as("counted once each, round %s", round)
                    .isEqualTo(7);
            assertThat(clock.alarms()).isZero();
        }
    }

    private final List<CompletableFuture<Admission>> ends = java.util.Collections.synchronizedList(new ArrayList<>());
}
