package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.check;
import static dev.interlock.policy.engine.Policies.deny;
import static dev.interlock.policy.engine.Policies.hourly;
import static dev.interlock.policy.engine.Policies.rate;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.NamePattern;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Policies with rules for the tools of one server. */
class ServersTest {

    private static PolicyBody body(Posture posture, Map<String, Entry> tools, Map<String, PolicyBody> servers) {
        PolicyBody plain = Policies.body(posture, tools);
        Map<NamePattern, PolicyBody> bodies = new LinkedHashMap<>();
        servers.forEach((name, inner) -> bodies.put(new NamePattern(name), inner));
        return new PolicyBody(
                posture,
                List.of(),
                plain.tools(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(bodies));
    }

    private static Entry entry(Rule... rules) {
        return new Entry(false, List.of(), List.of(), List.of(rules), List.of(), Place.of("tools.pay"));
    }

    private static Map<String, PolicyBody> servers(Object... pairs) {
        Map<String, PolicyBody> servers = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            servers.put((String) pairs[i], (PolicyBody) pairs[i + 1]);
        }
        return servers;
    }

    private static PolicyBody denying(String rule) {
        return Policies.body(Posture.ALLOW, Map.of("pay", entry(deny(rule))));
    }

    private static @Nullable String rule(Decision decision) {
        return decision.rule() == null ? null : decision.rule().name();
    }

