package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolDefinition;
import java.util.List;

/**
 * Finds parts of a tool's definition that address the model instead of describing the tool: phrases that give orders,
 * and characters that a person doesn't see. They raise the tool's risk, and are worth a separate look.
 */
public final class ModelSpeech {

    private static final TextSignals SIGNALS = new TextSignals(PromptPhrases.standard());

    private ModelSpeech() {}

    /** Returns short phrases for people, each naming one such part; empty if there is none. */
    public static List<String> in(ToolDefinition tool) {
        return SIGNALS.speech(tool);
    }
}
