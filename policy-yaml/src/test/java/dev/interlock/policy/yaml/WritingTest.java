package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.text.NamePattern;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WritingTest {

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