    private static ToolCall pay(@Nullable String server) {
        return ToolCall.of("pay", Map.of()).on(server);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "github,exact",
                "gitlab,first",
                "gitea,first",
                "bitbucket,last",
                "Github,last",
                "GITLAB,last",
                "-,(server unknown)",
                "' ',(server unknown)",
                "'github ',(server unknown)",
                "'\u00a0github',(server unknown)",
                "g\u0456thub,(server unknown)",
                "\uff47ithub,(server unknown)",
                "git\u200bhub,(server unknown)"
            })
    void anExactNameComesFirstThenTheFirstGlob(@Nullable String server, String expected) {
        Policy policy = Policy.of(body(
                Posture.ALLOW,
                Map.of(),
                servers(
                        "git*", denying("first"),
                        "*", denying("last"),
                        "github", denying("exact"))));

        Desk desk = new Desk(policy);

        assertThat(rule(desk.decide(pay(server)))).isEqualTo(expected);
    }

    @Test
    void aServerThatNoKeyMatchesHasOnlyTheTopLevel() {
        Desk desk = new Desk(Policy.of(
                body(Posture.ALLOW, Map.of("read", entry(deny("top"))), servers("github", denying("there")))));

        assertThat(desk.decide(pay("gitlab")).allowed()).isTrue();
        assertThat(rule(desk.decide(ToolCall.of("read", Map.of()).on("gitlab"))))
                .isEqualTo("top");
        assertThat(rule(desk.decide(ToolCall.of("read", Map.of()).on("github"))))
                .isEqualTo("top");
        assertThat(rule(desk.decide(pay("github")))).isEqualTo("there");
    }

    @Test
    void whatAServersBodyNamesIsListedForTheDenialAroundIt() {
        PolicyBody github = Policies.body(Posture.ALLOW, Map.of("pay", entry()));
        PolicyBody strict = Policies.body(Posture.DENY, Map.of("read", entry()));
        Desk desk = new Desk(
                Policy.of(body(Posture.DENY, Map.of("get", entry()), servers("github", github, "strict", strict))));

        assertThat(desk.decide(pay("github")).allowed()).isTrue();
        assertThat(rule(desk.decide(pay("other")))).isEqualTo("(default deny)");
        assertThat(desk.decide(ToolCall.of("get", Map.of()).on("other")).allowed())
                .isTrue();
        assertThat(desk.decide(ToolCall.of("get", Map.of()).on("github")).allowed())
                .isTrue();
        assertThat(rule(desk.decide(ToolCall.of("get", Map.of()).on("strict")))).isEqualTo("(default deny)");
        assertThat(desk.decide(ToolCall.of("read", Map.of()).on("strict")).allowed())
                .isTrue();
        assertThat(desk.engine.visible(pay("github"))).isTrue();
        assertThat(desk.engine.visible(pay("other"))).isFalse();
        assertThat(desk.engine.visible(pay(null))).isFalse();
    }

    @Test
    void aGrantHasServersOfItsOwnAndItsCallersOnlyNeedAServer() {
        PolicyBody alice = body(Posture.DENY, Map.of(), servers("github", denyingNothing()));
        Policy policy = Policies.granting(
                Policies.body(Posture.ALLOW, Map.of()),
                Map.of("alice", alice, "bob", Policies.body(Posture.ALLOW, Map.of())));
        Desk desk = new Desk(policy);

        assertThat(desk.decide(pay("github").by("alice")).allowed()).isTrue();
        assertThat(rule(desk.decide(pay("gitlab").by("alice")))).isEqualTo("(default deny)");
        assertThat(rule(desk.decide(pay(null).by("alice")))).isEqualTo("(server unknown)");
        assertThat(desk.decide(pay(null).by("bob")).allowed()).isTrue();
        assertThat(rule(desk.decide(pay(null).by("eve")))).isEqualTo("(no grant)");
    }

    private static PolicyBody denyingNothing() {
        return Policies.body(Posture.ALLOW, Map.of("pay", entry()));
    }

    @Test
    void theBodiesAreCheckedFromTheOutsideIn() {
        Map<String, Entry> top = Map.of("pay", entry(check("top", when("args.n", Operator.LT, 4))));
        PolicyBody topServer =
                Policies.body(Posture.ALLOW, Map.of("pay", entry(check("server", when("args.n", Operator.LT, 3)))));
        PolicyBody grantServer = Policies.body(
                Posture.ALLOW, Map.of("pay", entry(check("grant's server", when("args.n", Operator.LT, 1)))));
        PolicyBody grant = body(
                Posture.ALLOW,
                Map.of("pay", entry(check("grant", when("args.n", Operator.LT, 2)))),
                servers("s", grantServer));
        Policy policy = Policies.granting(body(Posture.ALLOW, top, servers("*", topServer)), Map.of("*", grant));
        Desk desk = new Desk(policy);

        List<String> order = List.of("grant's server", "grant", "server", "top");
        for (int n = 1; n <= 4; n++) {
            ToolCall call = ToolCall.of("pay", Map.of("n", n)).on("s").by("ada");
            assertThat(rule(desk.decide(call))).isEqualTo(order.get(n - 1));
        }
    }

    @Test
    void eachServerOfAGlobIsCountedApart() {
        PolicyBody any = Policies.body(Posture.ALLOW, Map.of("pay", entry(rate("one", hourly(1)))));
        Desk desk = new Desk(Policy.of(body(Posture.ALLOW, Map.of(), servers("*", any))));

        assertThat(desk.admit(pay("a")).allowed()).isTrue();
        assertThat(desk.admit(pay("b")).allowed()).isTrue();
        assertThat(rule(desk.admit(pay("a")))).isEqualTo("one");
        assertThat(desk.engine.explain(pay("c")).decision().allowed()).isTrue();
        assertThat(rule(desk.engine.explain(pay("b")).decision())).isEqualTo("one");
    }

    @Test
    void anUnknownServerIsOnlyRecordedInModeAudit() {
        Policy policy = Policies.audited(Policy.of(body(Posture.ALLOW, Map.of(), servers("github", denying("no")))));

        Decision decision = new Desk(policy).decide(pay(null));

        assertThat(decision.audited()).isTrue();
        assertThat(rule(decision)).isEqualTo("(server unknown)");
    }

    @Test
    void callsThatNeverNameTheirServerAreRefusedAtTheStart() {
        Policy top = Policy.of(body(Posture.ALLOW, Map.of(), servers("github", denying("no"))));
        Policy granted = Policies.granting(
                Policies.body(Posture.ALLOW, Map.of()), Map.of("a.b", body(Posture.DENY, Map.of(), servers())));
        CallFacts facts = new CallFacts(null, "no call names its server: give --server", null);

        assertThatThrownBy(() -> facts.require(top))
                .hasMessageContaining("the server at servers, but no call names its server: give --server");
        assertThatThrownBy(() -> facts.require(granted)).hasMessageContaining("the server at grants.");
    }

    @Test
    void theServersOfAServerAreRefused() {
        PolicyBody inner = body(Posture.ALLOW, Map.of(), servers());
        assertThatThrownBy(() -> body(Posture.ALLOW, Map.of(), servers("a", inner)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new Policy("", Mode.ENFORCE, inner, Map.of(), Optional.empty()))
                .isNotEqualTo(Policy.of(PolicyBody.of(Posture.ALLOW)));
    }
}
