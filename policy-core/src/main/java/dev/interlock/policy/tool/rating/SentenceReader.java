package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.rating.Inflection.WordForm;
import dev.interlock.policy.tool.rating.Lexicon.PartOfSpeech;
import dev.interlock.policy.tool.rating.Lexicon.Sense;
import dev.interlock.policy.tool.rating.Lexicon.Verb;
import dev.interlock.policy.tool.rating.NameReading.Certainty;
import java.util.List;
import java.util.Set;

/**
 * Interprets the first sentence of a description. It uses the leading verb (<i>Deletes a file</i>, <i>Use this tool to
 * delete …</i>) and the verbs joined to it (<i>Create, update or delete …</i>). The most severe of them counts. If
 * there is no verb, the nouns decide (<i>Website crawler</i>).
 */
final class SentenceReader {

    /** How many words after a verb are searched for its object. */
    private static final int REACH = 6;

    private static final Set<String> BEFORE_THE_VERB = Set.of(
            "this",
            "the",
            "a",
            "an",
            "tool",
            "function",
            "endpoint",
            "method",
            "operation",
            "use",
            "used",
            "to",
            "for",
            "lets",
            "let",
            "allows",
            "allow",
            "enables",
            "helps",
            "can",
            "will",
            "you",
            "users",
            "agents",
            "it",
            "that",
            "which",
            "be",
            "your");

    private static final Set<String> RIGHT_BEFORE_A_VERB =
            Set.of("tool", "to", "it", "can", "will", "you", "that", "which");

    /** Before these, a word that may be a noun or a verb was a verb. */
    private static final Set<String> AFTER_A_VERB = Set.of(
            "a", "an", "the", "all", "any", "this", "that", "it", "them", "your", "one", "every", "existing", "some");

    private final Lexicon lexicon;
    private final Meaning meaning;

    SentenceReader(Lexicon lexicon, Meaning meaning) {
        this.lexicon = lexicon;
        this.meaning = meaning;
    }

    NameReading read(String description) {
        List<String> words = Words.ofFirstSentence(description);
        NameReading reading = NameReading.SILENT;
        boolean opening = true;
        boolean chained = false;
        boolean quoting = false;
        for (int i = 0; i < words.size(); i++) {
            boolean joined = i > 0 && ToolNameReader.joins(words.get(i - 1));
            Sense sense = lexicon.verb(words.get(i));
            boolean first = reading.certainty() == Certainty.SILENT;
            if (sense != null && acts(sense, next(words, i), opening, joined && chained, first)) {
                boolean plain = (joined && chained)
                        || isPlain(sense.verb(), opening, i == 0 ? "" : words.get(i - 1), next(words, i));
                if (first || (joined && plain && !quoting && !onlyWarns(sense))) {
                    reading = reading.orGraver(said(words, i, sense.verb(), (opening || joined) && plain));
                    chained = true;
                } else {
                    chained = false;
                    // What follows in a row is quoted too: "Executes an INSERT, UPDATE or DELETE statement".
                    quoting |= !joined;
                }
                opening = false;
            } else {
                opening &= isOpening(words.get(i));
                chained &= ToolNameReader.joins(words.get(i));
                quoting &= ToolNameReader.joins(words.get(i));
            }
        }
        return reading.certainty() == Certainty.SILENT ? nouns(words) : reading;
    }

    private static boolean isOpening(String word) {
        return BEFORE_THE_VERB.contains(word) || word.endsWith("ly");
    }

    /** Whether this form says what is done, and doesn't name a thing. */
    private static boolean acts(Sense sense, String next, boolean opening, boolean chained, boolean first) {
        PartOfSpeech kind = sense.verb().kind();
        if (next.equals("only") || next.equals("of") || (kind == PartOfSpeech.NOUN_OR_VERB && !opening)) {
            return false;
        }
        return switch (sense.form()) {
            case BASE -> true;
            case THIRD -> opening || chained || kind == PartOfSpeech.VERB || (!first && AFTER_A_VERB.contains(next));
            case GERUND -> opening;
            case PARTICIPLE, NOUN -> false;
        };
    }

    /**
     * Whether the verb can't be a noun in its position. <i>Search</i> and <i>list</i> are verbs at the start of a
     * sentence.
     */
    private static boolean isPlain(Verb verb, boolean opening, String before, String after) {
        return verb.kind() == PartOfSpeech.VERB
                || (opening && verb.category() == ToolCategory.READ)
                || RIGHT_BEFORE_A_VERB.contains(before)
                || AFTER_A_VERB.contains(after);
    }

    /** <i>Writes a file or overwrites it</i> says how it writes, which {@link TextSignals} weighs. */
    private static boolean onlyWarns(Sense sense) {
        return sense.verb().base().equals("overwrite");
    }

    private NameReading said(List<String> words, int at, Verb verb, boolean plainly) {
        List<String> rest = words.subList(at + 1, words.size());
        Meaning.Act act = meaning.act(verb, rest.subList(0, Math.min(REACH, rest.size())));
        String reason =
                "description says '" + verb.base() + "'" + (act.object() == null ? "" : " with '" + act.object() + "'");
        Certainty certainty = plainly || act.object() != null ? Certainty.VERB : Certainty.HINT;
        if (act.object() == null && lexicon.lists(Lexicon.LIGHT_VERBS, verb.base())) {
            return light(rest, act.category(), reason);
        }
        return new NameReading(certainty, act.category(), List.of(reason));
    }

    /** <i>Run a search</i> is a search; <i>run SQL</i> is not. */
    private NameReading light(List<String> rest, ToolCategory alone, String reason) {
        if (alone == ToolCategory.EXECUTE) {
            for (String word : rest) {
                if (lexicon.lists(Lexicon.CODE_NOUNS, word)) {
                    return new NameReading(Certainty.VERB, alone, List.of(reason + " with '" + word + "'"));
                }
            }
        }
        for (String word : rest) {
            Sense sense = lexicon.verb(word);
            if (sense != null && sense.form() != WordForm.PARTICIPLE && reads(sense.verb())) {
                return new NameReading(Certainty.HINT, ToolCategory.READ, List.of(reason + " with '" + word + "'"));
            }
        }
        return new NameReading(Certainty.HINT, alone, List.of(reason));
    }

    private static boolean reads(Verb verb) {
        return verb.category() == ToolCategory.READ && verb.kind() != PartOfSpeech.NOUN_OR_VERB;
    }

    private NameReading nouns(List<String> words) {
        NameReading nouns = meaning.nouns(words);
        return new NameReading(
                nouns.certainty(),
                nouns.category(),
                nouns.reasons().stream()
                        .map(reason -> "description has " + reason)
                        .toList());
    }

    private static String next(List<String> words, int at) {
        return at + 1 < words.size() ? words.get(at + 1) : "";
    }
}
