package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.ask;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.naive.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A policy that is swapped while calls are made. */
class UpdateTest {

    @Test
    void countsSurviveANewPolicy() {
        Desk desk = new Desk(pay(rate("two", hourly(2))));
        desk.admit(Map.of());
        desk.admit(Map.of());

        desk.engine.update(pay(rate("two", hourly(3))));

        assertThat(desk.admit(Map.of())).isEqualTo(Decision.ALLOWED);
        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'two'");
    }

    @Test
    void countsSurviveRulesThatAreMovedAbout() {
        Rule slow = rate(
                "slow",
                Policies.rateOf(1, Window.Calendar.DAY, Algorithm.SLIDING_WINDOW, Scope.SESSION, ChargeMode.SENT));
        Rule other = rate("other", hourly(10));
        Desk desk = new Desk(pay(slow, other));
        desk.admit(Map.of());

        desk.engine.update(pay(other, slow));

        assertThat(Answer.of(desk.admit(Map.of()))).hasToString("DENIED by 'slow'");
    }

    @Test
    void anAdmissionOfTheOldPolicyIsSettledAllTheSame() {
        Desk desk = new Desk(pay(rate("one", hourly(1))));
        Admission admission = desk.engine.admit(Desk.pay(Map.of()));
        desk.engine.update(pay(rate("one", hourly(1)), ask("a person")));
        admission.failed();

        assertThat(Answer.of(desk.decide(Map.of()))).hasToString("NEEDS_APPROVAL by 'a person'");
    }

    /** Each policy denies by a rule and asks by another of its own name; a mixture would show in the answers. */
    @Test
    void everyCallSeesWhollyOnePolicy() throws Exception {
        List<Policy> policies = List.of(pay(ask("a"), deny("a")), pay(ask("b")), pay());
        Desk desk = new Desk(policies.get(0));
        Set<String> answers = ConcurrentHashMap.newKeySet();
        AtomicBoolean done = new AtomicBoolean();
        Callable<Void> caller = () -> {
            while (!done.get()) {
                Explanation explanation = desk.engine.explain(Desk.pay(Map.of()));
                answers.add(Answer.of(explanation.decision()) + " in "
                        + explanation.steps().size() + " steps");
                answers.add(Answer.of(desk.engine.admit(Desk.pay(Map.of())).decision()) + " admitted");
            }
            return null;
        };
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Void>> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            callers.add(threads.submit(caller));
        }
        for (int i = 0; i < 3_000; i++) {
            desk.engine.update(policies.get(i % policies.size()));
        }
        done.set(true);
        for (Future<Void> each : callers) {
            each.get();
        }
        threads.shutdown();

        assertThat(threads.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
        assertThat(answers)
                .isSubsetOf(
                        "DENIED by 'a' in 2 steps",
                        "NEEDS_APPROVAL by 'b' in 1 steps",
                        "ALLOWED in 0 steps",
                        "DENIED by 'a' admitted",
                        "DENIED by 'b' admitted",
                        "ALLOWED admitted");
        assertThat(desk.failures).isEmpty();
    }

    @Test
    void fourThreadsTogetherGetNoMoreThanTheLimit() throws Exception {
        Desk desk = new Desk(pay(rate("hundred", hourly(100))));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        Callable<Integer> caller = () -> {
            int passed = 0;
            for (int i = 0; i < 500; i++) {
                passed += desk.admit(Map.of()).allowed() ? 1 : 0;
            }
            return passed;
        };

        int passed = 0;
        for (Future<Integer> each : threads.invokeAll(List.of(caller, caller, caller, caller))) {
            passed += each.get();
        }
        threads.shutdown();

        assertThat(passed).isEqualTo(100);
    }

    @Test
    void inventedToolNamesFillNoMemory() {
        Desk desk = new Desk(Policy.of(Policies.star(Policies.entry(
                List.of(Policies.check("small", Policies.when("args.a", Operator.EXISTS, false))),
                List.of(),
                List.of()))));
        long before = usedMemory();
        for (int i = 0; i < 100_000; i++) {
            assertThat(desk.engine
                            .decide(ToolCall.of("invented_" + i, Map.of()))
                            .allowed())
                    .isTrue();
        }

        assertThat((usedMemory() - before) >> 20).as("MiB").isLessThan(60);
    }

    private static long usedMemory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
