package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Entry;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.Rule;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Places in policies and diagnostics are those of the document. */
class PositionsTest {

    @Test
    void everyPartKnowsWhereItStands() {
        Policy policy = PolicyYaml.read("""
                version: "1"
                tools:
                  create_charge:
                    require:
                      - {path: args.a, op: exists, value: true}
                      - conditions:
                          - {path: args.b, op: exists, value: true}
                    rules:
                      - action: deny
                      - name: second
                        conditions:
                          - path: args.c
                            op: eq
                            value: 1
                    limits:
                      - {counter: n, window: day, max: 5}
                """, "x").orThrow();
        Entry entry = policy.body().tool("create_charge");
        assertExactly(entry.place(), "tools.create_charge", 3, 3);
        assertExactly(entry.require().get(0).place(), "tools.create_charge.require[0]", 5, 9);
        assertExactly(entry.require().get(0).conditions().get(0).place(), "tools.create_charge.require[0]", 5, 9);
        assertExactly(entry.require().get(1).place(), "tools.create_charge.require[1]", 6, 9);
        Condition inBlock = entry.require().get(1).conditions().get(0);
        assertExactly(inBlock.place(), "tools.create_charge.require[1].conditions[0]", 7, 13);
        List<Rule> rules = entry.rules();
        assertExactly(rules.get(0).place(), "tools.create_charge.rules[0]", 9, 9);
        assertExactly(rules.get(1).place(), "tools.create_charge.rules[1]", 10, 9);
        Condition condition = ((Rule.Check) rules.get(1)).demands().conditions().get(0);
        assertExactly(condition.place(), "tools.create_charge.rules[1].conditions[0]", 12, 13);
        assertExactly(entry.limits().get(0).place(), "tools.create_charge.limits[0]", 16, 9);
    }

    @Test
    void aPartThatAnAliasStandsForHasThePathOfTheAlias() {
        Policy policy = PolicyYaml.read("""
                version: "1"
                x-deny: &deny {action: deny}
                tools:
                  a: {rules: [*deny]}
                """, "x").orThrow();
        assertExactly(policy.body().tool("a").rules().get(0).place(), "tools.a.rules[0]", 2, 9);
    }

    @Test
    void oddKeysAreQuotedInPaths() {
        assertThat(path("a.b")).isEqualTo("tools.\"a.b\".rules[0]");
        assertThat(path("a b")).isEqualTo("tools.\"a b\".rules[0]");
        assertThat(path("a\"b\\")).isEqualTo("tools.\"a\\\"b\\\\\".rules[0]");
        assertThat(path("a[0]")).isEqualTo("tools.\"a[0]\".rules[0]");
        assertThat(path("a\u200Bb")).isEqualTo("tools.\"a\\u200bb\".rules[0]");
        assertThat(path("*")).isEqualTo("tools.*.rules[0]");
        assertThat(path("send-email")).isEqualTo("tools.send-email.rules[0]");
        assertThat(path("ключ")).isEqualTo("tools.ключ.rules[0]");
    }

    @Test
    void columnsCountCharactersAndLinesEndInAnyWay() {
        assertThat(PolicyYaml.read(
                                "version: \"1\"\r\ndescription: {\"\uD83D\uDE00\": 1}\r\nhide: [\"\uD83D\uDE00\","
                                        + " \"\"]\r\n",
                                "x")
                        .errors())
                .extracting(diagnostic -> diagnostic.line() + ":" + diagnostic.column())
                .containsExactly("2:14", "3:13");
    }

    @Test
    void diagnosticsComeInTheDocumentsOrder() {
        ReadResult reading =
                PolicyYaml.read("grants: 1\nmethods: 1\nrisks: 1\ntools: 1\nhide: 1\ndefault: 1\nversion: 2\n", "x");
        assertThat(reading.errors()).extracting(Diagnostic::line).containsExactly(1, 2, 3, 4, 5, 6, 7);
    }

    private static String path(String tool) {
        String document = "version: \"1\"\ntools: {" + YamlText.quoted(tool) + ": {rules: [{action: deny}]}}\n";
        var body = PolicyYaml.read(document, "x").orThrow().body();
        Entry entry = tool.equals("*") ? body.star().orElseThrow() : body.tool(tool);
        return entry.rules().get(0).place().path();
    }

    private static void assertExactly(Place place, String path, int line, int column) {
        assertThat(place.path()).isEqualTo(path);
        assertThat(place.line()).isEqualTo(line);
        assertThat(place.column()).isEqualTo(column);
    }
}
