package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which counters a condition may read. */
class CountersTest {

    private static final String COUNTS = "rules: [{name: c, state: {counter: n, window: day}}]";

    @Test
    void aToolReadsItsOwnAndAnotherToolsAndTheGlobalOnes() {
        assertThat(problems("tools: {a: {" + COUNTS + "}, b: {" + reads("a.n") + "}}"))
                .isEmpty();
        assertThat(problems("tools: {a: {" + reads("_global.n") + "}}\nall_tools: {" + COUNTS + "}"))
                .isEmpty();
        assertThat(problems("tools: {a: {" + reads("_global.n") + "}, \"*\": {" + COUNTS + "}}"))
                .isEmpty();
        assertThat(problems("tools: {a: {limits: [{counter: n, window: day, max: 5}], " + reads("a.n") + "}}"))
                .isEmpty();
    }

    @Test
    void theShortFormIsACounterToo() {
        assertThat(problems("tools: {a: {rules: [{name: r, rate_limit: 5/hour}], " + reads("a._rate_hour") + "}}"))
                .isEmpty();
        assertThat(problems("tools: {a: {rules: [{name: r, rate_limit: 5/hour}], " + reads("a._rate_day") + "}}"))
                .containsExactly("unknown-counter");
    }

    @Test
    void globsCategoriesAndRisksCallTheirOwnCountersTool() {
        for (String group : List.of("tools: {\"a_*\"", "categories: {read", "risks: {high+")) {
            assertThat(problems(group + ": {" + COUNTS + ", " + reads("tool.n") + "}}"))
                    .isEmpty();
            assertThat(problems(group + ": {" + COUNTS + ", " + reads("read.n") + "}}"))
                    .containsExactly("unknown-counter");
        }
    }

    @Test
    void noOneElseReadsTheCountersOfAGroup() {
        assertThat(problems("tools: {\"a_*\": {" + COUNTS + "}, b: {" + reads("tool.n") + "}}"))
                .containsExactly("unknown-counter");
        assertThat(problems("tools: {\"a_*\": {" + COUNTS + "}, \"b_*\": {" + reads("tool.n") + "}}"))
                .containsExactly("unknown-counter");
    }

    @Test
    void aGlobalPathNeedsAGlobalCounter() {
        assertThat(problems("tools: {a: {" + COUNTS + ", " + reads("_global.n") + "}}"))
                .containsExactly("unknown-counter");
    }

    @Test
    void theTwoEntriesForAllToolsShareTheirNames() {
        assertThat(problems("tools: {\"*\": {" + COUNTS + "}}\nall_tools: {" + COUNTS + "}"))
                .containsExactly("duplicate-counter");
    }

    @Test
    void aGrantReadsItsOwnCountersAndThoseOfThePolicy() {
        assertThat(problems("grants: {alice: {tools: {a: {" + COUNTS + ", " + reads("a.n") + "}}}}"))
                .isEmpty();
        assertThat(problems("tools: {a: {" + COUNTS + "}}\ngrants: {alice: {tools: {a: {" + reads("a.n") + "}}}}"))
                .isEmpty();
        assertThat(problems("tools: {a: {" + reads("a.n") + "}}\ngrants: {alice: {tools: {a: {" + COUNTS + "}}}}"))
                .containsExactly("unknown-counter");
        assertThat(problems(
                        "grants: {alice: {tools: {a: {" + COUNTS + "}}}, bob: {tools: {a: {" + reads("a.n") + "}}}}"))
                .containsExactly("unknown-counter");
    }

    @Test
    void theSameNameInTwoEntriesIsTwoCounters() {
        assertThat(problems("tools: {a: {" + COUNTS + "}, b: {" + COUNTS + "}, \"c*\": {" + COUNTS + "}}"))
                .isEmpty();
    }

    @Test
    void aNameWithADotIsQuotedInAPath() {
        assertThat(problems("tools: {a.b: {" + COUNTS + ", " + reads("\"a.b\".n") + "}}"))
                .isEmpty();
    }

    private static String reads(String counter) {
        return "require: [{path: 'state." + counter + "', op: lt, value: 5}]";
    }

    private static List<String> problems(String document) {
        return PolicyYaml.read("version: \"1\"\n" + document + "\n", "x").errors().stream()
                .map(Diagnostic::code)
                .toList();
    }

    @Test
    void aConditionReadsTheCountThatALimitForEveryToolKeepsForTheToolThatIsCalled() {
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read("""
                                version: "1"
                                tools:
                                  "*":
                                    limits: [{counter: n, window: day, max: 9, scope: session}]
                                  pay:
                                    rules:
                                      - conditions: [{path: state._global.n, op: lt, value: 1}]
                                """, "policy.yaml").orThrow())
                .build();

        assertThat(engine.admit(ToolCall.of("read", Map.of())).decision().allowed())
                .isTrue();
        assertThat(engine.admit(ToolCall.of("pay", Map.of())).decision().allowed())
                .as("another tool's count")
                .isTrue();
        assertThat(engine.admit(ToolCall.of("pay", Map.of())).decision().allowed())
                .isFalse();
    }
}
