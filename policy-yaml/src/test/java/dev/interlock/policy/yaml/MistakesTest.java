package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the exact text of what is said about each mistake of {@code mistakes.txt}. */
class MistakesTest {

    private static final Path TABLE = Path.of("src/test/resources/mistakes.txt");
    private static final Pattern CASE = Pattern.compile("^=== ", Pattern.MULTILINE);
    private static final String FILE = "policy.yaml";

    record Mistake(String title, String document, String said) {
        @Override
        public String toString() {
            return title;
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mistakes")
    void isExplained(Mistake mistake) {
        assertThat(said(mistake.document())).as(mistake.document()).isEqualTo(mistake.said());
    }

    @Test
    void thereAreManyDistinctMistakes() throws IOException {
        assertThat(mistakes().stream().map(Mistake::said).distinct()).hasSizeGreaterThanOrEqualTo(100);
        assertThat(mistakes().stream().map(Mistake::title)).doesNotHaveDuplicates();
    }

    static String said(String document) {
        return PolicyYaml.read(document, FILE).diagnostics().stream()
                .map(diagnostic -> diagnostic.toString().substring(FILE.length() + 1) + "\n")
                .collect(Collectors.joining());
    }

    static List<Mistake> mistakes() throws IOException {
        List<Mistake> mistakes = new ArrayList<>();
        String[] cases = CASE.split(Files.readString(TABLE), -1);
        for (int i = 1; i < cases.length; i++) {
            int title = cases[i].indexOf('\n');
            int said = cases[i].indexOf("\n---> \n");
            String answer = cases[i].substring(said + "\n---> \n".length());
            mistakes.add(new Mistake(
                    cases[i].substring(0, title),
                    cases[i].substring(title + 1, said + 1),
                    i + 1 < cases.length ? answer.substring(0, answer.length() - 1) : answer));
        }
        return mistakes;
    }
}
