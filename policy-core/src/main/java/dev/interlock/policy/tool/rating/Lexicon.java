package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.rating.Inflection.WordForm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The words that the classifier knows, read from {@code lexicon.txt}, which explains its own format. Never changed
 * after it is read, so threads may share it.
 */
final class Lexicon {

    /** Nouns for tools that only read. */
    static final String READING_NOUNS = "reading nouns";

    /** Nouns for things that run. */
    static final String RUNNING_NOUNS = "running nouns";

    /** Nouns for code and for things that accept code. */
    static final String CODE_NOUNS = "code nouns";

    /** Things that may belong to something that concerns money without moving any. */
    static final String BELONGINGS = "belongings";

    /** Verbs whose noun says what is done. */
    static final String LIGHT_VERBS = "light verbs";

    /**
     * Nouns for things that accept commands. If a name contains one, a description can't make the tool a reading tool.
     */
    static final String SHELLS = "shells";

    /** Words that end a verb's object. */
    static final String PREPOSITIONS = "prepositions";

    /** How certainly a verb's base form is a verb in a name. */
    enum PartOfSpeech {
        /** A verb in every position. */
        VERB("verbs"),
        /** A noun ({@code search}, {@code order}) as often as a verb. */
        VERB_OR_NOUN("verbs or nouns"),
        /** More often a noun ({@code log}, {@code group}). */
        NOUN_OR_VERB("nouns or verbs");

        private final String heading;

        PartOfSpeech(String heading) {
            this.heading = heading;
        }
    }

    /** A verb in its base form, and the category of a tool that is named after it. */
    record Verb(String base, ToolCategory category, PartOfSpeech kind) {}

    /** A form of a verb. */
    record Sense(Verb verb, WordForm form) {}

    private static final String RESOURCE = "lexicon.txt";
    private static final String PAIRS = "pairs";

    private final Map<String, Sense> senses = new HashMap<>();
    private final Map<String, ToolCategory> pairs = new HashMap<>();
    private final Map<String, Set<String>> lists = new HashMap<>();
    private final List<Verb> plainVerbs = new ArrayList<>();

    private Lexicon() {}

    /** Reads the lexicon that is part of the library. */
    static Lexicon standard() {
        Lexicon lexicon = new Lexicon();
        String heading = "";
        for (String entry : WordFile.entries(RESOURCE)) {
            if (entry.startsWith("[")) {
                heading = entry.substring(1, entry.indexOf(']'));
            } else {
                lexicon.add(heading, entry);
            }
        }
        return lexicon;
    }

    private void add(String heading, String entry) {
        int colon = heading.indexOf(": ");
        if (colon < 0) {
            lists.computeIfAbsent(heading, name -> new HashSet<>()).addAll(List.of(entry.split(" ", -1)));
            return;
        }
        ToolCategory category = ToolCategory.of(heading.substring(0, colon)).orElseThrow();
        String what = heading.substring(colon + 2);
        if (what.equals(PAIRS)) {
            addPairs(category, entry);
            return;
        }
        for (PartOfSpeech kind : PartOfSpeech.values()) {
            if (kind.heading.equals(what)) {
                for (String verb : entry.split(" ", -1)) {
                    addVerb(category, kind, verb);
                }
            }
        }
    }

    private void addPairs(ToolCategory category, String entry) {
        int colon = entry.indexOf(" : ");
        for (String verb : entry.substring(0, colon).split(" ", -1)) {
            for (String object : entry.substring(colon + 3).split(" ", -1)) {
                pairs.put(verb + " " + object, category);
            }
        }
    }

    private void addVerb(ToolCategory category, PartOfSpeech kind, String entry) {
        String[] forms = entry.split("/", -1);
        Verb verb = new Verb(forms[0], category, kind);
        if (kind == PartOfSpeech.VERB) {
            plainVerbs.add(verb);
        }
        Inflection.of(verb.base()).forEach((word, form) -> put(word, new Sense(verb, form)));
        for (int i = 1; i < forms.length; i++) {
            if (forms[i].startsWith("+")) {
                put(forms[i].substring(1), new Sense(verb, WordForm.NOUN));
                put(forms[i].substring(1) + "s", new Sense(verb, WordForm.NOUN));
            } else {
                put(forms[i], new Sense(verb, WordForm.PARTICIPLE));
            }
        }
    }

    /** A base form that is listed wins over a form derived from another verb. */
    private void put(String word, Sense sense) {
        Sense known = senses.get(word);
        if (known != null && known.form() == WordForm.BASE && sense.form() == WordForm.BASE) {
            throw new IllegalStateException(RESOURCE + " has '" + word + "' twice");
        }
        if (known == null || sense.form() == WordForm.BASE) {
            senses.put(word, sense);
        }
    }

    /** The meaning of the word as a verb, or null if it is not a verb. */
    @Nullable
    Sense verb(String word) {
        return senses.get(word);
    }

    /** The verbs that are never nouns. */
    List<Verb> plainVerbs() {
        return plainVerbs;
    }

    /** The meaning of the verb with that object, or null if the object does not change it. */
    @Nullable
    ToolCategory pair(Verb verb, String object) {
        ToolCategory category = pairs.get(verb.base() + " " + object);
        return category != null ? category : pairs.get(verb.base() + " " + singular(object));
    }

    /** Whether the word, in the singular or the plural, is in that list. */
    boolean lists(String list, String word) {
        Set<String> words = lists.getOrDefault(list, Set.of());
        return words.contains(word) || words.contains(singular(word));
    }

    /** Whether the word is in one of the lists of nouns. */
    boolean isNoun(String word) {
        return lists(READING_NOUNS, word) || lists(RUNNING_NOUNS, word) || lists(BELONGINGS, word);
    }

    private static String singular(String word) {
        if (word.endsWith("ies")) {
            return word.substring(0, word.length() - 3) + "y";
        }
        return word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
    }
}
