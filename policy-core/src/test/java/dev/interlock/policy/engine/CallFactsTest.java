package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rule;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolCategory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a policy reads and no host provides. */
class CallFactsTest {

    private static final CallFacts NOTHING = new CallFacts("no identity", "no server", "no ctx");
    private static final CallFacts ALL = new CallFacts(null, null, null);

    private static Policy policy(PolicyBody body) {
        return new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty(), Optional.empty());
    }

    private static Policy declaring(Entry entry, String... keys) {
        return new Policy("", Mode.ENFORCE, tools(entry), Map.of(), Optional.empty(), Optional.of(List.of(keys)));
    }

    private static PolicyBody body(
            Map<NamePattern, Entry> tools,
            Map<ToolCategory, Entry> categories,
            Map<RiskSelector, Entry> risks,
            Optional<Entry> star,
            Optional<Entry> all) {
        return new PolicyBody(Posture.ALLOW, List.of(), tools, categories, risks, star, all);
    }

    private static PolicyBody tools(Entry entry) {
        return body(Map.of(new NamePattern("pay"), entry), Map.of(), Map.of(), Optional.empty(), Optional.empty());
    }

    private static Condition reading(String path) {
        return when(path, Operator.EQ, "guest");
    }

    private static Block block(String path) {
        return new Block(List.of(reading(path)), null, Place.of("block"));
    }

    private static Block comparing(String path, String from) {
        return new Block(List.of(Condition.between(path, Operator.EQ, from)), null, Place.of("block"));
    }

    private static Entry denyingIf(String path) {
        return entry(List.of(), List.of(block(path)));
    }

    private static Entry entry(List<Block> require, List<Block> denyIf, Rule... rules) {
        return new Entry(false, require, denyIf, List.of(rules), List.of(), Place.of("tools.pay"));
    }

    /** A policy that reads {@code ctx.role}, in each place in which a policy can read something. */
    static Stream<Policy> readers() {
        Rule.Demands demands = new Rule.Demands(List.of(reading("ctx.role")), List.of(), null);
        Entry denying = denyingIf("ctx.role");
        return Stream.of(
                policy(tools(denying)),
                policy(tools(entry(List.of(block("ctx.role")), List.of()))),
                policy(tools(entry(List.of(comparing("args.role", "ctx.role")), List.of()))),
                policy(tools(new Entry(
                        false,
                        List.of(),
                        List.of(),
                        List.of(comparing("args.role", "ctx.role")),
                        List.of(),
                        List.of(),
                        null,
                        Place.of("tools.pay")))),
                policy(tools(entry(
                        List.of(),
                        List.of(),
                        new Rule.Check("check", demands, null, Mode.ENFORCE, Place.of("rules[0]"))))),
                policy(tools(entry(
                        List.of(),
                        List.of(),
                        new Rule.Approval(
                                "ask", demands, Duration.ofMinutes(1), null, Mode.ENFORCE, Place.of("rules[0]"))))),
                policy(body(
                        Map.of(), Map.of(ToolCategory.WRITE, denying), Map.of(), Optional.empty(), Optional.empty())),
                policy(body(
                        Map.of(),
                        Map.of(),
                        Map.of(RiskSelector.of("high+").orElseThrow(), denying),
                        Optional.empty(),
                        Optional.empty())),
                policy(body(Map.of(), Map.of(), Map.of(), Optional.of(denying), Optional.empty())),
                policy(body(Map.of(), Map.of(), Map.of(), Optional.empty(), Optional.of(denying))),
                new Policy(
                        "",
                        Mode.AUDIT,
                        tools(denyingIf("args.a")),
                        Map.of(),
                        Optional.of(Map.of(new NamePattern("ada"), tools(denying)))));
    }

    @Test
    void aKeyThatIsGivenMayBeReadAndNoOther() {
        CallFacts facts = new CallFacts(null, null, "no ctx", Set.of("role"));

        assertThatCode(() -> facts.require(declaring(denyingIf("ctx.role"), "role")))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> facts.require(policy(tools(denyingIf("ctx.tenant")))))
                .hasMessageContaining("ctx.tenant at ")
                .hasMessageContaining("but no ctx");
        assertThatThrownBy(() -> facts.require(declaring(denyingIf("ctx.role"), "role", "tenant")))
                .hasMessageContaining("ctx.tenant at context");
    }

    @ParameterizedTest
    @MethodSource("readers")
    void ctxIsFoundWhereverAPolicyReadsIt(Policy policy) {
        assertThatThrownBy(() -> new CallFacts(null, null, "no ctx").require(policy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ctx.role at ")
                .hasMessageEndingWith(", but no ctx");
        assertThatCode(() -> ALL.require(policy)).doesNotThrowAnyException();
    }

    @Test
    void whatIsReadIsNamedWithItsPlaceAndWhatToDo() {
        Policy policy = policy(tools(entry(
                List.of(block("call.server"), block("call.session"), block("args.a"), block("tool.risk")),
                List.of(block("ctx.a.b"), block("call.identity")))));

        assertThatThrownBy(() -> NOTHING.require(policy))
                .hasMessageContainingAll(
                        "call.server at",
                        "but no server",
                        "ctx.a.b at",
                        "but no ctx",
                        "call.identity at",
                        "no identity")
                .hasMessageNotContaining("call.session")
                .hasMessageNotContaining("args.a")
                .hasMessageNotContaining("tool.risk");
    }

    @Test
    void grantsNeedAnIdentityEvenIfTheyGrantNothing() {
        Policy policy = new Policy("", Mode.ENFORCE, tools(denyingIf("args.a")), Map.of(), Optional.of(Map.of()));

        assertThatThrownBy(() -> NOTHING.require(policy)).hasMessageContaining("the identity at grants");
    }

    @Test
    void anEngineRefusesWhatCannotBeKnownAtOnceAndLater() {
        Policy reads = policy(tools(denyingIf("ctx.role")));
        Policy reads2 = policy(tools(denyingIf("call.identity")));
        Policy plain = policy(tools(denyingIf("args.a")));
        assertThatThrownBy(() -> PolicyEngine.builder(reads).build().expect(NOTHING))
                .isInstanceOf(IllegalArgumentException.class);

        PolicyEngine engine = PolicyEngine.builder(plain).build();
        engine.expect(ALL);
        engine.update(reads);
        engine.update(plain);
        engine.expect(new CallFacts(null, null, "no ctx"));

        assertThatThrownBy(() -> engine.update(reads)).hasMessageContaining("ctx.role");
        assertThat(engine.policy()).isSameAs(plain);
        engine.update(reads2);
        assertThat(engine.policy()).isSameAs(reads2);
    }

    // ---- what a policy says that its host gives

    @Test
    void anEngineThatIsNotToldToGiveAKeyRefusesThePolicyThatNamesIt() {
        Policy policy = declaring(denyingIf("ctx.tenant"), "tenant", "role");

        assertThatThrownBy(() -> PolicyEngine.builder(policy).context("tenant").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(": role;")
                .hasMessageContaining("context(");
        assertThatCode(() -> PolicyEngine.builder(policy)
                        .context("tenant", "role", "more")
                        .build())
                .doesNotThrowAnyException();
    }

    @Test
    void anUpdateWithAKeyThatIsNotGivenIsRefusedAndTheOldPolicyStays() {
        Policy before = declaring(denyingIf("ctx.tenant"), "tenant");
        PolicyEngine engine = PolicyEngine.builder(before).context("tenant").build();

        assertThatThrownBy(() -> engine.update(declaring(denyingIf("ctx.role"), "role")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(": role;");

        assertThat(engine.policy()).isSameAs(before);
    }

    @Test
    void aKeyThatIsComparedWithMustBeDeclaredAndGiven() {
        Entry entry = entry(List.of(comparing("args.tenant", "ctx.tenant")), List.of());

        assertThatThrownBy(
                        () -> PolicyEngine.builder(declaring(entry, "tenant")).build())
                .hasMessageContaining("tenant");
        assertThatThrownBy(() -> PolicyEngine.builder(declaring(entry, "role"))
                        .context("tenant", "role")
                        .build())
                .hasMessageContaining("ctx.tenant");
        assertThatCode(() -> PolicyEngine.builder(declaring(entry, "tenant"))
                        .context("tenant")
                        .build())
                .doesNotThrowAnyException();
    }

    @Test
    void anIdentityOrServerThatIsComparedWithMustBeKnown() {
        Policy policy = policy(tools(entry(
                List.of(comparing("args.user", "call.identity"), comparing("args.at", "call.server")), List.of())));

        assertThatThrownBy(() -> NOTHING.require(policy))
                .hasMessageContaining("call.identity at")
                .hasMessageContaining("call.server at");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ctx.tennant", "ctx.Tenant", "ctx.tenant2.id"})
    void anEngineRefusesAPolicyThatReadsAnotherKeyThanItNames(String path) {
        assertThatThrownBy(() -> PolicyEngine.builder(declaring(denyingIf(path), "tenant"))
                        .context("tenant", "tennant", "Tenant", "tenant2")
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(path);
    }

    @Test
    void aPolicyThatNamesNoKeysIsTakenAsItIs() {
        assertThatCode(() -> PolicyEngine.builder(policy(tools(denyingIf("ctx.role"))))
                        .build())
                .doesNotThrowAnyException();
    }

    @Test
    void aKeyIsNamedOnce() {
        assertThatThrownBy(() -> declaring(denyingIf("ctx.tenant"), "tenant", "tenant"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
