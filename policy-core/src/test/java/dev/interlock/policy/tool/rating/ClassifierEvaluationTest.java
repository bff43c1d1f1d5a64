package dev.interlock.policy.tool.rating;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Measures the classifier against labels. The floors are below what it reaches, so that a change of the lexicon may
 * trade one tool for another, but not many.
 */
class ClassifierEvaluationTest {

    private static final String FILE_PROPERTY = "interlock.tools";

    private final StandardToolClassifier classifier = StandardToolClassifier.create();

    @Test
    void knownToolsAreRatedAsLabelled() {
        Evaluation evaluation = evaluate("known tools", LabelledTool.fromResource("known-tools.tsv"));

        assertThat(evaluation.accuracy()).isGreaterThanOrEqualTo(0.96);
        assertThat(evaluation.criticalRatedRead()).isZero();
    }

    @Test
    void knownToolsAreRatedAsLabelledByTheirNamesAlone() {
        List<LabelledTool> bare = LabelledTool.fromResource("known-tools.tsv").stream()
                .map(tool -> new LabelledTool(
                        tool.server(), ToolDefinition.named(tool.definition().name()), tool.category(), tool.certain()))
                .toList();
        Evaluation evaluation = evaluate("known tools, names alone", bare);

        assertThat(evaluation.accuracy()).isGreaterThanOrEqualTo(0.94);
        assertThat(evaluation.criticalRatedRead()).isZero();
    }

    @Test
    void everyHealthImagingToolIsRatedAsLabelledByItsNameAlone() {
        assertHealthImaging(ToolDefinition::named);
    }

    @Test
    void everyHealthImagingToolIsRatedAsLabelledWithItsDefinition() {
        Optional<Path> file = DataFiles.shared("aws-healthimaging-tools.json");
        if (file.isEmpty()) {
            skip("aws-healthimaging-tools.json");
            return;
        }
        Map<String, ToolDefinition> definitions = definitions(file.get());
        assertHealthImaging(definitions::get);
    }

    @Test
    void trainingToolsAreRatedAsLabelled() {
        Optional<Path> file = DataFiles.shared("tools-train.jsonl");
        if (file.isEmpty()) {
            skip("tools-train.jsonl");
            return;
        }
        Evaluation evaluation = evaluate("training tools", LabelledTool.fromJsonLines(file.get()));

        assertThat(evaluation.accuracy()).isGreaterThanOrEqualTo(0.97);
        assertThat(evaluation.criticalRatedRead()).isZero();
    }

    /** No floor: this is for looking at tools for which nothing was tuned. */
    @Test
    void toolsOfAnotherFileAreReported() {
        String name = System.getProperty(FILE_PROPERTY);
        if (name == null) {
            return;
        }
        Path file = DataFiles.upwards(Path.of(name))
                .orElseThrow(() -> new AssertionError("-D" + FILE_PROPERTY + "=" + name + ": there is no such file"));
        evaluate(name, LabelledTool.fromJsonLines(file));
    }

    private Evaluation evaluate(String title, List<LabelledTool> tools) {
        Evaluation evaluation = Evaluation.of(classifier, tools);
        System.out.println(evaluation.report(title));
        return evaluation;
    }

    private static void skip(String file) {
        System.out.println(file + " is not here: not evaluated");
    }

    private void assertHealthImaging(Function<String, ToolDefinition> definition) {
        List<String[]> rows = LabelledTool.rowsOf("healthimaging-tools.csv");
        assertThat(rows).hasSize(39);
        assertThat(rows).allSatisfy(row -> {
            ToolRating rating = classifier.rate(definition.apply(row[0]));
            assertThat(List.of(rating.category().text(), rating.risk().text()))
                    .as(row[0] + " " + rating.factors())
                    .containsExactly(row[1], row[2]);
        });
    }

    private static Map<String, ToolDefinition> definitions(Path toolsList) {
        ObjectMapper mapper = new ObjectMapper();
        return mapper.readTree(toolsList.toFile())
                .path("tools")
                .valueStream()
                .collect(Collectors.toMap(tool -> tool.path("name").asString(), tool -> definition(mapper, tool)));
    }

    private static ToolDefinition definition(ObjectMapper mapper, JsonNode tool) {
        Map<String, Object> schema = mapper.convertValue(tool.path("inputSchema"), new TypeReference<>() {});
        return ToolDefinition.named(tool.path("name").asString())
                .withDescription(tool.path("description").asString())
                .withInputSchema((ObjectValue) Value.freeze(schema));
    }
}
