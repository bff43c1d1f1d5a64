package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.cli.io.Texts;
import dev.interlock.policy.cli.server.Doubt.HintShare;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.ModelSpeech;
import java.util.List;

/**
 * A tool and its rating.
 *
 * @param doubt why it may be less destructive than its rating
 */
record RatedTool(ToolDefinition definition, ToolRating rating, Doubt doubt) {

    private static final int LONGEST_FACTOR = 120;
    private static final int MOST_FACTORS = 8;

    /** Rates all tools of a server. */
    static List<RatedTool> all(List<ToolDefinition> tools, ToolClassifier classifier) {
        HintShare share = HintShare.of(tools);
        return tools.stream()
                .map(tool -> {
                    ToolRating rating = classifier.rate(tool);
                    return new RatedTool(tool, rating, Doubt.of(tool, rating, classifier, share));
                })
                .toList();
    }

    String name() {
        return definition.name();
    }

    /** The name on one line, however long and odd it is. */
    String shownName() {
        return Shortened.line(name(), 128);
    }

    /** The reasons for the rating, the most important first. */
    List<String> factors() {
        return rating.factors().stream()
                .limit(MOST_FACTORS)
                .map(factor -> Shortened.line(factor, LONGEST_FACTOR))
                .toList();
    }

    /** The parts of its definition that are meant only for the model. */
    List<String> speech() {
        return ModelSpeech.in(definition).stream()
                .map(speech -> Shortened.line(speech, LONGEST_FACTOR))
                .toList();
    }

    Json json() {
        return new Json()
                .put("name", definition.name())
                .put("category", rating.category().text())
                .put("risk", rating.risk().text())
                .put("factors", Texts.of(rating.factors()))
                .put("doubt", doubt.kind() == Doubt.Kind.NONE ? null : doubt.text())
                .put("speaksToModel", Texts.of(ModelSpeech.in(definition)))
                .put("description", definition.description());
    }
}
