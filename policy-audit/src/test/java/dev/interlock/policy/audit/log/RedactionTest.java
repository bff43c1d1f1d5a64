package dev.interlock.policy.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
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
}
