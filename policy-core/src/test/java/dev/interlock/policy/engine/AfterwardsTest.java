package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Afterwards;
import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.ResultRule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.adapter.GuardedCall;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.CallUsage;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AfterwardsTest {

    private static final String TOKENS = "usage.tokens";
    private static final String COST = "result.structured.cost";

    private static Policy counting(String from, @Nullable Integer hold, ChargeMode charge) {
        Limit limit = new Limit(
                        Limit.Form.LIMITS,
                        "n",
                        Amount.of(100),
                        Window.Calendar.DAY,
                        Algorithm.FIXED_WINDOW,
                        Scope.TOOL,
                        Amount.ONE,
                        Path.parse(from),
                        charge,
                        null,
                        Place.of("tools.pay.limits[0]"))
                .holding(hold == null ? null : Amount.of(hold));
        return Policies.of("pay", Policies.entry(List.of(), List.of(limit), List.of()));
    }

    private static PolicyEngine engine(String from, @Nullable Integer hold) {
        return PolicyEngine.builder(counting(from, hold, ChargeMode.SUCCESS)).build();
    }

    private static Admission admit(PolicyEngine engine) {
        return engine.admit(Desk.pay(Map.of()));
    }

    private static CallResult structured(Map<String, ?> content) {
        return CallResult.of(Map.of("content", List.of(), "structuredContent", content));
    }

    private static void answer(Admission admission, CallResult came) {
        admission.answered(came, came.outcome()).toCompletableFuture().join();
    }

    /** What the limit has counted, as explain shows it. */
    private static String used(PolicyEngine engine) {
        String text = engine.explain(Desk.pay(Map.of())).steps().stream()
                .map(Explanation.ExplainedStep::text)
                .filter(step -> step.contains("; used "))
                .findFirst()
                .orElseThrow();
        return text.substring(text.indexOf("; used ") + 7, text.indexOf(" of "));
    }

    @Test
    void whatTheHostTellsTakesThePlaceOfWhatWasHeld() {
        PolicyEngine engine = engine(TOKENS, 30);
        Admission call = admit(engine);
        assertThat(used(engine)).isEqualTo("30");

        call.succeeded(CallUsage.of(Map.of("tokens", new BigDecimal("12.5"))));

        assertThat(used(engine)).isEqualTo("12.5");
    }

    @Test
    void whatTheAnswerSaysIsCounted() {
        PolicyEngine engine = engine(COST, null);
        Admission call = admit(engine);
        assertThat(call.judgesAnswer()).isTrue();
        answer(call, structured(Map.of("cost", 7)));

        assertThat(used(engine)).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"result.bytes", "result.blocks"})
    void sizesOfTheAnswerAreCounted(String from) {
        PolicyEngine engine = engine(from, null);
        answer(admit(engine), CallResult.of(Map.of("content", List.of(Map.of("type", "text", "text", "é/")))));

        // {"content":[{"type":"text","text":"é/"}]}
        assertThat(used(engine)).isEqualTo(from.equals("result.blocks") ? "1" : "42");
    }

    @Test
    void whatIsUnknownCountsWhatIsHeldOrElseEverything() {
        PolicyEngine held = engine(TOKENS, 30);
        admit(held).succeeded();
        assertThat(used(held)).isEqualTo("30");

        PolicyEngine free = engine(TOKENS, null);
        admit(free).unknown();
        assertThat(used(free)).isEqualTo("100");
        assertThat(admit(free).decision().code()).isEqualTo(Decision.Code.LIMIT);
    }

    static List<Map<String, Object>> unreadable() {
        List<Map<String, Object>> unreadable = new ArrayList<>();
        for (Object value : new @Nullable Object[] {
            "12", -1, true, List.of(1), Map.of(), null, new BigDecimal("0.0000001"), new BigDecimal("1000000000001")
        }) {
            unreadable.add(Collections.singletonMap("cost", value));
        }
        unreadable.add(Map.of());
        Map<String, Object> twice = new LinkedHashMap<>();
        twice.put("cost", 1);
        twice.put("Cost", 90);
        unreadable.add(twice);
        return unreadable;
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void whatIsNoAmountIsUnknown(Map<String, Object> content) {
        PolicyEngine byResult = engine(COST, 30);
        answer(admit(byResult), structured(content));
        assertThat(used(byResult)).isEqualTo("30");

        PolicyEngine byUsage = engine("usage.cost", 30);
        admit(byUsage).succeeded(CallUsage.of(content));
        assertThat(used(byUsage)).isEqualTo("30");
    }

    @Test
    void aCallThatFailsAddsNothing() {
        PolicyEngine gives = engine(TOKENS, 30);
        Admission failed = admit(gives);
        failed.used(CallUsage.of(Map.of("tokens", 50)));
        answer(failed, CallResult.failed(-32000, "no", null));
        admit(gives).unsent();
        assertThat(used(gives)).isEqualTo("0");

        PolicyEngine keeps =
                PolicyEngine.builder(counting(TOKENS, 30, ChargeMode.SENT)).build();
        answer(admit(keeps), CallResult.failed(-32000, "no", null));
        assertThat(used(keeps)).isEqualTo("30");
        admit(keeps).unsent();
        assertThat(used(keeps)).isEqualTo("30");
    }

    @Test
    void aToolErrorCountsWhatItUsed() {
        PolicyEngine engine = engine(COST, null);
        answer(
                admit(engine),
                CallResult.of(Map.of("isError", true, "content", List.of(), "structuredContent", Map.of("cost", 3))));

        assertThat(used(engine)).isEqualTo("3");
    }

    @Test
    void itIsCountedOnce() {
        PolicyEngine engine = engine(COST, 30);
        Admission call = admit(engine);
        answer(call, structured(Map.of("cost", 7)));
        answer(call, structured(Map.of("cost", 9)));
        call.unsent();
        call.close();

        assertThat(used(engine)).isEqualTo("7");
    }

    @Test
    void aMeterTellsByTheAnswerUnlessItIsTold() {
        PolicyEngine engine = PolicyEngine.builder(counting(TOKENS, 30, ChargeMode.SUCCESS))
                .usage((call, came) ->
                        CallUsage.of(Map.of("tokens", came.members().size())))
                .build();
        GuardedCall guarded = GuardedCall.of(Desk.pay(Map.of()), admit(engine));
        assertThat(guarded.judgesAnswer()).isTrue();
        guarded.answered(CallResult.of(Map.of("content", List.of(), "a", 1, "b", 2)))
                .toCompletableFuture()
                .join();
        assertThat(used(engine)).isEqualTo("3");

        Admission told = admit(engine);
        told.used(CallUsage.of(Map.of("tokens", 40)));
        answer(told, structured(Map.of()));
        assertThat(used(engine)).isEqualTo("43");
    }

    @Test
    void aMeterThatThrowsTellsNothing() {
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(counting(TOKENS, 30, ChargeMode.SUCCESS))
                .usage((call, came) -> {
                    throw new IllegalStateException("broken");
                })
                .audit(events::add)
                .build();
        answer(admit(engine), structured(Map.of()));

        assertThat(used(engine)).isEqualTo("30");
        assertThat(events).anyMatch(AuditEvent.Settled.class::isInstance);
    }

    @Test
    @SuppressWarnings("NullAway") // what a host's own code may do
    void aMeterThatReturnsNullTellsNothing() {
        PolicyEngine engine = PolicyEngine.builder(counting(TOKENS, null, ChargeMode.SUCCESS))
                .usage((call, came) -> null)
                .build();
        answer(admit(engine), structured(Map.of()));

        assertThat(used(engine)).isEqualTo("100");
    }

    @Test
    void withoutSuchALimitNothingReadsTheAnswer() {
        PolicyEngine engine = PolicyEngine.builder(Policies.pay(Policies.rate("r", Policies.hourly(9))))
                .usage((call, came) -> {
                    throw new AssertionError("asked");
                })
                .build();
        Admission call = admit(engine);
        assertThat(call.judgesAnswer()).isFalse();
        answer(call, structured(Map.of()));
    }

    @Test
    void theExplanationSaysWhatIsHeldAndWhatWillBeCounted() {
        assertThat(engine(TOKENS, 30).explain(Desk.pay(Map.of())).steps())
                .anyMatch(step -> step.text()
                        .contains("counts usage.tokens when the call has ended, holds 30 until then; used 0 of 100"));
    }

    @Test
    void theSumIsNeverBelowWhatWasSpentAndNothingIsReleasedTwice() throws Exception {
        InMemoryRateLimiter limiter = InMemoryRateLimiter.create();
        Policy policy = counting(COST, 1, ChargeMode.SENT);
        PolicyEngine engine = PolicyEngine.builder(policy).rateLimiter(limiter).build();
        int threads = 16;
        List<Admission> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(admit(engine));
        }
        assertThat(admit(engine).decision().allowed()).isFalse();
        CountDownLatch start = new CountDownLatch(1);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int thread = 0; thread < threads; thread++) {
                boolean answers = thread % 2 == 0;
                var unused = pool.submit(() -> {
                    start.await();
                    for (Admission call : calls) {
                        if (answers) {
                            answer(call, structured(Map.of("cost", 3)));
                        } else {
                            call.settle(CallOutcome.UNKNOWN);
                        }
                    }
                    return null;
                });
            }
            start.countDown();
        } finally {
            pool.shutdown();
            assertThat(pool.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
        }
        // Each call counts 3 if its answer came first, and else the 1 that was held.
        int used = Integer.parseInt(used(engine));
        assertThat(used).isBetween(100, 300);
        assertThat((used - 100) % 2).isZero();
        assertThat(admit(engine).decision().allowed()).isFalse();
    }

    @Test
    void ofManyAnswersToACallTheHostSeesOneAndItIsCountedOnce() throws Exception {
        Policy policy = counting(COST, 1, ChargeMode.SUCCESS);
        Policy judging = Policies.of(
                "pay", policy.body().tool("pay").with(new Afterwards(List.of(bounded()), List.of(), List.of())));
        PolicyEngine engine = PolicyEngine.builder(judging).build();
        List<GuardedCall> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(GuardedCall.of(Desk.pay(Map.of()), admit(engine)));
        }
        int threads = 16;
        AtomicIntegerArray seen = new AtomicIntegerArray(calls.size());
        CountDownLatch start = new CountDownLatch(1);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<Void>> ends = new ArrayList<>();
        try {
            for (int thread = 0; thread < threads; thread++) {
                int kind = thread % 4;
                ends.add(pool.submit(() -> {
                    start.await();
                    for (int i = 0; i < calls.size(); i++) {
                        GuardedCall call = calls.get(i);
                        // Small, too large, late, or none.
                        CallResult came =
                                structured(kind == 1 ? Map.of("cost", 3, "more", "x".repeat(200)) : Map.of("cost", 3));
                        if (kind == 3) {
                            call.settle(CallOutcome.UNKNOWN);
                        } else if ((kind == 2 ? call.answeredLate(came) : call.answered(came))
                                .toCompletableFuture()
                                .join()
                                .decision()
                                .allowed()) {
                            seen.incrementAndGet(i);
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<Void> end : ends) {
                end.get(5, TimeUnit.MINUTES);
            }
        } finally {
            pool.shutdownNow();
        }
        for (int i = 0; i < calls.size(); i++) {
            assertThat(seen.get(i)).isLessThanOrEqualTo(1);
        }
        // Each call counts 3 if an answer came first, withheld or not, and else the 1 that was held.
        int used = Integer.parseInt(used(engine));
        assertThat(used).isBetween(100, 300);
        assertThat((used - 100) % 2).isZero();
    }

    private static ResultRule bounded() {
        return new ResultRule(
                null, List.of(), List.of(), List.of(), 100L, false, null, Mode.ENFORCE, Place.of("tools.pay"));
    }
}
