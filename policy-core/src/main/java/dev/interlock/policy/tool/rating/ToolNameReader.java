package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.rating.Inflection.WordForm;
import dev.interlock.policy.tool.rating.Lexicon.PartOfSpeech;
import dev.interlock.policy.tool.rating.Lexicon.Sense;
import dev.interlock.policy.tool.rating.Lexicon.Verb;
import dev.interlock.policy.tool.rating.NameReading.Certainty;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Interprets a tool's name. A name has one leading verb. It is nearly always the first word ({@code delete_repo}),
 * otherwise the last ({@code repo_delete}), often after the server's name ({@code github_delete_repo}). Verbs that
 * destroy or pay count in every position, so that {@code get_and_delete} or {@code safe_read_only_delete} are not
 * mistaken for reading.
 */
final class ToolNameReader {

    private static final Set<String> CONJUNCTIONS = Set.of("and", "or", "then", Words.COMMA);

    private static final Set<String> BULK = Set.of("all", "batch", "bulk", "many", "mass", "multiple");

    /** A shorter verb could start a word by accident: <i>get</i> does so in <i>getaway</i>. */
    private static final int GLUED_VERB_LENGTH = 6;

    private final Lexicon lexicon;
    private final Meaning meaning;

    ToolNameReader(Lexicon lexicon, Meaning meaning) {
        this.lexicon = lexicon;
        this.meaning = meaning;
    }

    NameReading read(String name) {
        List<String> words = Words.ofName(name);
        int lead = lead(words);
        if (lead < 0) {
            NameReading nouns = withJoined(meaning.nouns(words), words, lead, null);
            return nouns.certainty() == Certainty.SILENT ? glued(words) : nouns;
        }
        Verb verb = verb(words.get(lead));
        boolean last = lead == words.size() - 1;
        Meaning.Act act = meaning.act(verb, last ? words.subList(0, lead) : words.subList(lead + 1, words.size()));
        return withJoined(leading(verb, act), words, lead, act.object());
    }

    private static NameReading leading(Verb verb, Meaning.Act act) {
        if (act.object() != null) {
            String reason = "verb '" + verb.base() + "' with '" + act.object() + "'";
            return new NameReading(Certainty.VERB, act.category(), List.of(reason));
        }
        return switch (verb.kind()) {
            case VERB -> said(verb, Certainty.VERB);
            case VERB_OR_NOUN -> said(verb, Certainty.HINT);
            case NOUN_OR_VERB -> said(verb, Certainty.NOUN);
        };
    }

    /** Adds the meaning of verbs other than the leading one, where they count. */
    private NameReading withJoined(NameReading leading, List<String> words, int lead, @Nullable String object) {
        NameReading reading = leading;
        for (int i = 0; i < words.size(); i++) {
            Sense sense = lexicon.verb(words.get(i));
            boolean joined = i > 0 && joins(words.get(i - 1));
            if (i != lead
                    && sense != null
                    && counts(sense, joined)
                    && !words.get(i).equals(object)) {
                reading = reading.orGraver(said(sense.verb(), Certainty.VERB));
            }
        }
        return reading;
    }

    /**
     * Another verb in the name that would give a more severe category than the verb that decided.
     * {@code get_update_status} has none: a noun after a verb forms one word with it.
     */
    Optional<String> aside(String name, ToolCategory category) {
        List<String> words = Words.ofName(name);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            boolean describes = i + 1 < words.size() && lexicon.isNoun(words.get(i + 1));
            if (is(word, PartOfSpeech.VERB)
                    && !describes
                    && NameReading.graver(verb(word).category(), category)) {
                return Optional.of(word);
            }
        }
        return Optional.empty();
    }

    /** The word that says that a call affects many things. */
    Optional<String> bulk(String name) {
        return Words.ofName(name).stream().filter(BULK::contains).findFirst();
    }

    static boolean joins(String word) {
        return CONJUNCTIONS.contains(word);
    }

    private static boolean counts(Sense sense, boolean joined) {
        Verb verb = sense.verb();
        boolean critical = verb.category().usualRisk() == RiskLevel.CRITICAL;
        boolean orders = sense.form() == WordForm.BASE || sense.form() == WordForm.THIRD;
        return orders && (joined || (critical && verb.kind() == PartOfSpeech.VERB));
    }

    /** The position of the leading verb, or -1 if there is none. */
    private int lead(List<String> words) {
        int verb = first(words, PartOfSpeech.VERB);
        int either = first(words, PartOfSpeech.VERB_OR_NOUN);
        int last = words.size() - 1;
        if (verb >= 0) {
            return verb;
        }
        if (either > 0 && is(words.get(last), PartOfSpeech.VERB_OR_NOUN)) {
            return last;
        }
        return either >= 0 ? either : first(words, PartOfSpeech.NOUN_OR_VERB);
    }

    private int first(List<String> words, PartOfSpeech kind) {
        for (int i = 0; i < words.size(); i++) {
            if (is(words.get(i), kind)) {
                return i;
            }
        }
        return -1;
    }

    private boolean is(String word, PartOfSpeech kind) {
        Sense sense = lexicon.verb(word);
        return sense != null && sense.form() == WordForm.BASE && sense.verb().kind() == kind;
    }

    private Verb verb(String word) {
        Sense sense = lexicon.verb(word);
        if (sense == null) {
            throw new IllegalArgumentException("no verb: " + word);
        }
        return sense.verb();
    }

    /** {@code deletefile}: long verbs are found even if nothing separates them from their object. */
    private NameReading glued(List<String> words) {
        NameReading reading = NameReading.SILENT;
        for (String word : words) {
            for (Verb verb : lexicon.plainVerbs()) {
                if (verb.base().length() >= GLUED_VERB_LENGTH
                        && (word.startsWith(verb.base()) || word.endsWith(verb.base()))) {
                    reading = reading.orGraver(said(verb, Certainty.NOUN));
                }
            }
        }
        return reading;
    }

    private static NameReading said(Verb verb, Certainty certainty) {
        return new NameReading(certainty, verb.category(), List.of("verb '" + verb.base() + "'"));
    }
}
