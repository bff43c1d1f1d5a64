package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Intercept would have accepted and not enforced is said; what it would have refused, or enforced, is not. */
class InterceptNotesTest {

    private static final String RULE = "rules: [{name: r, conditions: [{path: args.a, op: eq, value: 1}]}]";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: audit",
                "all_tools: {}",
                "methods: {ping: deny}",
                "grants: {}",
                "categories: {}",
                "risks: {}",
                "tools: {t: {hide: true}}",
                "tools: {t: {require: []}}",
                "tools: {t: {deny_if: []}}",
                "tools: {t: {limits: []}}",
                "tools: {\"get_*\": {}}",
                "tools: {t: {rules: [{name: r, action: deny, reason: no}]}}",
                "tools: {t: {rules: [{name: r, action: deny, mode: audit}]}}",
                "tools: {t: {rules: [{name: r, rate_limit: 5/hour, spend: {per_call: 1, daily: 5}}]}}",
                "tools: {t: {rules: [{name: r, rate_limit: 5/hour, validate: {required_args: true}}]}}"
            })
    void isNoted(String document) {
        assertThat(codes("version: \"1\"\n" + document + "\n")).containsExactly("intercept-ignores");
    }

    @Test
    void oneNoteStandsForAllOfItsKind() {
        ReadResult reading = PolicyYaml.read(
                "version: \"1\"\ntools:\n  a: {limits: []}\n  b: {limits: []}\n  c: {limits: []}\n", "x");
        assertThat(reading.diagnostics())
                .singleElement()
                .hasToString("x:3:7: note intercept-ignores: Intercept would have accepted this document without"
                        + " enforcing 'limits' (here and in 2 more places); it is enforced here [tools.a.limits]");
    }

    @Test
    void whatStandsInsideOfWhatIsIgnoredIsNeitherNotedNorRefused() {
        assertThat(codes("version: \"1\"\ncategories: {read: {limits: [], rules: [{action: deny, reason: no}]}}\n"))
                .containsExactly("intercept-ignores");
        assertThat(codes("version: \"1\"\ngrants: {a: {default: allow, all_tools: {rules: [{action: deny}]}}}\n"))
                .containsExactly("intercept-ignores");
    }

    @Test
    void aDocumentThatInterceptEnforcesNeedsNoNote() {
        assertThat(codes("version: \"1\"\ndefault: deny\nhide: [a]\ntools: {t: {" + RULE + "}}\n"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tools: {t: {limits: []}}",
                "version: \"1\"\ntools: {t: {limits: [], rules: [{action: deny}]}}",
                "version: \"1\"\ntools: {t: {limits: [], rules: [{name: r, action: allow, rate_limit: {max: 1,"
                        + " window: 1}}]}}",
                "version: \"1\"\nmode: audit\ntools: {t: {rules: [{name: r, conditions: [{path: args.a,"
                        + " op: host_in, value: [a.example]}]}]}}",
                "version: \"1\"\nmode: audit\ntools: {t: {rules: [{name: r, conditions: [{path: call.identity,"
                        + " op: eq, value: a}]}]}}"
            })
    void aDocumentThatInterceptRefusesNeedsNoNote(String document) {
        assertThat(codes(document + "\n")).doesNotContain("intercept-ignores");
    }

    private static List<String> codes(String document) {
        ReadResult reading = PolicyYaml.read(document, "x");
        assertThat(reading.errors()).isEmpty();
        return reading.diagnostics().stream().map(Diagnostic::code).toList();
    }
}
