package dev.interlock.policy.tool.rating;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class StandardToolClassifierProperties {

    private final StandardToolClassifier classifier = StandardToolClassifier.create();
    private final StandardToolClassifier another = StandardToolClassifier.create();
    private final StandardToolClassifier trusting = StandardToolClassifier.trustingAnnotations();

    @Property
    void anyDefinitionIsRatedWithAReason(@ForAll("definitions") ToolDefinition tool) {
        assertThat(classifier.rate(tool).factors()).isNotEmpty();
        assertThat(trusting.rate(tool).factors()).isNotEmpty();
    }

    @Property
    void anyTextWhateverIsRated(@ForAll String name, @ForAll String description) {
        assertThat(classifier.rate(ToolDefinition.named(name).withDescription(description)))
                .isNotNull();
    }

    @Property
    void theSameDefinitionIsRatedTheSameByAnotherClassifier(@ForAll("definitions") ToolDefinition tool) {
        assertThat(another.rate(tool)).isEqualTo(classifier.rate(tool));
    }

    @Property
    void destructiveHintNeverLowers(@ForAll("definitions") ToolDefinition tool) {
        ToolDefinition hinted = hinted(tool, Map.of("destructiveHint", true));
        assertThat(classifier.rate(hinted).risk())
                .isGreaterThanOrEqualTo(classifier.rate(unhinted(tool)).risk());
        assertThat(trusting.rate(hinted).risk())
                .isGreaterThanOrEqualTo(trusting.rate(unhinted(tool)).risk());
        assertThat(classifier.rate(hinted).risk()).isEqualTo(RiskLevel.CRITICAL);
    }

    @Property
    void annotationsNeverLowerWithoutTrust(
            @ForAll("definitions") ToolDefinition tool, @ForAll boolean readOnly, @ForAll boolean destructive) {
        ToolRating plain = classifier.rate(unhinted(tool));
        ToolRating hinted =
                classifier.rate(hinted(tool, Map.of("readOnlyHint", readOnly, "destructiveHint", destructive)));
        assertThat(hinted.risk()).isGreaterThanOrEqualTo(plain.risk());
        assertThat(hinted.category().usualRisk())
                .isGreaterThanOrEqualTo(plain.category().usualRisk());
    }

    @Property
    void noDescriptionLowersANameThatDestroysOrPays(
            @ForAll("names") String name, @ForAll("sentences") String description, @ForAll("sentences") String more) {
        ToolRating byName = classifier.rate(ToolDefinition.named(name));
        if (byName.category().usualRisk() != RiskLevel.CRITICAL) {
            return;
        }
        for (String text : List.of(description, description + more, more + description)) {
            ToolRating rating = classifier.rate(ToolDefinition.named(name).withDescription(text));
            assertThat(rating.category()).isEqualTo(byName.category());
            assertThat(rating.risk()).isEqualTo(RiskLevel.CRITICAL);
        }
    }

    @Property
    void noDescriptionLowersANameWithAVerb(@ForAll("verbs") String verb, @ForAll("sentences") String description) {
        ToolRating byName = classifier.rate(ToolDefinition.named(verb + "_thing"));
        ToolRating rating =
                classifier.rate(ToolDefinition.named(verb + "_thing").withDescription(description));
        assertThat(rating.risk()).isGreaterThanOrEqualTo(byName.risk());
    }

    @Property
    void theRestOfALongDescriptionIsNotRead(@ForAll("sentences") String sentence, @ForAll("sentences") String rest) {
        String filled = sentence + ". " + "and so on ".repeat(TextSignals.TEXT_LIMIT / 10 + 1);
        ToolRating rating = classifier.rate(ToolDefinition.named("get_thing").withDescription(filled));
        assertThat(classifier.rate(ToolDefinition.named("get_thing").withDescription(filled + rest)))
                .isEqualTo(rating);
        assertThat(rating.factors()).anyMatch(factor -> factor.startsWith("only the first"));
    }

    @Provide
    Arbitrary<String> verbs() {
        return Arbitraries.of("get", "list", "create", "update", "run", "deploy", "delete", "purge", "refund", "pay");
    }

    @Provide
    Arbitrary<String> names() {
        return Combinators.combine(words().list().ofMinSize(1).ofMaxSize(4), Arbitraries.of("_", "-", ".", "/"))
                .as((words, separator) -> String.join(separator, words));
    }

    @Provide
    Arbitrary<String> sentences() {
        return words().list().ofMaxSize(12).map(words -> String.join(" ", words));
    }

    @Provide
    Arbitrary<ToolDefinition> definitions() {
        return Combinators.combine(names(), sentences(), words(), words())
                .as((name, description, argument, value) -> new ToolDefinition(
                        name,
                        description,
                        object(Map.of("properties", Map.of(argument, Map.of("enum", List.of(value))))),
                        ObjectValue.EMPTY));
    }

    private static Arbitrary<String> words() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        "get",
                        "list",
                        "delete",
                        "deletes",
                        "deletion",
                        "deleted",
                        "create",
                        "run",
                        "refund",
                        "transfer",
                        "payment",
                        "order",
                        "read",
                        "only",
                        "safe",
                        "and",
                        "or",
                        ",",
                        "then",
                        "never",
                        "not",
                        "the",
                        "a",
                        "file",
                        "query",
                        "sql",
                        "command",
                        "url",
                        "action",
                        "force",
                        "issue",
                        "log",
                        "cancel",
                        "subscription",
                        "ignore",
                        "previous",
                        "Overwrites",
                        "<IMPORTANT>",
                        "\u200B",
                        ".",
                        "\u0435"),
                Arbitraries.strings().alpha().ofMaxLength(8));
    }

    private static ToolDefinition hinted(ToolDefinition tool, Map<String, ?> hints) {
        return tool.withAnnotations(object(hints));
    }

    private static ToolDefinition unhinted(ToolDefinition tool) {
        return tool.withAnnotations(ObjectValue.EMPTY);
    }

    private static ObjectValue object(Map<String, ?> members) {
        return (ObjectValue) Value.freeze(members);
    }
}
