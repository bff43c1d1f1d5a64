package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.text.Regex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Patterns with the texts in which Go's RE2 finds a match and those in which it doesn't. */
class RegexVectorTest {

    private static final Path VECTORS = Path.of("src/test/resources/vectors/regex.jsonl");

    /** What Go reads and RE2/J doesn't: refused when the policy is read, so no call is decided otherwise than meant. */
    private static final Set<String> REFUSED_HERE =
            Set.of("\\p{ASCII}", "\\p{lu}", "\\p{LC}", "\\p{Assigned}", "(?<a>x)(?<a>y)", "(?P<n>a)(?P<n>b)");

    @Test
    void everyPatternIsReadOrRefusedAsInGo() throws IOException {
        Set<String> refused = new TreeSet<>();
        List<String> accepted = new ArrayList<>();
        forEach(vector -> {
            String pattern = vector.get("pattern").asString();
            boolean valid = vector.get("valid").asBoolean();
            if (valid && !compiles(pattern)) {
                refused.add(pattern);
            } else if (!valid && compiles(pattern)) {
                accepted.add(pattern);
            }
        });
        assertThat(accepted).as("patterns that Go refuses").isEmpty();
        assertThat(refused).as("patterns that only Go reads").containsExactlyInAnyOrderElementsOf(REFUSED_HERE);
    }

    @Test
    void everySearchEndsAsInGo() throws IOException {
        List<String> wrong = new ArrayList<>();
        forEach(vector -> {
            String pattern = vector.get("pattern").asString();
            if (!vector.get("valid").asBoolean() || REFUSED_HERE.contains(pattern)) {
                return;
            }
            Regex regex = Regex.compile(pattern);
            vector.get("matches").forEach(text -> expect(regex, text.asString(), true, wrong));
            vector.get("no_match").forEach(text -> expect(regex, text.asString(), false, wrong));
        });
        assertThat(wrong).isEmpty();
    }

    private static void expect(Regex regex, String text, boolean match, List<String> wrong) {
        if (!regex.canSearch(text) || regex.find(text) != match) {
            wrong.add(regex + (match ? " must match " : " must not match ") + text);
        }
    }

    private static boolean compiles(String pattern) {
        try {
            Regex.compile(pattern);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void forEach(Consumer<JsonNode> check) throws IOException {
        JsonMapper json = new JsonMapper();
        for (String line : Files.readAllLines(VECTORS)) {
            if (!line.isBlank()) {
                check.accept(json.readTree(line));
            }
        }
    }
}
