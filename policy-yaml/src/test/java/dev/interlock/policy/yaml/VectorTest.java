package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.interlock.policy.recorded.EnginePath;
import dev.interlock.policy.recorded.RecordedCase;
import dev.interlock.policy.recorded.RecordedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Recorded documents and calls, and what they must come to; but for what the language does not have yet. The system
 * property {@code interlock.vectors} names another directory with files of the same names.
 */
class VectorTest {

    /** How many failed cases are printed. */
    private static final int SHOWN = Integer.getInteger("shown", 10);

    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @ValueSource(strings = {"validate.jsonl", "validate2.jsonl"})
    void everyDocumentReadsOrIsRefusedAsRecorded(String file) throws IOException {
        Outcome outcome = new Outcome(file);
        for (String line : read(file)) {
            JsonNode vector = JSON.readTree(line);
            ReadResult reading = PolicyYaml.read(vector.get("policy").asString(), "policy.yaml");
            boolean valid = vector.get("valid").asBoolean();
            outcome.add(
                    reading.isValid() == valid
                            ? null
                            : describe(vector, "reading") + "expected: " + (valid ? "valid" : "errors") + "\ngot: "
                                    + reading.diagnostics());
        }
        outcome.finish();
    }

    @ParameterizedTest
    @ValueSource(strings = {"run.jsonl", "run2.jsonl"})
    void everyPolicyOfARunReads(String file) throws IOException {
        Outcome outcome = new Outcome(file + " (policies)");
        for (String line : read(file)) {
            JsonNode vector = JSON.readTree(line);
            ReadResult reading = PolicyYaml.read(vector.get("policy").asString(), "policy.yaml");
            outcome.add(
                    reading.isValid()
                            ? null
                            : describe(vector, "reading") + "expected: valid\ngot: " + reading.diagnostics());
        }
        outcome.finish();
    }

    @ParameterizedTest
    @ValueSource(strings = {"run.jsonl", "run2.jsonl"})
    void everyStepOfARunIsDecidedAsRecorded(String file) throws Exception {
        Outcome outcome = new Outcome(file);
        for (String line : read(file)) {
            outcome.add(RecordedRun.play(RecordedCase.of(line), RecordedRun.Limits.IN_MEMORY, EnginePath::new));
        }
        outcome.finish();
    }

    /** The document of a recorded case. */
    static String policyOf(String line) {
        return JSON.readTree(line).get("policy").asString();
    }

    private static List<String> read(String file) throws IOException {
        List<String> vectors = Files.readAllLines(directory().resolve(file)).stream()
                .filter(line -> !line.isBlank() && !RecordedCase.isAhead(policyOf(line)))
                .toList();
        assertThat(vectors).as(file).isNotEmpty();
        return vectors;
    }

    private static Path directory() {
        String other = System.getProperty("interlock.vectors");
        return other == null || other.isBlank() ? Path.of("src/test/resources/vectors") : Path.of(other);
    }

    private static String describe(JsonNode vector, String step) {
        return vector.get("id").asString() + ", " + step + "\n"
                + vector.get("policy").asString() + "\n";
    }

    /** Counts cases, and says at the end how it went. */
    private static final class Outcome {
        private final String name;
        private final List<String> failures = new ArrayList<>();
        private int passed;

        Outcome(String name) {
            this.name = name;
        }

        /** @param failure what went wrong with a case, or null if nothing did */
        void add(String failure) {
            if (failure == null) {
                passed++;
            } else {
                failures.add(failure);
            }
        }

        @SuppressWarnings("SystemOut") // The count is what somebody who brings their own vectors wants to see.
        void finish() {
            int total = passed + failures.size();
            System.out.println(name + ": " + passed + " of " + total + " cases passed");
            failures.stream().limit(SHOWN).forEach(System.out::println);
            if (!failures.isEmpty()) {
                fail(failures.size() + " of " + total + " cases of " + name + " failed; the first: " + failures.get(0));
            }
        }
    }
}
