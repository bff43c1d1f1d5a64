package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy says that its host gives. */
class HostContextTest {

    private static String policy(String context, String path) {
        return """
                version: "1"
                tools:
                  pay:
                    deny_if:
                      - {path: %s, op: eq, value: guest}
                context: %s
                """.formatted(path, context);
    }

    @Test
    void theKeysAreReadInOrder() {
        Policy policy = PolicyYaml.read(policy("[tenant, \"a.b\"]", "ctx.tenant.id"), "p")
                .orThrow();

        assertThat(policy.context()).contains(List.of("tenant", "a.b"));
    }

    @Test
    void aDocumentWithoutThemMayReadAnyKey() {
        Policy policy = PolicyYaml.read(policy("", "ctx.role").replaceFirst("context.*\n", ""), "p")
                .orThrow();

        assertThat(policy.context()).isEmpty();
    }

    @Test
    void anEmptyListSaysThatThereAreNone() {
        assertThat(PolicyYaml.read(policy("[]", "args.a"), "p").orThrow().context())
                .contains(List.of());
        assertThat(PolicyYaml.read(policy("[]", "ctx.a"), "p").errors()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ctx.tennant | did you mean 'ctx.tenant'?",
                "ctx.Tenant | did you mean 'ctx.tenant'?",
                "ctx.tenan.id | did you mean 'ctx.tenant'?",
                "ctx.colour | add it to 'context'",
            })
    void aConditionThatReadsAnotherKeyIsAnErrorAtItsPath(String path, String hint) {
        List<Diagnostic> errors =
                PolicyYaml.read(policy("[tenant, roles]", path), "p").errors();

        assertThat(errors)
                .singleElement()
                .satisfies(error -> assertThat(error.toString())
                        .startsWith("p:5:16: error not-in-context: '" + path + "'")
                        .contains(hint)
                        .endsWith("[tools.pay.deny_if[0].path]"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tenant | p:6:10: error wrong-type",
                "{tenant: 1} | p:6:10: error wrong-type",
                "[tenant, tenant] | p:6:19: error duplicate-name",
                "[tenant, ~] | p:6:19: error null-value",
                "[tenant, ' '] | p:6:19: error blank",
                "[tenant, [a]] | p:6:19: error wrong-type",
            })
    void aBrokenListIsAnError(String context, String start) {
        assertThat(PolicyYaml.read(policy(context, "ctx.tenant"), "p").errors())
                .extracting(Diagnostic::toString)
                .anyMatch(error -> error.startsWith(start));
    }
}
