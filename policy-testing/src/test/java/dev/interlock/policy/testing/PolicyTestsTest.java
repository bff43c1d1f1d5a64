package dev.interlock.policy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Policy;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyTestsTest {

    private static final String POLICY = """
            version: "1"
            hide: [secret]
            tools:
              pay:
                rules:
                  - name: cap
                    conditions: [{path: args.amount, op: lte, value: 100}]
                  - name: pace
                    rate_limit: {max: 2, window: 60}
              wipe:
                rules:
                  - {name: ask, action: require_approval}
                  - {name: daily, rate_limit: 1/day}
              watch:
                rules:
                  - {name: seen, mode: audit, action: deny}
              form: {rounds: 0}
              export:
                rules:
                  - {name: slots, concurrent: {max: 1, per: args.account, lease: 10m}}
                limits:
                  - {counter: broken, window: day, max: 2, counts: failures}
              book:
                rounds: 2
                rules:
                  - {name: daily, rate_limit: 2/day}
            """;

    @TempDir
    private static Path directory;

    private static PolicyTestFile file(String text) {
        return PolicyTestFile.read(text.getBytes(StandardCharsets.UTF_8), "tests.yaml");
    }

    private static List<CaseResult> run(String calls) {
        PolicyTestFile file = file("cases:\n  - name: c\n    calls:\n" + calls.indent(6));
        assertThat(file.diagnostics()).isEmpty();
        Policy policy = PolicyYaml.read(POLICY, "policy.yaml").orThrow();
        return file.run(policy, null);
    }

    @TestFactory
    Stream<DynamicTest> eachCaseIsATestOfJunits() throws IOException {
        Path policy = Files.writeString(directory.resolve("policy.yaml"), POLICY);
        Path tests = Files.writeString(directory.resolve("tests.yaml"), """
                cases:
                  - name: two at once and then one each half minute
                    calls:
                      - {tool: pay, args: {amount: 1}, times: 2, expect: allowed}
                      - {tool: pay, args: {amount: 1}, expect: {decision: denied by pace, retry_after: 30s, code: limit}}
                      - {tool: pay, args: {amount: 1}, at: 30s, expect: allowed}
                      - {tool: pay, args: {amount: 1}, at: 2026-01-05T00:01:00Z, expect: allowed}
                  - name: a person is asked
                    calls:
                      - {tool: wipe, expect: needs approval by ask}
                  - name: what is only recorded passes
                    calls:
                      - {tool: watch, expect: {decision: allowed, audited: true, rule: seen}}
                  - name: a server that may not ask
                    calls:
                      - {tool: form, expect: allowed}
                      - {tool: form, rounds: 1, expect: {decision: denied by tools.form.rounds, code: rounds}}
                  - name: a call past its rounds is a new one
                    calls:
                      - {tool: book, rounds: 2, expect: allowed}
                      - {tool: book, rounds: 3, expect: denied by daily}
                  - name: what is hidden is not shown
                    calls:
                      - {tool: secret, expect: hidden}
                """);
        return PolicyTests.of(policy, tests);
    }

    @Test
    void aCallGoesOnUntilItEnds() {
        assertThat(run("""
                        - {tool: export, args: {account: a}, ends: 60s, expect: allowed}
                        - {tool: export, args: {account: b}, ends: 2h, expect: allowed}
                        - {tool: export, args: {account: a}, at: 59s, expect: {decision: denied by slots, code: concurrency}}
                        - {tool: export, args: {account: a}, at: 60s, expect: allowed}
                        - {tool: export, args: {account: b}, at: 10m, expect: allowed}
                        - {tool: export, args: {}, at: 10m, expect: {decision: denied by slots, code: partition}}
                        """)).allMatch(CaseResult::passed);
    }

    @Test
    void aFailureCountsWhenItsCallHasEnded() {
        assertThat(run("""
                        - {tool: export, args: {account: a}, outcome: tool_error, ends: 30s, expect: allowed}
                        - {tool: export, args: {account: b}, outcome: unknown, ends: 40s, expect: allowed}
                        - {tool: export, args: {account: c}, at: 39s, times: 9, expect: allowed}
                        - {tool: export, args: {account: c}, at: 40s, expect: denied by broken}
                        """)).allMatch(CaseResult::passed);
    }

    private static List<CaseResult> runEnds(String calls) {
        Policy policy = PolicyYaml.read("""
                version: "1"
                tools:
                  ask:
                    limits: [{counter: tokens, window: day, max: 100, increment_from: usage.tokens, hold: 30}]
                  bill:
                    limits: [{counter: cost, window: day, max: 10, increment_from: result.structured.cost, hold: 1}]
                  fetch:
                    results:
                      - {name: stop, deny_if: [{path: result.text, op: contains, value: STOP}]}
                      - {redact: [{pattern: "[0-9]{3}"}]}
                """, "policy.yaml").orThrow();
        PolicyTestFile file = file("cases:\n  - name: c\n    calls:\n" + calls.indent(6));
        assertThat(file.diagnostics()).isEmpty();
        return file.run(policy, null);
    }

    @Test
    void usageAndResultsAreCountedWhenACallHasEnded() {
        assertThat(runEnds("""
                        - {tool: ask, usage: {tokens: 70}, ends: 30s, expect: allowed}
                        - {tool: ask, at: 10s, usage: {tokens: 1}, expect: allowed}
                        - {tool: ask, at: 29s, usage: {tokens: 10}, expect: allowed}
                        - {tool: ask, at: 30s, expect: denied by tokens}
                        - {tool: bill, at: 30s, result: {content: [], structuredContent: {cost: 12.5}}, expect: allowed}
                        - {tool: bill, at: 31s, expect: denied by cost}
                        """)).allMatch(CaseResult::passed);
    }

    @Test
    void whatBecomesOfAResultIsChecked() {
        assertThat(runEnds("""
                        - tool: fetch
                          result: {content: [{type: text, text: all fine}]}
                          expect: {decision: allowed, result: passed, text: all fine}
                        - tool: fetch
                          result: {content: [{type: text, text: "call 123"}], structuredContent: {phone: "456"}}
                          expect: {result: redacted, text: "call [redacted]", structured: {phone: "[redacted]"}}
                        - tool: fetch
                          ends: 20s
                          result: {content: [{type: text, text: STOP}]}
                          expect: {result: withheld by stop}
                        - tool: fetch
                          at: 10s
                          error: {code: -32000, message: "STOP it"}
                          expect: {result: withheld}
                        """)).allMatch(CaseResult::passed);
    }

    @Test
    void aResultThatBecomesSomethingElseFailsTheCaseAlsoIfItsCallEndsLater() {
        CaseResult result = runEnds("""
                        - tool: fetch
                          ends: 5s
                          result: {content: [{type: text, text: STOP}]}
                          expect: {result: passed}
                        - {tool: ask, at: 10s, expect: allowed}
                        """).get(0);

        assertThat(result.failure().orElseThrow().message())
                .isEqualTo("line 4, call to fetch: expected the result passed, got it withheld by 'stop'");
    }

    @Test
    void aCallHasOneEnd() {
        assertThat(file("""
                        cases:
                          - name: c
                            calls:
                              - {tool: a, outcome: success, result: {isError: true}, expect: allowed}
                              - {tool: a, result: {}, error: {code: 1}, expect: allowed}
                              - {tool: a, result: {}, expect: {result: lost}}
                              - {tool: a, result: {}, expect: {result: passed by r}}
                        """).diagnostics())
                .hasSize(4)
                .allMatch(found -> found.toString().contains("error"));
    }

    @Test
    void noCallEndsBeforeItIsMade() {
        assertThat(file("""
                        cases:
                          - name: c
                            calls:
                              - {tool: export, at: 60s, ends: 59s, expect: allowed}
                        """).diagnostics()).singleElement().asString().contains("this is before the call itself");
    }

    @Test
    void aCallThatNoOneApprovedCountsNothing() {
        assertThat(run("""
                        - {tool: wipe, times: 3, expect: needs approval}
                        - {tool: wipe, approved: true, expect: needs approval}
                        - {tool: wipe, expect: denied by daily}
                        """)).allMatch(CaseResult::passed);
    }

    @Test
    void otherRequestsAreDecidedByTheirMethodAndParameters() {
        Policy policy = PolicyYaml.read("""
                version: "1"
                context: [tenant]
                methods:
                  resources/read:
                    require: [{path: params.uri, op: eq, value_from: ctx.tenant}]
                    limits: [{counter: read, window: hour, max: 2, scope: identity}]
                  "prompts/*": deny
                """, "policy.yaml").orThrow();
        PolicyTestFile file = file("""
                cases:
                  - name: c
                    ctx: {tenant: a}
                    identity: ana
                    calls:
                      - {method: resources/read, params: {uri: a}, times: 2, expect: allowed}
                      - {method: resources/read, params: {uri: a}, expect: {decision: denied by read, code: limit}}
                      - {method: resources/read, params: {uri: a}, identity: bob, expect: allowed}
                      - {method: resources/read, params: {uri: b}, identity: bob, expect: denied}
                      - {method: resources/read, params: {uri: a}, at: 1h, expect: allowed}
                      - {method: prompts/get, expect: denied by methods.prompts/*}
                      - {method: resources/list, expect: allowed}
                      - {method: resources/read, expect: allowed}
                """);
        assertThat(file.diagnostics()).isEmpty();
        CaseResult.Failure failure = file.run(policy, null).get(0).failure().orElseThrow();
        assertThat(failure.message())
                .isEqualTo("line 13, call to resources/read: expected allowed, got denied by"
                        + " 'methods.resources/read.require[0]'");
        assertThat(failure.explanation()).isNull();
    }

    @Test
    void aRuleThatAsksIsPassedWithAYes() {
        Policy policy = PolicyYaml.read("""
                version: "1"
                tools:
                  wipe: {rules: [{name: ask, action: require_approval}]}
                """, "policy.yaml").orThrow();
        Coverage coverage = new Coverage(policy);
        file("cases: [{name: c, calls: [{tool: wipe, expect: needs approval}]}]")
                .run(policy, null, coverage);
        assertThat(coverage.rules()).noneMatch(Coverage.RuleCoverage::isComplete);
        file("cases: [{name: c, calls: [{tool: wipe, approved: true, expect: needs approval}]}]")
                .run(policy, null, coverage);
        assertThat(coverage.rules()).allMatch(Coverage.RuleCoverage::isComplete);
    }

    @Test
    void aFailureSaysWhatDiffersAndWhy() {
        CaseResult result = run("- {tool: pay, args: {amount: 1}, times: 5, expect: allowed}")
                .get(0);
        CaseResult.Failure failure = result.failure().orElseThrow();
        assertThat(failure.message())
                .isEqualTo("line 4, call to pay, the 3rd time: expected allowed, got denied by 'pace'");
        assertThat(failure.explanation().steps()).anyMatch(step -> step.text().contains("used 2 of 2 per 60 s"));
    }

    @Test
    void theCoverageTellsWhichRulesNoCallPassedOrFailed() {
        Policy policy = PolicyYaml.read(POLICY, "policy.yaml").orThrow();
        Coverage coverage = new Coverage(policy);
        file("""
                cases:
                  - name: c
                    calls:
                      - {tool: pay, args: {amount: 1}, expect: allowed}
                      - {tool: pay, args: {amount: 1000}, expect: denied}
                      - {tool: watch, expect: allowed}
                      - {tool: form, rounds: 1, expect: denied}
                """).run(policy, null, coverage);
        assertThat(coverage.rules())
                .extracting(Coverage.RuleCoverage::name, Coverage.RuleCoverage::isComplete)
                .contains(
                        org.assertj.core.groups.Tuple.tuple("cap", true),
                        org.assertj.core.groups.Tuple.tuple("pace", false),
                        org.assertj.core.groups.Tuple.tuple("ask", false),
                        org.assertj.core.groups.Tuple.tuple("seen", true),
                        org.assertj.core.groups.Tuple.tuple("tools.form.rounds", true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cases: [{name: n, calls: [{tool: t, expct: allowed}]}]            | unknown-key
            cases: [{name: n, calls: [{tool: t}]}]                            | missing-key
            cases: [{name: n, calls: [{tool: t, expect: alowed}]}]            | bad-value
            cases: [{name: n, calls: [{tool: t, expect: allowed by r}]}]      | bad-value
            cases: [{name: n, calls: [{tool: t, expect: {}}]}]                | missing-key
            cases: [{name: n, calls: [{expect: allowed}]}]                    | missing-key
            cases: [{name: n, calls: [{tool: t, at: soon, expect: allowed}]}] | bad-duration
            cases: [{name: n, calls: [{tool: t, at: 1970-01-01T00:00:00Z, expect: allowed}]}] | bad-value
            cases: [{name: n, calls: [{tool: t, args: [], expect: allowed}]}] | wrong-type
            cases: [{name: n, calls: [{tool: t, times: 0, expect: allowed}]}] | bad-number
            cases: [{name: n, calls: [{tool: t, rounds: -1, expect: allowed}]}] | bad-number
            cases: [{name: n, calls: [{tool: t, outcome: ok, expect: allowed}]}] | bad-value
            cases: [{name: n, calls: [{tool: t, method: m, expect: allowed}]}] | conflict
            cases: [{name: n, calls: [{method: m, args: {}, expect: allowed}]}] | conflict
            cases: [{name: n, calls: [{method: m, outcome: error, expect: allowed}]}] | conflict
            cases: [{name: n, calls: [{tool: t, params: {}, expect: allowed}]}] | conflict
            cases: [{name: n, calls: [{method: m, params: [], expect: allowed}]}] | wrong-type
            cases: [{name: n}]                                                | missing-key
            cases: []                                                         | missing-key
            tools: [{}]                                                       | bad-value
            []                                                                | wrong-type
            """)
    void aMistakeInAFileOfTestsIsFoundAtItsPlace(String text, String code) {
        PolicyTestFile file = file(text);
        assertThat(file.isValid()).isFalse();
        assertThat(file.diagnostics()).extracting(Diagnostic::code).contains(code);
        assertThat(file.diagnostics()).allMatch(diagnostic -> diagnostic.line() == 1);
    }

    @Test
    void underJunitAFileWithMistakesIsRefusedWithAllOfThem() throws IOException {
        Path policy = Files.writeString(directory.resolve("p.yaml"), POLICY);
        Path tests = Files.writeString(directory.resolve("bad.yaml"), "case: []\n");
        assertThatThrownBy(() -> PolicyTests.of(policy, tests)).hasMessageContaining("did you mean 'cases'?");
    }

    @Test
    void whatMeasuresLengthsStandsStillWhileTheWallClockIsSetBack() {
        VirtualTime time = new VirtualTime();
        time.moveTo(1_767_225_600_000L);
        long before = time.monotonicNanos();
        time.moveTo(1_767_225_590_000L);
        assertThat(time.wallMillis()).isEqualTo(1_767_225_590_000L);
        assertThat(time.monotonicNanos()).isEqualTo(before);
        time.moveTo(1_767_225_601_000L);
        assertThat(time.monotonicNanos() - before).isEqualTo(1_000_000_000L);
    }
}
