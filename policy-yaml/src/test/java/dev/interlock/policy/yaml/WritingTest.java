package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Limit.Form;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WritingTest {

    private static final Place RULE = Place.of("tools.pay.rules[0]");

    @Test
    void rulesOnResultsAreWrittenWithoutTheirDefaults() {
        String canonical = """
                version: "1"
                default: allow
                tools:
                  fetch:
                    results:
                      - name: pages
                        require:
                          - {path: result.structured.owner, op: eq, value_from: call.identity}
                        deny_if:
                          - conditions:
                              - {path: result.text, op: contains, value: INTERNAL}
                            on_deny: Internal.
                        redact:
                          - secrets
                          - {pattern: "SECRET-[0-9]+"}
                          - {pattern: x, with: ""}
                        max_bytes: 1000
                        on_exceed: cut
                        on_deny: Withheld.
                        mode: audit
                      - max_bytes: 5
                methods:
                  resources/read:
                    results:
                      - redact:
                          - emails
                """;
        String written = PolicyYaml.write(PolicyYaml.read(canonical, "x").orThrow());

        assertThat(written).isEqualTo(canonical);
        assertThat(PolicyYaml.read(written, "x").orThrow())
                .isEqualTo(PolicyYaml.read(canonical, "x").orThrow());
        String spelt = canonical
                .replace("x, with: \"\"", "x, with: \"[redacted]\"")
                .replace("- max_bytes: 5", "- {on_exceed: withhold, mode: enforce, max_bytes: 5}");
        assertThat(PolicyYaml.write(PolicyYaml.read(spelt, "x").orThrow()))
                .isEqualTo(canonical.replace("{pattern: x, with: \"\"}", "{pattern: x}"));
    }

    @Test
    void whatIsWrittenIsCanonical() {
        String untidy = """
                {"all_tools": {"limits": [{"max": 100, "window": "hour", "counter": "all", "scope": "global"}]},
                 "tools": {"pay": {"rules": [
                   {"on_deny": "Line one\\nline two", "rate_limit": "5/hour", "name": "yes", "action": "allow"},
                   {"action": "allow", "conditions": []},
                   {"rate_limit": {"window": "90s", "max": 3, "algorithm": "token_bucket"}},
                   {"reason": "No: never", "action": "deny"},
                   {"action": "require_approval", "approval_timeout": 300,
                    "conditions": [{"value": [1.50, "1.50", null], "op": "not_in", "path": "args.\\"a.b\\"[*].c"}]}],
                   "require": [{"conditions": [{"path": "args.a", "op": "eq", "value": true}]}]},
                  "*": {"deny_if": [{"path": "args.x", "op": "exists", "value": true}]}},
                 "context": ["tenant", "on"], "version": 1, "description": "Payments"}
                """;
        assertThat(PolicyYaml.write(PolicyYaml.read(untidy, "x").orThrow())).isEqualTo("""
                version: "1"
                description: Payments
                default: allow
                tools:
                  pay:
                    require:
                      - conditions:
                          - {path: args.a, op: eq, value: true}
                    rules:
                      - name: "yes"
                        rate_limit: 5/hour
                        on_deny: "Line one\\nline two"
                      - action: allow
                      - rate_limit: {max: 3, window: 90s}
                      - action: deny
                        on_deny: "No: never"
                      - action: require_approval
                        conditions:
                          - {path: "args.\\"a.b\\"[*].c", op: not_in, value: [1.50, "1.50", null]}
                  "*":
                    deny_if:
                      - {path: args.x, op: exists, value: true}
                all_tools:
                  limits:
                    - counter: all
                      window: hour
                      max: 100
                context: [tenant, "on"]
                """);
    }

    @Test
    void theLimitsOfARuleAreWrittenUnderTheirKeys() {
        String canonical = """
                version: "1"
                default: allow
                tools:
                  buy:
                    rules:
                      - rate_limit: {max: 3, window: 90s, algorithm: sliding_window, scope: entry, charge: success}
                        state: {counter: bought, window: week, increment: 2, charge: sent}
                        spend: {per_call: 20, daily: 50, monthly: 500, from: args.price}
                      - action: require_approval
                        rate_limit: 5/hour
                        spend: {per_call: 0.04}
                  "*":
                    rules:
                      - rate_limit: 60/minute
                        spend: {hourly: 9, from: args.price, charge: sent}
                      - state: {counter: all, window: day}
                """;
        Policy policy = PolicyYaml.read(canonical, "x").orThrow();

        assertThat(PolicyYaml.write(policy)).isEqualTo(canonical);
        assertThat(policy.body().tool("buy").rules().get(0).demands().limits())
                .extracting(Limit::form)
                .containsExactly(Form.STATE, Form.RATE_LIMIT, Form.SPEND, Form.SPEND, Form.SPEND);
        assertThat(policy.body().star().orElseThrow().rules())
                .flatExtracting(rule -> rule.demands().limits())
                .extracting(Limit::scope)
                .containsOnly(Scope.GLOBAL)
                .hasSize(3);
    }

    static Stream<List<Limit>> limitsThatNoRuleCanSay() {
        Limit fiveAnHour = Limit.calls(5, Window.Calendar.HOUR, Scope.TOOL, RULE);
        Limit state = state("n", Scope.TOOL);
        List<Limit> budget = budget(Window.Calendar.DAY, "args.price", Scope.TOOL);
        return Stream.of(
                List.of(state, state("other", Scope.TOOL)),
                List.of(fiveAnHour, Limit.calls(5, Window.Calendar.DAY, Scope.TOOL, RULE)),
                List.of(fiveAnHour, state),
                List.of(state("n", Scope.GLOBAL)),
                List.of(Limit.calls(5, Window.Calendar.HOUR, Scope.SESSION, RULE)),
                budget(Window.Calendar.DAY, "args.price", Scope.IDENTITY),
                List.of(budget.get(0), budget.get(0)),
                List.of(
                        budget.get(0),
                        budget(Window.Calendar.WEEK, "args.tip", Scope.TOOL).get(0)),
                List.of(new Limit(
                        Form.LIMITS,
                        "n",
                        Amount.ONE,
                        Window.Calendar.DAY,
                        Algorithm.FIXED_WINDOW,
                        Scope.TOOL,
                        Amount.ONE,
                        null,
                        ChargeMode.SUCCESS,
                        null,
                        RULE)));
    }

    @ParameterizedTest
    @MethodSource("limitsThatNoRuleCanSay")
    void limitsThatNoRuleCanSayAreNotWrittenWrongly(List<Limit> limits) {
        Rule rule = new Rule.Check("r", new Rule.Demands(List.of(), limits, null), null, Mode.ENFORCE, RULE);
        Entry entry = new Entry(false, List.of(), List.of(), List.of(rule), List.of(), Place.of("tools.pay"));
        Policy policy = Policy.of(new PolicyBody(
                Posture.DENY,
                List.of(),
                Map.of(new NamePattern("pay"), entry),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty()));

        assertThatThrownBy(() -> PolicyYaml.write(policy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a document can't say that one rule has these limits");
    }

    private static Limit state(String counter, Scope scope) {
        return new Limit(
                Form.STATE,
                counter,
                null,
                Window.Calendar.DAY,
                Algorithm.FIXED_WINDOW,
                scope,
                Amount.ONE,
                null,
                ChargeMode.SUCCESS,
                null,
                RULE);
    }

    private static List<Limit> budget(Window.Calendar unit, String from, Scope scope) {
        return Limit.budget(null, Map.of(unit, Amount.of(5)), Path.parse(from), ChargeMode.SUCCESS, scope, RULE);
    }

    @Test
    void whatADocumentCannotSayIsNotWrittenWrongly() {
        Entry entry = Entry.listed(Place.of("tools.x-ray"));
        PolicyBody body = new PolicyBody(
                Posture.DENY,
                List.of(),
                Map.of(new NamePattern("x-ray"), entry),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty());
        Policy policy = new Policy("", Mode.ENFORCE, body, Map.of(), Optional.empty());
        assertThatThrownBy(() -> PolicyYaml.write(policy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a document can't name 'x-ray': keys that begin with 'x-' are ignored;"
                        + " use a glob, such as '?-ray'");
    }
}
