package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Block;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a policy says of the parameters and the number of requests other than calls of tools. */
class MethodEntriesTest {

    static List<EmbeddedRequest> requests(String... methods) {
        return Stream.of(methods)
                .map(method -> new EmbeddedRequest(method, null))
                .toList();
    }

    private static Entry entry(List<Condition> require, List<Condition> denyIf, List<Limit> limits) {
        Place place = Place.of("methods.m");
        return new Entry(false, blocks(require), blocks(denyIf), List.of(), limits, place);
    }

    private static List<Block> blocks(List<Condition> conditions) {
        return conditions.stream()
                .map(condition -> new Block(List.of(condition), null, Place.of("methods.m[0]")))
                .toList();
    }

    private static Limit limit(long max, @Nullable String from, Scope scope) {
        return new Limit(
                Limit.Form.LIMITS,
                "n",
                Amount.of(max),
                Window.Calendar.MINUTE,
                Algorithm.FIXED_WINDOW,
                scope,
                Amount.ONE,
                from == null ? null : Path.parse(from),
                ChargeMode.SUCCESS,
                null,
                Place.of("methods.m.limits[0]"));
    }

    private static Policy policy(Mode mode, Object... pairs) {
        Map<NamePattern, Posture> methods = new LinkedHashMap<>();
        Map<NamePattern, Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            NamePattern method = new NamePattern((String) pairs[i]);
            methods.put(method, pairs[i + 1] == Posture.DENY ? Posture.DENY : Posture.ALLOW);
            if (pairs[i + 1] instanceof Entry entry) {
                entries.put(method, entry);
            }
        }
        return new Policy(
                "",
                mode,
                PolicyBody.of(Posture.ALLOW),
                methods,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                entries);
    }

    private static PolicyEngine engine(Object... pairs) {
        return PolicyEngine.builder(policy(Mode.ENFORCE, pairs))
                .rateLimiter(InMemoryRateLimiter.builder()
                        .time(dev.interlock.policy.doubles.ManualTime.at("2026-03-31T23:30:00Z"))
                        .build())
                .build();
    }

    private static MethodCall asking(String method, Map<String, ?> params) {
        return MethodCall.of(method).with(Arguments.freeze(params, ValueLimits.DEFAULT));
    }

    private static final Entry FILES =
            entry(List.of(when("params.uri", Operator.STARTS_WITH, "file:///app/")), List.of(), List.of());

    @Test
    void conditionsReadTheParametersTheCallAndTheContext() {
        PolicyEngine engine = engine(
                "resources/read",
                entry(
                        List.of(
                                when("params.uri", Operator.STARTS_WITH, "file:"),
                                when("call.server", Operator.EQ, "files"),
                                when("ctx.tenant", Operator.EQ, "red")),
                        List.of(when("params._meta.secret", Operator.EXISTS, true)),
                        List.of()));
        MethodCall good = asking("resources/read", Map.of("uri", "file:///a"))
                .on("files")
                .with((ObjectValue) Value.freeze(Map.of("tenant", "red")));

        assertThat(engine.admit(good)).isEqualTo(Decision.ALLOWED);
        assertThat(engine.admit(good.on("web")).code()).isEqualTo(Code.CONDITION);
        assertThat(engine.admit(good.with(ObjectValue.EMPTY)).allowed()).isFalse();
        assertThat(engine.admit(good.with(Arguments.NONE)).allowed()).isFalse();
        Arguments meta =
                Arguments.freeze(Map.of("uri", "file:///a", "_meta", Map.of("secret", 1)), ValueLimits.DEFAULT);
        assertThat(engine.admit(good.with(meta)).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isTrue();
    }

    @Test
    void parametersThatAreNotKnownAreInvalidAndLookAlikesToo() {
        PolicyEngine engine = engine(
                "resources/read",
                FILES,
                "prompts/*",
                entry(List.of(), List.of(when("params.a", Operator.EQ, 1)), List.of()));

        assertThat(engine.admit(MethodCall.of("resources/read")).allowed()).isFalse();
        assertThat(engine.admit(MethodCall.of("prompts/get")).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(asking("prompts/get", Map.of())).allowed()).isTrue();
        assertThat(engine.admit(asking("prompts/get", Map.of("A", 2))).code()).isEqualTo(Code.DENY_IF);
        assertThat(engine.admit(asking("resources/read", Map.of("uri", "file:///app/x", "URI", "file:///etc")))
                        .allowed())
                .isFalse();
        assertThat(engine.readsParameters("prompts/list")).isTrue();
        assertThat(engine.readsParameters("tools/list")).isFalse();
    }

    @Test
    void theFirstKeyThatMatchesIsTheOnlyOne() {
        PolicyEngine engine =
                engine("resources/*", FILES, "resources/read", Posture.ALLOW, "*", Posture.DENY, "ping", FILES);

        assertThat(engine.admit(asking("resources/read", Map.of("uri", "x"))).allowed())
                .isTrue();
        assertThat(engine.admit(asking("resources/subscribe", Map.of("uri", "x")))
                        .allowed())
                .isFalse();
        assertThat(engine.admit(asking("resources/subscribe", Map.of("uri", "file:///app/x")))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(MethodCall.of("initialize")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("ping")).allowed()).isFalse();
    }

    @Test
    void limitsCountEveryRequestThatIsLetThroughByMethodAndByCaller() {
        PolicyEngine engine = engine(
                "resources/read", entry(List.of(), List.of(), List.of(limit(1, null, Scope.SESSION))),
                "prompts/*", entry(List.of(), List.of(), List.of(limit(1, null, Scope.TOOL))),
                "sampling/createMessage",
                        entry(List.of(), List.of(), List.of(limit(100, "params.maxTokens", Scope.GLOBAL))));

        MethodCall read = asking("resources/read", Map.of()).in("s1");
        assertThat(engine.admit(read).allowed()).isTrue();
        assertThat(engine.admit(read).code()).isEqualTo(Code.LIMIT);
        assertThat(engine.admit(read).retryAfter()).isNotNull();
        assertThat(engine.admit(read.in("s2")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/list")).allowed())
                .as("counted apart")
                .isTrue();
        assertThat(engine.admit(MethodCall.of("prompts/get")).allowed()).isFalse();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 60)))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 60)))
                        .code())
                .isEqualTo(Code.LIMIT);
        assertThat(engine.admit(asking("sampling/createMessage", Map.of("maxTokens", 40)))
                        .allowed())
                .isTrue();
        assertThat(engine.admit(asking("sampling/createMessage", Map.of())).code())
                .isEqualTo(Code.AMOUNT);
        assertThat(engine.admit(MethodCall.of("sampling/createMessage").askedByServer())
                        .code())
                .isEqualTo(Code.AMOUNT);
    }

    @Test
    void requestsWithinAnAnswerAreDecidedByTheirParameters() {
        PolicyEngine engine = engine(
                "sampling/createMessage",
                entry(List.of(), List.of(when("params.maxTokens", Operator.GT, 1_000)), List.of()));
        MethodCall answered = MethodCall.of("tools/call");

        assertThat(engine.admitEmbedded(within("params", Map.of("maxTokens", 5)), answered)
                        .allowed())
                .isTrue();
        assertThat(engine.admitEmbedded(within("params", Map.of("maxTokens", 5_000)), answered)
                        .code())
                .isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(within("Params", Map.of("maxTokens", 5)), answered)
                        .code())
                .isEqualTo(Code.DENY_IF);
        assertThat(engine.admitEmbedded(within("other", 5), answered).code()).isEqualTo(Code.DENY_IF);
    }

    private static List<EmbeddedRequest> within(String name, Object params) {
        return EmbeddedRequests.inResult(
                Map.of("inputRequests", Map.of("s", Map.of("method", "sampling/createMessage", name, params))));
    }

    @Test
    void denialsAreRecordedAndOnlyThatInModeAudit() {
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(policy(Mode.AUDIT, "resources/read", FILES))
                .audit(events::add)
                .build();
        events.clear();

        Decision decision = engine.admit(asking("resources/read", Map.of("uri", "x")));

        assertThat(decision.audited()).isTrue();
        assertThat(events).hasSize(1);
        assertThat(((AuditEvent.MethodDecided) events.get(0)).outcome()).isEqualTo(AuditEvent.Outcome.AUDITED);
    }

    @Test
    void whatOnlyTheHostKnowsIsAskedForAtTheStart() {
        Policy policy = policy(
                Mode.ENFORCE,
                "resources/read",
                entry(List.of(when("ctx.tenant", Operator.EQ, "red")), List.of(), List.of()));

        assertThatThrownBy(() -> new CallFacts(null, null, "nothing is in ctx here").require(policy))
                .hasMessageContaining("ctx.tenant");
        assertThatThrownBy(() -> new Policy(
                        "",
                        Mode.ENFORCE,
                        PolicyBody.of(Posture.ALLOW),
                        Map.of(new NamePattern("ping"), Posture.DENY),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(new NamePattern("ping"), FILES)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
