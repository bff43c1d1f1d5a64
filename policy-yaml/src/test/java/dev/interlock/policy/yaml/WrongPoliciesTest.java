package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every wrong line of a corpus of policies is found, with what to write instead; in the recipes nothing is found. */
class WrongPoliciesTest {

    private static final Path CORPUS = Path.of("src/test/resources/wrong-policies.txt");
    private static final Path RECIPES = Path.of("../docs/recipes");
    private static final Pattern POLICY = Pattern.compile("^=== ", Pattern.MULTILINE);
    private static final String MARK = "# wrong: ";

    record WrongPolicy(String title, String document) {
        @Override
        public String toString() {
            return title;
        }
    }

    /**
     * What must be found in a line.
     *
     * @param code the code of the warning
     * @param named what the text of the warning must name: the operator that holds, or the way out
     */
    record Wrong(int line, String code, String named) {

        boolean isReportedBy(Diagnostic found) {
            return found.line() == line
                    && found.code().equals(code)
                    && found.severity() == Severity.WARNING
                    && found.toString().contains(named);
        }
    }

    static List<WrongPolicy> corpus() throws IOException {
        String[] parts = POLICY.split(Files.readString(CORPUS), -1);
        List<WrongPolicy> policies = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            int title = parts[i].indexOf('\n');
            policies.add(new WrongPolicy(parts[i].substring(0, title), parts[i].substring(title + 1)));
        }
        return policies;
    }

    private static List<Wrong> marked(String document) {
        List<Wrong> wrong = new ArrayList<>();
        List<String> lines = document.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            int mark = lines.get(i).indexOf(MARK);
            if (mark >= 0) {
                for (String finding :
                        lines.get(i).substring(mark + MARK.length()).split("; ", -1)) {
                    int code = finding.indexOf(' ');
                    wrong.add(new Wrong(i + 1, finding.substring(0, code), finding.substring(code + 1)));
                }
            }
        }
        return wrong;
    }

    private static List<Diagnostic> findings(ReadResult result) {
        return result.diagnostics().stream()
                .filter(found -> found.severity() != Severity.NOTE)
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("corpus")
    void everyWrongLineIsFoundAndNothingElse(WrongPolicy policy) {
        ReadResult result = PolicyYaml.read(policy.document(), "policy.yaml");
        List<Wrong> wrong = marked(policy.document());
        List<Diagnostic> findings = findings(result);

        assertThat(result.isValid()).as(result.diagnostics().toString()).isTrue();
        assertThat(wrong).isNotEmpty();
        assertThat(wrong).allSatisfy(line -> assertThat(findings).anyMatch(line::isReportedBy));
        assertThat(findings).hasSameSizeAs(wrong);
    }

    @Test
    void theCorpusHasAHundredPoliciesWithEveryWarning() throws IOException {
        List<WrongPolicy> corpus = corpus();
        assertThat(corpus).hasSizeGreaterThanOrEqualTo(100);
        assertThat(corpus).extracting(WrongPolicy::title).doesNotHaveDuplicates();
        assertThat(corpus).extracting(WrongPolicy::document).doesNotHaveDuplicates();
        assertThat(corpus.stream().flatMap(policy -> marked(policy.document()).stream()))
                .extracting(Wrong::code)
                .containsAll(DocumentationTest.warnings());
    }

    static Stream<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.list(RECIPES)) {
            Path[] recipes = files.filter(file -> file.toString().endsWith(".yaml")
                            && !file.toString().endsWith("-tests.yaml"))
                    .sorted()
                    .toArray(Path[]::new);
            assertThat(recipes).hasSizeGreaterThanOrEqualTo(30);
            return Arrays.stream(recipes);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recipes")
    void nothingIsFoundInARecipe(Path recipe) throws IOException {
        assertThat(findings(PolicyYaml.read(recipe))).isEmpty();
    }
}
