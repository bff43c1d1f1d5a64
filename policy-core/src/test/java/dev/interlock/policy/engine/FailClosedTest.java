package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.schema;
import static dev.interlock.policy.engine.Policies.validate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever fails while a call is decided denies it, says nothing of why to the agent, and reaches the host. */
class FailClosedTest {

    private final List<Throwable> heard = new ArrayList<>();

    @Test
    void aSchemaValidatorThatThrowsDenies() {
        PolicyEngine engine =
                engine(PolicyEngine.builder(pay(validate("valid", schema()))).schemaValidator((schema, arguments) -> {
                    throw secret();
                }));
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(ObjectValue.EMPTY)));

        assertDeniedSilently(engine);
    }

    @Test
    void aSchemaValidatorThatRunsOutOfStackDenies() {
        PolicyEngine engine =
                engine(PolicyEngine.builder(pay(validate("valid", schema()))).schemaValidator((schema, arguments) -> {
                    throw new StackOverflowError("hunter2");
                }));
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(ObjectValue.EMPTY)));

        assertDeniedSilently(engine);
    }

    @Test
    void aListenerThatThrowsChangesNothing() {
        PolicyEngine engine = PolicyEngine.builder(pay(rate("one", hourly(1))))
                .rateLimiter(new Failing(true))
                .listener((call, failure) -> {
                    throw secret();
                })
                .build();
        ToolCall call = Desk.pay(Map.of());

        assertThat(engine.decide(call).code()).isEqualTo(Code.ERROR);
        assertThat(engine.admit(call).decision().code()).isEqualTo(Code.ERROR);
        assertThat(engine.admitAsync(call)
                        .toCompletableFuture()
                        .join()
                        .decision()
                        .code())
                .isEqualTo(Code.ERROR);
    }

    @Test
    void aClassifierThatThrowsDenies() {
        PolicyBody byCategory = new PolicyBody(
                Posture.ALLOW,
                List.of(),
                Map.of(),
                Map.of(ToolCategory.READ, Policies.listed()),
                Map.of(),
                Optional.empty(),
                Optional.empty());

        assertDeniedSilently(engine(PolicyEngine.builder(Policy.of(byCategory)).classifier(tool -> {
            throw secret();
        })));
    }

    @Test
    void aLimiterThatThrowsDenies() {
        assertDeniedSilently(
                engine(PolicyEngine.builder(pay(rate("one", hourly(1)))).rateLimiter(new Failing(false))));
    }

    @Test
    void aLimiterThatAnswersNonsenseDenies() {
        RateLimiter nonsense = new Failing(false) {
            @Override
            public Reservation reserve(Batch batch) {
                return new Reservation.NotGranted(7, Reservation.Reason.NO_ROOM, null);
            }

            @Override
            public List<Usage> usage(List<Charge> charges) {
                return List.of();
            }
        };
        PolicyEngine engine =
                engine(PolicyEngine.builder(pay(rate("one", hourly(1)))).rateLimiter(nonsense));

        assertThat(engine.admit(Desk.pay(Map.of())).decision().allowed()).isFalse();
        assertThat(engine.decide(Desk.pay(Map.of())).allowed()).isFalse();
    }

    @Test
    void aRemoteLimiterThatFailsLaterDenies() {
        PolicyEngine engine =
                engine(PolicyEngine.builder(pay(rate("one", hourly(1)))).rateLimiter(new Failing(true)));

        Decision decision = engine.admitAsync(Desk.pay(Map.of()))
                .toCompletableFuture()
                .join()
                .decision();

        assertThat(decision.code()).isEqualTo(Code.ERROR);
        assertThat(decision.message()).doesNotContain("hunter2");
        assertThat(heard).hasSize(1);
    }

    @Test
    void anAuditedPolicyDeniesWhatFailsAllTheSame() {
        Policy policy = Policies.audited(pay(rate("one", hourly(1))));

        assertDeniedSilently(engine(PolicyEngine.builder(policy).rateLimiter(new Failing(false))));
    }

    @Test
    void aPolicyThatNeedsAValidatorIsRefusedWithoutOneAndTheOldOneStays() {
        Policy needy = pay(validate("valid", schema()));
        PolicyEngine engine = engine(PolicyEngine.builder(pay()));
        Policy old = engine.policy();

        assertThatThrownBy(() -> engine.update(needy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("schema validator");
        assertThat(engine.policy()).isSameAs(old);
        assertThatThrownBy(() -> PolicyEngine.builder(needy).build()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSchemaThatIsNotKnownDenies() {
        PolicyEngine engine = engine(PolicyEngine.builder(pay(validate("valid", schema())))
                .schemaValidator((schema, arguments) -> Optional.empty()));

        assertThat(engine.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.SCHEMA_UNKNOWN);
        engine.tools().learn(null, List.of(ToolDefinition.named("pay")));
        assertThat(engine.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.SCHEMA_UNKNOWN);
        engine.tools().learn(null, List.of(ToolDefinition.named("pay").withInputSchema(ObjectValue.EMPTY)));
        assertThat(engine.decide(Desk.pay(Map.of()))).isEqualTo(Decision.ALLOWED);
        assertThat(engine.decide(Desk.pay(Map.of()).on("another server")).code())
                .isEqualTo(Code.SCHEMA_UNKNOWN);
    }

    @Test
    void grantsWithNoOneInThemGrantNoOneAnything() {
        Desk desk = new Desk(Policies.granting(PolicyBody.of(Posture.ALLOW), Map.of()));

        assertThat(desk.decide(Desk.pay(Map.of()).by("alice")).rule().name()).isEqualTo("(no grant)");
        assertThat(desk.decide(Desk.pay(Map.of())).rule().name()).isEqualTo("(no grant)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pay", "wipe", "Wipe", "unlisted", " pay", "pay\u200b", ""})
    void aCallerWithoutAGrantIsToldThatBeforeAnythingOfTheTool(String tool) {
        PolicyBody hiding = new PolicyBody(
                Posture.DENY,
                List.of(new NamePattern("wipe")),
                Map.of(new NamePattern("pay"), Policies.listed()),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty());
        Desk desk = new Desk(Policies.granting(hiding, Map.of("alice", PolicyBody.of(Posture.ALLOW))));

        Decision denied = desk.decide(ToolCall.of(tool, Map.of()).by("eve"));

        assertThat(denied.code()).isEqualTo(Code.NO_GRANT);
        assertThat(denied.told().code()).isEqualTo(Code.NO_GRANT);
        assertThat(denied.message()).doesNotContain("\u200b").doesNotContain("' pay'");
    }

    @Test
    void aGrantGrantsWhatItListsAndNoMoreThanThePolicyAllows() {
        PolicyBody toPay = Policies.body(Posture.DENY, Map.of("pay", Policies.listed(), "send", Policies.listed()));
        Desk desk = new Desk(Policies.granting(Policies.hiding("send"), Map.of("al*", toPay)));

        assertThat(desk.decide(Desk.pay(Map.of()).by("alice"))).isEqualTo(Decision.ALLOWED);
        assertThat(desk.decide(ToolCall.of("send", Map.of()).by("alice")).code())
                .isEqualTo(Code.HIDDEN);
        assertThat(desk.decide(ToolCall.of("read", Map.of()).by("alice")).code())
                .isEqualTo(Code.DEFAULT_DENY);
        assertThat(desk.decide(Desk.pay(Map.of()).by("Alice")).code()).isEqualTo(Code.NO_GRANT);
        assertThat(desk.decide(Desk.pay(Map.of())).code()).isEqualTo(Code.NO_GRANT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\t \n",
                "\u00a0",
                "\u200b",
                "\u3164",
                "\ufeff\u2028",
                "\u180b",
                "\ud81b\udfe4",
                "\ud834\udd59",
                "\u0301",
                " \u20dd"
            })
    void anIdentityThatShowsNothingMatchesNoGlob(String identity) {
        PolicyBody everything = PolicyBody.of(Posture.ALLOW);
        Desk desk = new Desk(Policies.granting(everything, Map.of("*", everything)));

        assertThat(desk.decide(Desk.pay(Map.of()).by(identity)).code()).isEqualTo(Code.NO_GRANT);
        assertThat(desk.decide(Desk.pay(Map.of()).by(identity + "a")).allowed()).isTrue();
    }

    @Test
    void theFirstGrantThatMatchesIsTheOnlyOne() {
        PolicyBody nothing = PolicyBody.of(Posture.DENY);
        PolicyBody everything = PolicyBody.of(Posture.ALLOW);
        Map<String, PolicyBody> grants = new LinkedHashMap<>();
        grants.put("a*", everything);
        grants.put("alice", nothing);
        grants.put("*", nothing);
        Desk desk = new Desk(Policies.granting(PolicyBody.of(Posture.ALLOW), grants));

        assertThat(desk.decide(Desk.pay(Map.of()).by("alice")).allowed())
                .as("the exact name")
                .isFalse();
        assertThat(desk.decide(Desk.pay(Map.of()).by("anna")).allowed())
                .as("the first glob")
                .isTrue();
        assertThat(desk.decide(Desk.pay(Map.of()).by("bob")).allowed()).isFalse();
    }

    @Test
    void methodsAreDecidedByTheirExactNameBeforeAnyGlob() {
        Map<dev.interlock.policy.text.NamePattern, Posture> methods = new LinkedHashMap<>();
        methods.put(new NamePattern("prompts/*"), Posture.DENY);
        methods.put(new NamePattern("prompts/list"), Posture.ALLOW);
        PolicyBody body = PolicyBody.of(Posture.ALLOW);
        PolicyEngine engine =
                engine(PolicyEngine.builder(new Policy("", Mode.ENFORCE, body, methods, Optional.empty())));

        assertThat(engine.decideMethod("prompts/list")).isEqualTo(Decision.ALLOWED);
        assertThat(engine.decideMethod("prompts/get").code()).isEqualTo(Code.METHOD);
        assertThat(engine.decideMethod("resources/read")).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void noGlobReachesTheMethodsWithoutWhichThereIsNoSession() {
        Map<NamePattern, Posture> methods = new LinkedHashMap<>();
        methods.put(new NamePattern("*"), Posture.DENY);
        PolicyBody body = PolicyBody.of(Posture.ALLOW);
        PolicyEngine all = engine(PolicyEngine.builder(new Policy("", Mode.ENFORCE, body, methods, Optional.empty())));
        methods.put(new NamePattern("initialize"), Posture.DENY);
        PolicyEngine exact =
                engine(PolicyEngine.builder(new Policy("", Mode.ENFORCE, body, methods, Optional.empty())));

        assertThat(all.decideMethod("initialize")).isEqualTo(Decision.ALLOWED);
        assertThat(all.decideMethod("ping")).isEqualTo(Decision.ALLOWED);
        assertThat(all.decideMethod("Ping").code()).isEqualTo(Code.METHOD);
        assertThat(all.decideMethod("tools/list").code()).isEqualTo(Code.METHOD);
        assertThat(exact.decideMethod("initialize").code()).isEqualTo(Code.METHOD);
        assertThat(exact.decideMethod("ping")).isEqualTo(Decision.ALLOWED);
    }

    private static RuntimeException secret() {
        return new IllegalStateException("hunter2");
    }

    private PolicyEngine engine(PolicyEngine.Builder builder) {
        return builder.listener((call, failure) -> heard.add(failure)).build();
    }

    private void assertDeniedSilently(PolicyEngine engine) {
        ToolCall call = Desk.pay(Map.of());
        for (Decision decision : List.of(
                engine.decide(call),
                engine.admit(call).decision(),
                engine.explain(call).decision(),
                engine.admitAsync(call).toCompletableFuture().join().decision())) {
            assertThat(decision.code()).isEqualTo(Code.ERROR);
            assertThat(decision.allowed()).isFalse();
            assertThat(decision.message())
                    .isEqualTo("The call could not be checked against the policy, and so is not made.");
        }
        assertThat(heard).hasSize(4).extracting(Throwable::getMessage).containsOnly("hunter2");
    }

    /** A limiter whose store can't be reached, and that doesn't keep to its contract. */
    private static class Failing implements RateLimiter {

        private final boolean remote;

        Failing(boolean remote) {
            this.remote = remote;
        }

        @Override
        public Reservation reserve(Batch batch) {
            throw secret();
        }

        @Override
        public CompletionStage<Reservation> reserveAsync(Batch batch) {
            return CompletableFuture.failedFuture(secret());
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            throw secret();
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            throw secret();
        }

        @Override
        public boolean blocks() {
            return remote;
        }
    }
}
