package dev.interlock.policy.tool.rating;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds text that addresses the model: the phrases of {@code prompt-phrases.txt} and the tags that prompts are built
 * with. Looks a bounded distance ahead of each word, so the time is linear in the text. Immutable.
 */
final class PromptPhrases {

    private static final String GAP = "...";
    private static final int GAP_WORDS = 3;

    private static final Set<String> TAGS = Set.of(
            "important",
            "system",
            "instruction",
            "instructions",
            "hidden",
            "admin",
            "assistant",
            "critical",
            "override",
            "inst");

    private static final int LONGEST_TAG = 16;

    private final Map<String, List<List<String>>> phrasesByFirstWord = new HashMap<>();

    private PromptPhrases() {}

    static PromptPhrases standard() {
        PromptPhrases phrases = new PromptPhrases();
        for (String entry : WordFile.entries("prompt-phrases.txt")) {
            List<String> phrase = List.of(entry.split(" ", -1));
            phrases.phrasesByFirstWord
                    .computeIfAbsent(phrase.get(0), first -> new ArrayList<>())
                    .add(phrase);
        }
        return phrases;
    }

    /** The first such phrase or tag in the text. */
    Optional<String> find(String text) {
        List<String> words = Words.ofText(text, TextSignals.TEXT_LIMIT);
        for (int i = 0; i < words.size(); i++) {
            for (List<String> phrase : phrasesByFirstWord.getOrDefault(words.get(i), List.of())) {
                if (matches(phrase, 1, words, i + 1)) {
                    return Optional.of(String.join(" ", phrase));
                }
            }
        }
        return findTag(text);
    }

    private static boolean matches(List<String> phrase, int part, List<String> words, int at) {
        if (part == phrase.size()) {
            return true;
        }
        if (!phrase.get(part).equals(GAP)) {
            return at < words.size()
                    && words.get(at).equals(phrase.get(part))
                    && matches(phrase, part + 1, words, at + 1);
        }
        for (int skipped = 0; skipped <= GAP_WORDS; skipped++) {
            if (matches(phrase, part + 1, words, at + skipped)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<String> findTag(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '<' && c != '[') {
                continue;
            }
            if (text.startsWith("<|", i) || text.startsWith("<!--", i) || text.startsWith("<<SYS", i)) {
                return Optional.of(text.substring(i, i + 2));
            }
            int end = i + 1;
            while (end < text.length() && end - i <= LONGEST_TAG && Character.isLetter(text.charAt(end))) {
                end++;
            }
            boolean closed = end < text.length() && text.charAt(end) == (c == '<' ? '>' : ']');
            String tag = text.substring(i + 1, end);
            if (closed && TAGS.contains(tag.toLowerCase(Locale.ROOT))) {
                return Optional.of(c + tag + text.charAt(end));
            }
        }
        return Optional.empty();
    }
}
