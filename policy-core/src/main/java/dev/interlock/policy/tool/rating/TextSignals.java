package dev.interlock.policy.tool.rating;

import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What the text in a definition does in addition to describing: it warns of a loss, addresses the model, or hides. All
 * text that a model sees counts, including the schema's.
 */
final class TextSignals {

    /** How many characters of a definition's text are read. */
    static final int TEXT_LIMIT = 20_000;

    /** A reader learns nothing from schemas that are nested deeper than this. */
    private static final int MAX_DEPTH = 32;

    private static final Set<String> LOSS = Set.of(
            "irreversible",
            "irreversibly",
            "permanent",
            "permanently",
            "unrecoverable",
            "undone",
            "overwrite",
            "overwrites",
            "overwritten",
            "overwriting");

    private final PromptPhrases phrases;

    TextSignals(PromptPhrases phrases) {
        this.phrases = phrases;
    }

    void weigh(ToolDefinition tool, Assessment assessment) {
        ScannedTexts texts = ScannedTexts.of(tool);
        Words.ofText(tool.description(), TEXT_LIMIT).stream()
                .filter(LOSS::contains)
                .findFirst()
                .ifPresent(word -> assessment.aboveUsual("description warns of a loss ('" + word + "')"));
        speech(texts).ifPresent(assessment::oneUp);
        unseen(texts).ifPresent(factor -> {
            assessment.atLeast(RiskLevel.HIGH, factor);
            assessment.oneUp("what can't be seen is meant for the model alone");
        });
        if (texts.cut) {
            assessment.aboveUsual("only the first " + TEXT_LIMIT + " characters of the text were read");
        }
    }

    /** The parts of a definition that address the model or are invisible. */
    List<String> speech(ToolDefinition tool) {
        ScannedTexts texts = ScannedTexts.of(tool);
        return Stream.concat(speech(texts).stream(), unseen(texts).stream()).toList();
    }

    private Optional<String> speech(ScannedTexts texts) {
        return texts.firstFound(phrases::find).map(phrase -> "text speaks to the model ('" + phrase + "')");
    }

    private static Optional<String> unseen(ScannedTexts texts) {
        return texts.firstFound(VisibleText::hidden)
                .map(character -> "text has characters that can't be seen (" + character + ")");
    }

    /** The texts of one definition up to the limit, kept separate: a phrase that spans two of them does not count. */
    private static final class ScannedTexts {

        private final List<String> texts = new ArrayList<>();
        private int room = TEXT_LIMIT;
        private boolean cut;

        static ScannedTexts of(ToolDefinition tool) {
            ScannedTexts texts = new ScannedTexts();
            texts.add(tool.description());
            texts.add(tool.name());
            texts.add(tool.title());
            ObjectValue schema = tool.inputSchema();
            if (schema != null) {
                texts.addAll(schema, 0);
            }
            if (tool.outputSchema() != null) {
                texts.addAll(tool.outputSchema(), 0);
            }
            // Last, so that none of these can push another text past the limit.
            texts.addAll(tool.annotations(), 0);
            tool.others().members().forEach((name, value) -> {
                texts.add(name);
                texts.addAll(value, 0);
            });
            return texts;
        }

        void add(String text) {
            if (text.length() > room) {
                cut = true;
            }
            texts.add(text.substring(0, Math.min(room, text.length())));
            // One character more than the text has, so that a million empty texts also reach the limit.
            room = Math.max(0, room - text.length() - 1);
        }

        void addAll(Value value, int depth) {
            if (room == 0 || depth > MAX_DEPTH) {
                cut = true;
            } else if (value instanceof Value.Text text) {
                add(isPicture(text.value()) ? "" : text.value());
            } else if (value instanceof Value.Array array) {
                room--;
                for (Value item : array.items()) {
                    if (room == 0) {
                        cut = true;
                        return;
                    }
                    addAll(item, depth + 1);
                }
            } else if (value instanceof ObjectValue object) {
                room--;
                for (Map.Entry<String, Value> member : object.members().entrySet()) {
                    if (room == 0) {
                        cut = true;
                        return;
                    }
                    add(member.getKey());
                    addAll(member.getValue(), depth + 1);
                }
            } else {
                room--;
            }
        }

        /** An icon may be longer than everything else, and has no words. */
        private static boolean isPicture(String text) {
            return text.startsWith("data:image/") && text.chars().noneMatch(c -> c <= ' ' || c > '~');
        }

        Optional<String> firstFound(Function<String, Optional<String>> finder) {
            return texts.stream().map(finder).flatMap(Optional::stream).findFirst();
        }
    }
}
