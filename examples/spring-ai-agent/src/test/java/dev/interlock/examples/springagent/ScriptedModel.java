package dev.interlock.examples.springagent;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/** A model that says what it was told to, and keeps what it is asked. */
final class ScriptedModel implements ChatModel {

    private final Iterator<AssistantMessage> script;
    private final List<Prompt> prompts = new ArrayList<>();

    ScriptedModel(AssistantMessage... script) {
        this.script = List.of(script).iterator();
    }

    static AssistantMessage calling(String tool, String arguments) {
        return AssistantMessage.builder()
                .content("")
                .toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", tool, arguments)))
                .build();
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        prompts.add(prompt);
        return new ChatResponse(List.of(new Generation(script.next())));
    }

    @Override
    public ChatOptions getOptions() {
        return DefaultToolCallingChatOptions.builder().build();
    }

    /** The names of the tools that were offered to it. */
    Set<String> offered() {
        return prompts.get(0).getOptions() instanceof ToolCallingChatOptions options
                ? options.getToolCallbacks().stream()
                        .map(tool -> tool.getToolDefinition().name())
                        .collect(Collectors.toCollection(TreeSet::new))
                : Set.of();
    }

    /** What its calls have returned, one text for each. */
    List<String> heard() {
        return prompts.get(prompts.size() - 1).getInstructions().stream()
                .filter(ToolResponseMessage.class::isInstance)
                .flatMap(message -> ((ToolResponseMessage) message).getResponses().stream())
                .map(ToolResponseMessage.ToolResponse::responseData)
                .toList();
    }
}
