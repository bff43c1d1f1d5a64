package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a path of an argument covers in the log. */
class RedactionTest {

    private static final String SECRET = "hunter2";

    private static String logged(Redaction redaction, Map<String, ?> arguments) {
        ObjectValue kept = redaction.of((ObjectValue) Value.freeze(arguments));
        return kept == null ? "" : kept.json();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"password", "Password", "PASSWORD", "passw0rd", "p\u0430ssword", "password ", "pass\u200bword"})
    void whatPassesForASecretIsOne(String name) {
        Redaction top = Redaction.allBut("args.password");
        Redaction below = Redaction.allBut("args.logins[*].password");

        assertThat(logged(top, Map.of(name, SECRET, "user", "ada")))
                .doesNotContain(SECRET)
                .contains("ada");
        assertThat(logged(below, Map.of("logins", List.of(Map.of(name, SECRET, "user", "ada")))))
                .doesNotContain(SECRET)
                .contains("ada");
        assertThat(logged(below, Map.of("Logins", List.of(Map.of(name, SECRET, "user", "ada")))))
                .doesNotContain(SECRET)
                .contains("ada");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Amount", "am0unt"})
    void whatPassesForWhatIsShownIsNot(String name) {
        assertThat(logged(Redaction.only("args.amount"), Map.of("amount", 5, name, SECRET)))
                .isEqualTo("{\"amount\":5}");
    }

    /**
     * What an agent may send for {@code cards[*].number}, {@code user.password}, {@code tokens[*]} and {@code note}.
     */
    static List<Map<String, ?>> shapes() {
        return List.of(
                Map.of("cards", List.of(Map.of("number", SECRET))),
                Map.of("cards", Map.of("number", SECRET)),
                Map.of("cards", Map.of("0", Map.of("number", SECRET))),
                Map.of("cards", List.of(List.of(Map.of("number", SECRET)))),
                Map.of("cards", List.of("{\"number\":\"" + SECRET + "\"}")),
                Map.of("cards", "[{\"number\":\"" + SECRET + "\"}]"),
                Map.of("cards[0].number", SECRET),
                Map.of("cards", List.of(Map.of("number", List.of(Map.of("a", SECRET))))),
                Map.of("user", List.of(Map.of("password", SECRET))),
                Map.of("user", "{\"password\":\"" + SECRET + "\"}"),
                Map.of("user.password", SECRET),
                Map.of("user[password]", SECRET),
                Map.of("USER.password", SECRET),
                Map.of("tokens", SECRET),
                Map.of("tokens", Map.of("a", SECRET)),
                Map.of("tokens", List.of(List.of(SECRET))),
                Map.of("note", Map.of("x", SECRET)),
                Map.of("note", List.of(SECRET)),
                Map.of("items", Map.of("key", SECRET)),
                Map.of("items", List.of(Map.of("key", SECRET))));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void whatHasAnotherShapeThanItsPathIsHiddenWhole(Map<String, ?> arguments) {
        Redaction redaction = Redaction.allBut(
                "args.cards[*].number", "args.user.password", "args.tokens[*]", "args.note", "args.items.0.key");

        assertThat(logged(redaction, arguments)).doesNotContain(SECRET).contains(Redaction.REDACTED);
    }

    @Test
    void whatHasTheShapeOfItsPathIsHiddenAloneAndNothingIsHiddenOfNull() {
        Redaction redaction = Redaction.allBut("args.cards[*].number", "args.items.0.note", "args.user.password");
        Map<String, Object> arguments = new HashMap<>();
        arguments.put("cards", List.of(Map.of("number", SECRET, "name", "Bob")));
        arguments.put("items", List.of(Map.of("note", SECRET, "id", 1), Map.of("note", "seen")));
        arguments.put("user", null);

        assertThat(logged(redaction, arguments))
                .doesNotContain(SECRET)
                .contains("Bob", "\"id\":1", "seen", "\"user\":null");
    }

    @Test
    void aNumberLeadsIntoAListAndAQuotedOneIntoAnObject() {
        Map<String, ?> list = Map.of("items", List.of(SECRET, "b"));
        Map<String, ?> object = Map.of("items", Map.of("0", SECRET, "1", "b"));
        String hidden = "{\"items\":\"[redacted]\"}";

        assertThat(logged(Redaction.allBut("args.items.0"), list)).isEqualTo("{\"items\":[\"[redacted]\",\"b\"]}");
        assertThat(logged(Redaction.allBut("args.items.0"), object)).isEqualTo(hidden);
        assertThat(logged(Redaction.allBut("args.items.\"0\""), object))
                .doesNotContain(SECRET)
                .contains("\"b\"");
        assertThat(logged(Redaction.allBut("args.items.\"0\""), list)).isEqualTo(hidden);
    }
}
