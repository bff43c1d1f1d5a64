package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.tool.rating.NameReading.Certainty;
import java.util.List;

/**
 * Rates tools by the words of their names, descriptions and schemas, and by their annotations.
 *
 * <ol>
 *   <li>The name says what a call does: its leading verb, with the object if that changes the meaning, and any verb
 *       that destroys or pays in any position.
 *   <li>If the name has no verb, the description's first sentence decides. If the name has one, the description can
 *       make the rating more severe, never less.
 *   <li>The values that an argument such as {@code action} allows can make it more severe.
 *   <li>The annotations can make it more severe. They make it less severe only for a classifier that trusts them.
 *   <li>The category gives the usual risk. Arguments (a URL, a command, a secret), a name or description that says
 *       more, and text that addresses the model or is invisible raise the risk.
 * </ol>
 *
 * <p>If nothing says what a tool does, it counts as writing. Fixed word lists decide everything: the same definition
 * always gets the same rating, and each {@linkplain ToolRating#factors() factor} names the word that it comes from.
 * Time and memory are linear in the definition, of which a bounded part is read. Immutable and safe for any number of
 * threads.
 */
public final class StandardToolClassifier implements ToolClassifier {

    private final boolean trusting;
    private final ToolNameReader names;
    private final SentenceReader sentences;
    private final SchemaSignals schemas;
    private final TextSignals texts;

    private StandardToolClassifier(boolean trusting) {
        this.trusting = trusting;
        Lexicon lexicon = Lexicon.standard();
        Meaning meaning = new Meaning(lexicon);
        names = new ToolNameReader(lexicon, meaning);
        sentences = new SentenceReader(lexicon, meaning);
        schemas = new SchemaSignals(lexicon, names);
        texts = new TextSignals(PromptPhrases.standard());
    }

    /** Returns a classifier for servers that might lie: annotations can raise a rating but never lower it. */
    public static StandardToolClassifier create() {
        return new StandardToolClassifier(false);
    }

    /**
     * Returns a classifier that also believes annotations that lower a rating. Use it only for servers whose every
     * release the host trusts. If such a server claims {@code readOnlyHint} for all its tools, they are rated as
     * reading, except those whose names or descriptions say that they destroy or pay.
     */
    public static StandardToolClassifier trustingAnnotations() {
        return new StandardToolClassifier(true);
    }

    @Override
    public ToolRating rate(ToolDefinition tool) {
        NameReading name = names.read(tool.name());
        Assessment assessment = assess(understand(name, tool));
        doubt(name, tool.name(), assessment);
        schemas.weigh(tool, assessment);
        AnnotationHints.of(tool.annotations()).weigh(assessment, trusting);
        texts.weigh(tool, assessment);
        return assessment.rating();
    }

    private NameReading understand(NameReading name, ToolDefinition tool) {
        NameReading title =
                names.read(AnnotationHints.title(tool.annotations())).orGraver(names.read(tool.title()));
        NameReading description = sentences.read(tool.description());
        NameReading said = plainly(title).orGraver(plainly(description));
        return switch (name.certainty()) {
            case VERB, HINT -> name.orGraver(said);
            case NOUN -> said.category() == null || critical(name) ? name.orGraver(description) : said;
            case SILENT -> title.orGraver(description);
        };
    }

    private static boolean critical(NameReading reading) {
        return reading.category() != null && reading.category().usualRisk() == RiskLevel.CRITICAL;
    }

    private static NameReading plainly(NameReading reading) {
        return reading.certainty() == Certainty.VERB ? reading : NameReading.SILENT;
    }

    private static Assessment assess(NameReading reading) {
        return reading.category() == null
                ? new Assessment(ToolCategory.WRITE, List.of("nothing tells what it does"))
                : new Assessment(reading.category(), reading.reasons());
    }

    private void doubt(NameReading said, String name, Assessment assessment) {
        if (name.length() > Words.NAME_LIMIT) {
            assessment.raiseTo(ToolCategory.WRITE, "name longer than " + Words.NAME_LIMIT + " characters");
            assessment.aboveUsual("only the first " + Words.NAME_LIMIT + " characters of the name were read");
        }
        if (Words.hasForeignLetters(name)) {
            assessment.raiseTo(ToolCategory.WRITE, "name has letters outside ASCII");
            assessment.aboveUsual("such letters can look like others");
        }
        if (assessment.category() == ToolCategory.READ && said.category() != ToolCategory.READ) {
            assessment.aboveUsual("only the description says that it reads");
        }
        names.aside(name, assessment.category())
                .ifPresent(verb -> assessment.aboveUsual("name also says '" + verb + "'"));
        names.bulk(name).ifPresent(word -> assessment.note("acts on many at once ('" + word + "')"));
    }
}
