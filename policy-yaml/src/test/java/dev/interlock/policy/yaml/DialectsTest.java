package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.RiskSelector;
import dev.interlock.policy.Rule;
import dev.interlock.policy.Scope;
import dev.interlock.policy.Window;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** All the dialects of the field, by themselves and mixed. */
class DialectsTest {

    @Test
    void theCatalogueForm() {
        Policy policy = valid("""
                tools:
                  start_dicom_export_job:
                    rules:
                      - action: allow
                        rate_limit:
                          max: 10
                          window: 60
                        validate:
                          required_args: true
                  delete_datastore:
                    rules:
                      - action: deny
                        reason: "Blocked by default — enable with approval"
                """);
        Rule.Check rule = (Rule.Check)
                policy.body().tool("start_dicom_export_job").rules().get(0);
        assertThat(rule.name()).isNull();
        assertThat(rule.label()).isEqualTo("tools.start_dicom_export_job.rules[0]");
        assertThat(rule.demands().limits())
                .containsExactly(PolicyArbitraries.rate(
                        10,
                        new Window.Length(Duration.ofMinutes(1)),
                        Algorithm.TOKEN_BUCKET,
                        Scope.SESSION,
                        ChargeMode.SENT,
                        rule.place()));
        assertThat(rule.demands().validation().schemaRequired()).isTrue();
        assertThat(policy.body().tool("delete_datastore").rules().get(0).message())
                .isEqualTo("Blocked by default — enable with approval");
    }

    @Test
    void theCatalogueFormWithoutTools() {
        ReadResult reading = PolicyYaml.read("delete_file:\n  rules:\n    - action: deny\nread_file:\n", "page.yaml");
        assertThat(reading.warnings()).extracting(Diagnostic::code).containsExactly("tools-implied");
        assertThat(reading.orThrow().body().tools().keySet())
                .containsExactly(new NamePattern("delete_file"), new NamePattern("read_file"));
        assertThat(reading.orThrow().body().tool("delete_file").rules().get(0).label())
                .isEqualTo("tools.delete_file.rules[0]");
    }

    @Test
    void aMisspeltToolsIsNotTakenForATool() {
        ReadResult reading = PolicyYaml.read("tolls: {delete_file: {rules: [{action: deny}]}}\n", "x");
        assertThat(reading.errors()).singleElement().asString().contains("unknown key 'tolls', did you mean 'tools'?");
    }

    @Test
    void theInterceptForm() {
        Policy policy = valid("""
                version: "1"
                description: Payments
                default: deny
                hide: [delete_account]
                tools:
                  create_charge:
                    rules:
                      - name: cap a charge
                        conditions:
                          - {path: args.amount, op: lte, value: 50000}
                        on_deny: Ask a person.
                      - name: spend a day
                        state: {counter: spent, window: day, increment_from: args.amount}
                        conditions:
                          - {path: state.create_charge.spent, op: lte, value: 100000}
                      - name: each hour
                        rate_limit: 20/hour
                  "*":
                    rules:
                      - name: all
                        rate_limit: 60/minute
                """);
        assertThat(policy.description()).isEqualTo("Payments");
        assertThat(policy.body().posture()).isEqualTo(Posture.DENY);
        List<Rule> rules = policy.body().tool("create_charge").rules();
        assertThat(rules).extracting(Rule::name).containsExactly("cap a charge", "spend a day", "each hour");
        assertThat(rules.get(2).demands().limits())
                .containsExactly(Limit.calls(
                        20, Window.Calendar.HOUR, Scope.TOOL, rules.get(2).place()));
        Rule all = policy.body().star().orElseThrow().rules().get(0);
        assertThat(rateLimit(all).scope()).isEqualTo(Scope.GLOBAL);
    }

    @Test
    void theGatewayFormInJson() {
        Policy policy = valid("""
                {
                \t"version": "1", "default": "deny", "hide": ["delete_datastore"],
                \t"tools": {
                \t\t"get_datastore": {},
                \t\t"start_job": {"limits": [{"counter": "r", "window": "minute", "max": 10, "scope": "grant"}]},
                \t\t"send_money": {"deny_if": [{"conditions": [], "on_deny": "A person must approve."}]}
                \t},
                \t"all_tools": {"limits": [{"counter": "all", "window": "hour", "max": 100}]}
                }
                """);
        Limit limit = policy.body().tool("start_job").limits().get(0);
        assertThat(limit.scope()).isEqualTo(Scope.IDENTITY);
        assertThat(limit.algorithm()).isEqualTo(Algorithm.FIXED_WINDOW);
        assertThat(limit.charge()).isEqualTo(ChargeMode.SUCCESS);
        assertThat(policy.body().tool("send_money").denyIf().get(0).message()).isEqualTo("A person must approve.");
        assertThat(policy.body().allTools().orElseThrow().limits().get(0).scope())
                .isEqualTo(Scope.GLOBAL);
    }

