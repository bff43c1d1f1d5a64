package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.rating.Inflection.WordForm;
import dev.interlock.policy.tool.rating.Lexicon.Sense;
import dev.interlock.policy.tool.rating.Lexicon.Verb;
import dev.interlock.policy.tool.rating.NameReading.Certainty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What verbs mean with their objects, and what nouns say without a verb. */
final class Meaning {

    /**
     * What a verb does to its object.
     *
     * @param object the word that changed the verb's meaning, null if the verb has its usual meaning
     */
    record Act(ToolCategory category, @Nullable String object) {}

    private final Lexicon lexicon;

    Meaning(Lexicon lexicon) {
        this.lexicon = lexicon;
    }

    /** What the verb does to the object. The object ends before the first preposition. */
    Act act(Verb verb, List<String> object) {
        Act found = null;
        for (int i = 0; i < object.size(); i++) {
            String word = object.get(i);
            if (lexicon.lists(Lexicon.PREPOSITIONS, word)) {
                break;
            }
            ToolCategory category = lexicon.pair(verb, word);
            if (category == null || (category == ToolCategory.FINANCIAL && belongs(object, i + 1))) {
                continue;
            }
            if (found == null || NameReading.graver(category, found.category())) {
                found = new Act(category, word);
            }
        }
        return found == null ? new Act(verb.category(), null) : found;
    }

    private boolean belongs(List<String> object, int next) {
        return next < object.size() && lexicon.lists(Lexicon.BELONGINGS, object.get(next));
    }

    /** The most severe meaning of the nouns among the words. */
    NameReading nouns(List<String> words) {
        NameReading reading = NameReading.SILENT;
        for (String word : words) {
            ToolCategory category = noun(word);
            if (category != null) {
                Certainty certainty = lexicon.lists(Lexicon.SHELLS, word) ? Certainty.HINT : Certainty.NOUN;
                reading = reading.orGraver(new NameReading(certainty, category, List.of("noun '" + word + "'")));
            }
        }
        return reading;
    }

    private @Nullable ToolCategory noun(String word) {
        Sense sense = lexicon.verb(word);
        if (sense != null) {
            boolean act = sense.form() == WordForm.NOUN || sense.form() == WordForm.GERUND;
            boolean either = sense.form() == WordForm.BASE && sense.verb().kind() == Lexicon.PartOfSpeech.NOUN_OR_VERB;
            if (act || either) {
                return sense.verb().category();
            }
        }
        if (lexicon.lists(Lexicon.CODE_NOUNS, word) || lexicon.lists(Lexicon.RUNNING_NOUNS, word)) {
            return ToolCategory.EXECUTE;
        }
        return lexicon.lists(Lexicon.READING_NOUNS, word) ? ToolCategory.READ : null;
    }
}
