package dev.interlock.policy.tool;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What the text in a definition does besides describing: it warns of a loss, speaks to the model, or hides. All the text
 * that a model gets to see counts, the schema's included.
 */
final class TextSignals {

    /** How much of a definition's text is read, in characters. */
    static final int TEXT_LIMIT = 20_000;

    /** Schemas nested deeper than this say nothing to a reader. */
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
        Texts texts = new Texts();
        texts.add(tool.description());
        texts.add(tool.name());
        ObjectValue schema = tool.inputSchema();
        if (schema != null) {
            texts.addAll(schema, 0);
        }
        // Last, so that no annotation can push another text past the limit.
        texts.addAll(tool.annotations(), 0);
        Words.ofText(tool.description(), TEXT_LIMIT).stream()
                .filter(LOSS::contains)
                .findFirst()
                .ifPresent(word -> assessment.aboveUsual("description warns of a loss ('" + word + "')"));
        texts.firstFound(phrases::find)
                .ifPresent(phrase -> assessment.oneUp("text speaks to the model ('" + phrase + "')"));
        texts.firstFound(InvisibleText::find).ifPresent(character -> {
            assessment.atLeast(RiskLevel.HIGH, "text has characters that can't be seen (" + character + ")");
            assessment.oneUp("what can't be seen is meant for the model alone");
        });
        if (texts.cut) {
            assessment.aboveUsual("only the first " + TEXT_LIMIT + " characters of the text were read");
        }
    }

    /** The texts of one definition up to the limit, apart: what two of them say together, neither says. */
    private static final class Texts {

        private final List<String> texts = new ArrayList<>();
        private int room = TEXT_LIMIT;
        private boolean cut;

        void add(String text) {
            if (text.length() > room) {
                cut = true;
            }
            texts.add(text.substring(0, Math.min(room, text.length())));
            // A character more than it has, so that a million empty texts run into the limit too.
            room = Math.max(0, room - text.length() - 1);
        }

        void addAll(Value value, int depth) {
            if (room == 0 || depth > MAX_DEPTH) {
                cut = true;
            } else if (value instanceof Value.Text text) {
                add(text.value());
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

        Optional<String> firstFound(Function<String, Optional<String>> finder) {
            return texts.stream().map(finder).flatMap(Optional::stream).findFirst();
        }
    }
}