    @Test
    void everyFormInOneDocument() {
        Policy policy = valid("""
                version: 1
                mode: audit
                tools:
                  "create_*":
                    require:
                      - {path: args.reason, op: exists, value: true}
                    rules:
                      - rate_limit: {max: 5, window: 1h, algorithm: sliding_window, scope: entry}
                categories:
                  destructive:
                    rules: [{action: require_approval, approval_timeout: 1h30m, mode: audit}]
                risks:
                  high+:
                    limits: [{counter: risky, window: 15m, max: 5, algorithm: token_bucket}]
                methods:
                  "prompts/*": deny
                grants:
                  alice: {tools: {read_file: {}}}
                  "team-*": {default: allow, hide: ["*"]}
                """);
        assertThat(policy.mode()).isEqualTo(Mode.AUDIT);
        Limit sliding = rateLimit(policy.body().tool("create_*").rules().get(0));
        assertThat(sliding.scope()).isEqualTo(Scope.ENTRY);
        assertThat(sliding.charge()).isEqualTo(ChargeMode.SENT);
        Rule.Approval approval = (Rule.Approval)
                policy.body().categories().get(ToolCategory.DESTRUCTIVE).rules().get(0);
        assertThat(approval.timeout()).isEqualTo(Duration.ofMinutes(90));
        Entry risky = policy.body().risks().get(new RiskSelector(RiskLevel.HIGH, true));
        assertThat(risky.limits().get(0).charge()).isEqualTo(ChargeMode.SENT);
        assertThat(risky.limits().get(0).scope()).isEqualTo(Scope.TOOL);
        assertThat(policy.methods()).containsEntry(new NamePattern("prompts/*"), Posture.DENY);
        assertThat(policy.grants().orElseThrow().get(new NamePattern("alice")).posture())
                .isEqualTo(Posture.DENY);
        assertThat(policy.grants().orElseThrow().get(new NamePattern("team-*")).posture())
                .isEqualTo(Posture.ALLOW);
    }

    @Test
    void theMapFormCountsASessionApartAlsoForAllTools() {
        Policy policy =
                valid("version: \"1\"\nall_tools: {rules: [{action: allow, rate_limit: {max: 9, window: hour}}]}\n");
        Limit limit = rateLimit(policy.body().allTools().orElseThrow().rules().get(0));
        assertThat(limit.scope()).isEqualTo(Scope.SESSION);
        assertThat(limit.algorithm()).isEqualTo(Algorithm.FIXED_WINDOW);
        assertThat(limit.charge()).isEqualTo(ChargeMode.SUCCESS);
    }

    @Test
    void anchorsAndMergeKeysAreReadAndExplicitKeysWin() {
        Policy policy = valid("""
                version: "1"
                x-limited: &limited
                  name: limited
                  rate_limit: 5/hour
                  on_deny: Slow down.
                x-quiet: &quiet {on_deny: No., mode: audit}
                tools:
                  a:
                    rules:
                      - *limited
                  b: &b
                    rules:
                      - {<<: *limited, rate_limit: 9/hour}
                      - <<: [*quiet, *limited]
                        rate_limit: 1/day
                  c: *b
                """);
        assertThat(rate(policy, "a", 0)).isEqualTo(Amount.of(5));
        assertThat(rate(policy, "b", 0)).isEqualTo(Amount.of(9));
        Rule merged = policy.body().tool("b").rules().get(1);
        assertThat(merged.message()).isEqualTo("No.");
        assertThat(merged.name()).isEqualTo("limited");
        assertThat(merged.mode()).isEqualTo(Mode.AUDIT);
        assertThat(policy.body().tool("c").rules().get(1).label()).isEqualTo("limited");
        assertThat(policy.body().tool("c").rules().get(1).place().path()).isEqualTo("tools.c.rules[1]");
    }

    @Test
    void aQuotedMergeKeyIsAKey() {
        assertThat(PolicyYaml.read("version: \"1\"\n\"<<\": {default: deny}\n", "x")
                        .errors())
                .extracting(Diagnostic::code)
                .containsExactly("unknown-key");
    }

    @Test
    void notesAreIgnoredEverywhere() {
        assertThat(PolicyYaml.read("""
                                version: "1"
                                x-owner: team a
                                tools:
                                  x-note: ask Bob
                                  t:
                                    x-why: [1, 2]
                                    rules:
                                      - {name: r, action: deny, x-ticket: 17}
                                    require:
                                      - {path: args.a, op: exists, value: true, x-since: 2024-01-01}
                                    limits:
                                      - {counter: c, window: day, max: 1, x-a: yes}
                                methods: {x-m: z}
                                grants: {x-g: z, alice: {x-b: z}}
                                """, "x").errors()).isEmpty();
    }

    @Test
    void anEntryMayBeNothing() {
        Policy policy = valid("version: \"1\"\ntools: {a: null, b: {}, c: ~, \"get_*\": }\n");
        assertThat(policy.body().tools().values())
                .allMatch(entry -> entry.rules().isEmpty());
        assertThat(policy.body().tools()).hasSize(4);
    }

    @Test
    void anEmptyListOfGrantsIsNotTheSameAsNone() {
        assertThat(valid("version: \"1\"\ngrants: {}\n").grants()).isPresent();
        assertThat(valid("version: \"1\"\n").grants()).isEmpty();
    }

    private static Limit rateLimit(Rule rule) {
        return rule.demands().limit(Limit.Form.RATE_LIMIT);
    }

    private static Amount rate(Policy policy, String tool, int rule) {
        return rateLimit(policy.body().tool(tool).rules().get(rule)).max();
    }

    private static Policy valid(String document) {
        return PolicyYaml.read(document, "policy.yaml").orThrow();
    }
}
