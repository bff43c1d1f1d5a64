package dev.interlock.policy.tool;

import java.util.List;

/**
 * What in a tool's definition is meant for the model rather than for describing the tool: phrases that give orders, and
 * characters that a person doesn't see. It raises the tool's risk, and is worth a look of its own.
 */
public final class ModelSpeech {

    private static final TextSignals SIGNALS = new TextSignals(PromptPhrases.standard());

    private ModelSpeech() {}

    /** Short phrases for people, each naming what was found; empty if nothing was. */
    public static List<String> in(ToolDefinition tool) {
        return SIGNALS.speech(tool);
    }
}
