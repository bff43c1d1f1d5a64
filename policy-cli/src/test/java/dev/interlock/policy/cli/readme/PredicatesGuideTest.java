package dev.interlock.policy.cli.readme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the reference's section on predicates of the host to what it says. */
class PredicatesGuideTest {

    private static final String SOURCE = "policy-cli/src/test/java/dev/interlock/policy/cli/readme/AskTheHost.java";

    private final String section = section();

    private static String section() {
        try {
            String page = Files.readString(Path.of("../docs/policy-language.md"));
            int from = page.indexOf("### Predicates of the host\n");
            return page.substring(from, page.indexOf("\n### ", from));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String block(String language) {
        Matcher block =
                Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$").matcher(section);
        assertThat(block.find()).isTrue();
        return block.group(1);
    }

    @Test
    void itsJavaIsWhatIsCompiledHere() throws IOException {
        String source = Files.readString(Path.of("..").resolve(SOURCE));
        String begin = "// begin\n";
        String compiled = source.substring(source.indexOf(begin) + begin.length(), source.indexOf("// end\n"));

        assertThat(section).contains("<!-- From " + SOURCE + ". -->");
        assertThat(block("java").replaceAll("\\s+", " ").strip())
                .isEqualTo(compiled.replaceAll("\\s+", " ").strip());
    }

    @Test
    void itsPolicyAsksTheHost() {
        PolicyEngine engine = AskTheHost.engine(
                PolicyYaml.read(block("yaml"), "policy-language.md").orThrow(),
                iban -> iban.startsWith("DE"),
                (order, user) -> order.json().equals("7") && user.json().equals("\"ada\""));

        assertThat(decide(engine, "DE02", 7).allowed()).isTrue();
        Decision noIban = decide(engine, "XX", 7);
        assertThat(noIban.message()).isEqualTo("This is no IBAN.");
        assertThat(decide(engine, "DE02", 8).code()).isEqualTo(Decision.Code.CONDITION);
        assertThat(engine.decide(ToolCall.of("pay", Map.of("iban", "DE02", "order", 7)))
                        .allowed())
                .as("without a user")
                .isFalse();
    }

    private static Decision decide(PolicyEngine engine, String iban, int order) {
        return engine.decide(ToolCall.of("pay", Map.of("iban", iban, "order", order))
                .with((ObjectValue) Value.freeze(Map.of("user", "ada"))));
    }
}
