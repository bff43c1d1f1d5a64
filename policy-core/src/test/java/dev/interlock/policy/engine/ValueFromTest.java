package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.count;
import static dev.interlock.policy.engine.Policies.pay;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Conditions that compare two values of one call. */
class ValueFromTest {

    private static final JsonMapper JSON = new JsonMapper();

    private static Condition between(String path, String operator, String from) {
        return Condition.between(path, Operator.of(operator).orElseThrow(), from);
    }

    private static ToolCall call(Map<String, ?> arguments, Map<String, ?> context) {
        return ToolCall.of("pay", arguments).with((ObjectValue) Value.freeze(context));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(String name, @Nullable String json) {
        Map<String, Object> map = new HashMap<>();
        if (json != null) {
            map.putAll(JSON.readValue("{\"" + name + "\": " + json + "}", Map.class));
        }
        return map;
    }

    /** The argument, the operator, what the host says; in JSON. Nothing means that it is missing. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            "u1"            | eq           | "u1"              | TRUE
            "u2"            | eq           | "u1"              | FALSE
            7               | eq           | "7"               | TRUE
            7.0             | eq           | 7                 | TRUE
            ["u1"]          | eq           | "u1"              | INVALID
            "u1"            | eq           | ["u1"]            | INVALID
            ["u1"]          | eq           | ["u1"]            | TRUE
            {"a": 1}        | eq           | {"a": "1"}        | TRUE
            "u1"            | eq           | null              | INVALID
            null            | eq           | null              | INVALID
            null            | eq           | "u1"              | FALSE
                            | eq           | "u1"              | FALSE
                            | eq           |                   | INVALID
            "u1"            | eq           |                   | INVALID
            true            | eq           | true              | TRUE
            "true"          | eq           | true              | TRUE
            1               | eq           | true              | INVALID
            "yes"           | eq           | true              | INVALID
            "True"          | eq           | false             | INVALID
            true            | eq           | 1                 | FALSE
            true            | eq           | "true"            | TRUE
            ""              | eq           | ""                | TRUE
            "u2"            | neq          | "u1"              | TRUE
            "u1"            | neq          | "u1"              | FALSE
            null            | neq          | "u1"              | INVALID
                            | neq          | "u1"              | INVALID
            ["u2"]          | neq          | "u1"              | INVALID
            1               | neq          | true              | INVALID
            "a"             | in           | ["a", "b"]        | TRUE
            "c"             | in           | ["a", "b"]        | FALSE
            "a"             | in           | []                | FALSE
            "a"             | in           | "a"               | INVALID
            "a"             | in           | {"a": true}       | INVALID
            "a"             | in           | [["x"], "a"]      | TRUE
            "b"             | in           | [["x"], "a"]      | INVALID
                            | in           | ["a"]             | FALSE
                            | in           | "a"               | INVALID
            "c"             | not_in       | ["a", "b"]        | TRUE
            "a"             | not_in       | ["a", "b"]        | FALSE
            "c"             | not_in       | []                | TRUE
            null            | not_in       | []                | INVALID
            null            | not_in       | [null, "a"]       | FALSE
            "c"             | not_in       | [["x"], "a"]      | INVALID
            "c"             | not_in       | "a"               | INVALID
            1               | lt           | 2                 | TRUE
            2               | lt           | 2                 | FALSE
            2               | lte          | 2.0               | TRUE
            2.000001        | lte          | 2                 | FALSE
            9007199254740993| gt           | 9007199254740992  | TRUE
            2               | gte          | 2                 | TRUE
            1               | lt           | "2"               | INVALID
            "1"             | lt           | 2                 | INVALID
            1               | lt           | [2]               | INVALID
                            | lt           | 2                 | FALSE
                            | lt           | "2"               | INVALID
            "a b"           | contains     | "b"               | TRUE
            "a5"            | contains     | 5                 | TRUE
            ["a", "b"]      | contains     | "b"               | TRUE
            ["a", "b"]      | contains     | "c"               | FALSE
            "a"             | contains     | ""                | INVALID
            [""]            | contains     | ""                | INVALID
            5               | contains     | 5                 | INVALID
            "a"             | contains     | ["a"]             | INVALID
            [["a"]]         | contains     | ["a"]             | TRUE
            "a"             | not_contains | "b"               | TRUE
            "a"             | not_contains | ""                | INVALID
                            | not_contains | "b"               | INVALID
            "abc"           | starts_with  | "ab"              | TRUE
            "abc"           | starts_with  | "b"               | FALSE
            "abc"           | starts_with  | ""                | INVALID
            "5a"            | starts_with  | 5                 | INVALID
            "abc"           | ends_with    | "bc"              | TRUE
            "abc"           | ends_with    | ""                | INVALID
                            | ends_with    | ""                | INVALID
            "abc"           | max_length   | 3                 | TRUE
            "abcd"          | max_length   | 3                 | FALSE
            "abc"           | max_length   | 3.5               | INVALID
            "abc"           | max_length   | -1                | INVALID
            "abc"           | max_length   | "3"               | INVALID
            "/srv/a/x"      | within_path  | "/srv/a"          | TRUE
            "/srv/a/../b"   | within_path  | "/srv/a"          | FALSE
            "/srv/b/x"      | within_path  | ["/srv/a", "/srv/b"] | TRUE
            "x"             | within_path  | "/srv/a"          | INVALID
            "x"             | within_path  | {"in": "/srv/a", "base": "/srv/a"} | TRUE
            "/srv/a/x"      | within_path  | "srv/a"           | INVALID
            "/srv/a/x"      | within_path  | ["/srv/a", 5]     | INVALID
            "/srv/a/x"      | within_path  | {"in": "/srv/a", "of": "/"} | INVALID
            "/srv/a/x"      | within_path  | ""                | INVALID
                            | within_path  | "/srv/a"          | FALSE
                            | within_path  | "srv/a"           | INVALID
            "https://a.example/x" | host_in | ["a.example"]    | TRUE
            "https://b.example/x" | host_in | ["a.example"]    | FALSE
            "https://a.example@b.example/x" | host_in | "a.example" | FALSE
            "https://a.example/x" | host_in | 5                | INVALID
            "https://a.example/x" | host_in | "https://a.example" | INVALID
            "https://a.example/x" | url_in  | "https://a.example/x" | TRUE
            "https://a.example/x" | url_in  | "a.example"      | INVALID
            "ana@a.example" | mail_in      | ["a.example"]     | TRUE
            "ana@a.example" | mail_in      | "@a.example"      | INVALID
            "git diff x"    | command_in   | "git diff **"     | TRUE
            "git push"      | command_in   | ["git diff **"]   | FALSE
            "git diff; id"  | command_in   | "git diff **"     | INVALID
            "git diff"      | command_in   | "git ** diff"     | INVALID
            """)
    void theHostSaysWhatAnArgumentIsComparedWith(
            @Nullable String argument, String operator, @Nullable String given, Truth expected) {
        Condition condition = between("args.a", operator, "ctx.b");

        assertThat(Truths.of(condition, call(map("a", argument), map("b", given))))
                .isEqualTo(expected);
    }

    /** What a condition with a {@code value} makes of an argument is what the same value of the call makes of it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            eq | "5"
            eq | false
            neq | [1, "a"]
            neq | {"k": 1}
            in | ["a", 5, null]
            not_in | ["a", 5, null]
            gte | 5
            contains | "a"
            not_contains | 5
            starts_with | "a"
            ends_with | "a"
            max_length | 1
            within_path | "/a"
            host_in | "a.example"
            mail_in | "a.example"
            url_in | "https://a.example"
            command_in | "a"
            """)
    void itComparesAsWithAValue(String name, String json) {
        Operator operator = Operator.of(name).orElseThrow();
        Object operand = map("b", json).get("b");
        for (Object argument : Arrays.asList(
                null,
                true,
                false,
                5,
                6,
                "5",
                "a",
                "",
                List.of(),
                List.of("a"),
                List.of(1, "a"),
                Map.of("k", 1),
                "/a/b",
                "https://a.example",
                "x@a.example")) {
            ToolCall call = call(
                    argument == null ? Map.of() : Map.of("a", argument),
                    operand == null ? Map.of() : Map.of("b", operand));
            assertThat(Truths.of(between("args.a", name, "ctx.b"), call))
                    .as("%s %s %s", argument, name, json)
                    .isEqualTo(Truths.of(when("args.a", operator, operand), call));
        }
    }

    @Test
    void membersThatPassForOneAnotherMakeItInvalid() {
        Condition condition = between("args.a", "eq", "ctx.user.id");
        Map<String, ?> argument = Map.of("a", "u1");

        assertThat(Truths.of(condition, call(argument, Map.of("user", Map.of("id", "u1")))))
                .isEqualTo(Truth.TRUE);
        assertThat(Truths.of(condition, call(argument, Map.of("user", Map.of("id", "u1", "ID", "u2")))))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(condition, call(argument, Map.of("user", Map.of("ID", "u1")))))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(condition, call(argument, Map.of("user", Map.of("id", "u1"), "User", 1))))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(condition, call(Map.of("a", "u1", "A", "u2"), Map.of("user", Map.of("id", "u1")))))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(between("args.a", "neq", "args.b"), call(Map.of("a", 1, "b", 2, "B", 1), Map.of())))
                .isEqualTo(Truth.INVALID);
    }

    @ParameterizedTest
    @CsvSource({
        "ctx.roles, contains, args.role, INVALID",
        "ctx.roles, not_contains, args.role, INVALID",
        "ctx.roles, contains, ctx.role, TRUE",
        "args.roles, contains, args.role, TRUE",
        "args.roles, contains, ctx.role, TRUE",
        "ctx.roles, starts_with, args.role, TRUE",
    })
    void aCallerDoesNotChooseAPartOfATextOfTheHost(String path, String operator, String from, Truth expected) {
        ToolCall call =
                call(Map.of("role", "admin", "roles", "admin, dev"), Map.of("role", "admin", "roles", "admin, dev"));

        assertThat(Truths.of(between(path, operator, from), call)).isEqualTo(expected);
        assertThat(Truths.of(
                        between("ctx.roles", "contains", "args.role"),
                        call(Map.of("role", "dev"), Map.of("roles", List.of("admin", "dev")))))
                .isEqualTo(Truth.TRUE);
    }

    @Test
    void everyElementIsComparedWithTheSameValue() {
        Condition condition = between("args.items[*].owner", "eq", "ctx.user");
        List<Map<String, String>> own = List.of(Map.of("owner", "u1"), Map.of("owner", "u1"));
        List<Map<String, String>> mixed = List.of(Map.of("owner", "u1"), Map.of("owner", "u2"));

        assertThat(Truths.of(condition, call(Map.of("items", own), Map.of("user", "u1"))))
                .isEqualTo(Truth.TRUE);
        assertThat(Truths.of(condition, call(Map.of("items", mixed), Map.of("user", "u1"))))
                .isEqualTo(Truth.FALSE);
        assertThat(Truths.of(condition, call(Map.of("items", List.of()), Map.of("user", "u1"))))
                .isEqualTo(Truth.TRUE);
        assertThat(Truths.of(condition, call(Map.of("items", List.of()), Map.of())))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(
                        between("args.items[*]", "in", "ctx.user"),
                        call(Map.of("items", List.of()), Map.of("user", 1))))
                .isEqualTo(Truth.INVALID);
    }

    @Test
    void itReadsWhatTheEngineKnowsOfTheCall() {
        assertThat(Truths.of(
                        between("call.identity", "eq", "ctx.user"),
                        call(Map.of(), Map.of("user", "u1")).by("u1")))
                .isEqualTo(Truth.TRUE);
        assertThat(Truths.of(
                        between("args.user", "eq", "call.identity"),
                        call(Map.of("user", "u1"), Map.of()).by("u2")))
                .isEqualTo(Truth.FALSE);
        assertThat(Truths.of(between("args.user", "eq", "call.identity"), call(Map.of("user", "u1"), Map.of())))
                .isEqualTo(Truth.INVALID);
        assertThat(Truths.of(between("args.risk", "eq", "tool.risk"), call(Map.of("risk", "low"), Map.of())))
                .isEqualTo(Truth.FALSE);
    }

    @Test
    void itReadsCounters() {
        Policy policy = pay(
                count("count", null, ChargeMode.SENT), Policies.check("few", between("ctx.most", "gt", "state.pay.n")));
        PolicyEngine engine = PolicyEngine.builder(policy).build();
        List<Boolean> allowed = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            allowed.add(
                    engine.admit(call(Map.of(), Map.of("most", 2))).decision().allowed());
        }

        assertThat(allowed).containsExactly(true, true, false, false);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            exists      | ctx.a      | can't take 'value_from'
            regex       | ctx.a      | can't take 'value_from'
            not_regex   | ctx.a      | can't take 'value_from'
            within_path | args.root  | only from ctx
            host_in     | call.server | only from ctx
            url_in      | args.urls  | only from ctx
            mail_in     | args.mails | only from ctx
            command_in  | args.may   | only from ctx
            eq          | args.a[*]  | stands for several values
            within_path | ctx.a[*].b | stands for several values
            """)
    void someOperatorsTakeNoValueFromThere(String operator, String from, String message) {
        assertThatThrownBy(() -> between("args.a", operator, from))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void theLimitOfACounterIsAValueOfThePolicy() {
        Policy policy = pay(count("count", null, ChargeMode.SENT, between("state.pay.n", "lte", "ctx.most")));

        assertThatThrownBy(() -> PolicyEngine.builder(policy).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("limit of a counter")
                .hasMessageContaining("ctx.most");
    }

    @Test
    void theAgentIsToldThePathAndNotTheValue() {
        Decision decision = PolicyEngine.builder(require(between("args.a", "eq", "ctx.secret")))
                .build()
                .decide(call(Map.of("a", 1), Map.of("secret", "hidden")));

        assertThat(decision.message()).contains("args.a must equal ctx.secret").doesNotContain("hidden");
        assertThat(PolicyEngine.builder(require(between("args.a", "within_path", "ctx.secret")))
                        .build()
                        .decide(call(Map.of("a", 1), Map.of("secret", "/hidden")))
                        .message())
                .contains("args.a must be a path inside ctx.secret");
    }

    @Test
    void anExplanationHasBothValues() {
        PolicyEngine engine =
                PolicyEngine.builder(require(between("args.a", "eq", "ctx.b"))).build();

        assertThat(note(engine, call(Map.of("a", 1), Map.of("b", 2))))
                .isEqualTo("args.a must equal ctx.b: false, the value is 1; at ctx.b it is 2");
        assertThat(note(engine, call(Map.of("a", 1), Map.of())))
                .isEqualTo("args.a must equal ctx.b: invalid, the value is 1; at ctx.b nothing is there");
    }

    private static String note(PolicyEngine engine, ToolCall call) {
        return engine.explain(call).steps().get(0).details().get(0).text();
    }

    @Test
    void theOperandIsPartOfThePolicy() {
        Policy user = require(between("args.a", "eq", "ctx.user"));
        Policy text = require(
                new Condition(Path.parse("args.a"), Operator.EQ, new Value.Text("ctx.user"), null, Place.of("args.a")));

        assertThat(user)
                .isEqualTo(require(between("args.a", "eq", "ctx.user")))
                .isNotEqualTo(require(between("args.a", "eq", "ctx.owner")))
                .isNotEqualTo(text);
        assertThat(List.of(
                        PolicyRef.of(user).digest(),
                        PolicyRef.of(text).digest(),
                        PolicyRef.of(require(between("args.a", "eq", "ctx.owner")))
                                .digest()))
                .doesNotHaveDuplicates();
    }
}
