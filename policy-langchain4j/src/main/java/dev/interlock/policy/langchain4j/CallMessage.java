package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.RequestParameters;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import dev.langchain4j.mcp.protocol.McpCallToolParams;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parsed {@code tools/call} message. The caller's objects are read once, here. So a tree that changes after the call
 * can change neither the decision nor what is sent.
 *
 * @param id the message's id; null makes the call malformed
 * @param call the call to decide on; it doesn't say yet who makes it
 * @param withArguments whether the message had arguments at all
 * @param parameters the rest of the message: its {@code _meta}, and what newer versions of LangChain4j add, such as
 *     {@code requestState}; null if it has none
 */
record CallMessage(
        @Nullable Long id,
        ToolCall call,
        boolean withArguments,
        @Nullable RequestParameters parameters) {

    private static final String META = "_meta";

    /** Whether this LangChain4j has parameters of calls that the one that this module is compiled against has not. */
    private static final boolean MORE_PARAMETERS = Arrays.stream(McpCallToolParams.class.getDeclaredFields())
            .filter(field -> !Modifier.isStatic(field.getModifiers()) && !field.isSynthetic())
            .anyMatch(field -> !Set.of("name", "arguments").contains(field.getName()));

    /** Reads and writes the parameters that are not known here, as LangChain4j writes them. */
    private static final ObjectMapper MORE =
            new ObjectMapper().addMixIn(McpCallToolParams.class, ParametersUnknownHere.class);

    @JsonIgnoreProperties({"name", "arguments", META})
    private interface ParametersUnknownHere {}

    /** Reads a message. An unreadable message gives a {@linkplain ToolCall#problem malformed} call, which is denied. */
    static CallMessage read(McpClientMessage message, ValueLimits limits) {
        Long id = message.getId();
        if (id == null) {
            return malformed(null, "", "it has no id");
        }
        if (GuardedHandler.isOwn(id)) {
            return malformed(id, "", "its id is not below " + GuardedHandler.OWN_IDS);
        }
        // Not a subclass: how that would be serialized is unknown.
        if (!(message instanceof McpClientRequest request)
                || request.getParams() == null
                || request.getParams().getClass() != McpCallToolParams.class) {
            return malformed(id, "", "its parameters can't be read");
        }
        McpCallToolParams params = (McpCallToolParams) request.getParams();
        String tool = params.getName();
        if (tool == null || tool.isBlank()) {
            return malformed(id, "", "it names no tool");
        }
        var arguments = params.getArguments();
        String what = "arguments";
        try {
            ToolCall call =
                    ToolCall.of(tool, arguments == null ? null : Json.object(arguments, limits.maxDepth()), limits);
            what = "metadata";
            Map<String, @Nullable Object> others = others(params, limits);
            RequestParameters parameters = others.isEmpty() ? null : RequestParameters.read(others, limits);
            return new CallMessage(
                    id, parameters == null ? call : call.saying(parameters.rest()), arguments != null, parameters);
        } catch (InvalidValueException e) {
            return malformed(id, tool, "the " + what + " can't be read: " + e.getMessage());
        } catch (Throwable e) {
            // The caller's own objects threw, possibly an Error. The message may contain anything, even a secret.
            return malformed(id, tool, "the " + what + " can't be read");
        }
    }

    private static Map<String, @Nullable Object> others(McpCallToolParams params, ValueLimits limits) {
        Map<String, @Nullable Object> others =
                MORE_PARAMETERS ? Json.object(MORE.valueToTree(params), limits.maxDepth()) : new LinkedHashMap<>();
        if (params.getMeta() != null) {
            others.put(META, new LinkedHashMap<>(params.getMeta()));
        }
        return others;
    }

    private static CallMessage malformed(@Nullable Long id, String tool, String problem) {
        return new CallMessage(id, ToolCall.malformed(tool, problem), false, null);
    }

    /**
     * The message's {@code _meta}, to send with our own requests on its behalf. Without the progress token, by which
     * its caller awaits progress. Empty if nothing is left.
     */
    Map<String, Object> listMeta() {
        Map<String, Object> left = parameters == null ? new LinkedHashMap<>() : new LinkedHashMap<>(meta(parameters));
        left.remove("progressToken");
        return left;
    }

    /** Leaves out the metadata. */
    @Override
    public String toString() {
        return call.toString();
    }

    /**
     * Whether a message still says exactly what was decided, so that it can be sent itself. What LangChain4j or its
     * JSON library would write for a class that is not their own is unknown.
     *
     * @param message the message that this was read from
     * @param decided the call that was decided on last
     */
    boolean isSaidBy(McpClientMessage message, ToolCall decided, ValueLimits limits) {
        if (message.getClass() != McpCallToolRequest.class || !isCalled(decided)) {
            return false;
        }
        CallMessage now = read(message, limits);
        return now.isCalled(decided)
                && Objects.equals(id, now.id)
                && withArguments == now.withArguments
                && Objects.equals(toSend(), now.toSend())
                && hasPlainArguments((McpCallToolRequest) message);
    }

    private boolean isCalled(ToolCall decided) {
        return call.problem() == null
                && call.tool().equals(decided.tool())
                && call.arguments().equals(decided.arguments());
    }

    private Map<String, @Nullable Object> toSend() {
        return parameters == null ? Map.of() : parameters.toSend();
    }

    private static boolean hasPlainArguments(McpCallToolRequest message) {
        return !(message.getParams() instanceof McpCallToolParams params)
                || params.getArguments() == null
                || Json.isPlain(params.getArguments());
    }

    /**
     * Returns the message that holds what was decided and nothing else.
     *
     * @param decided the call that was decided on last: this one, or the one that a person has approved in its place
     */
    McpClientMessage decided(ToolCall decided) {
        if (decided.problem() != null) {
            throw new IllegalStateException("a call that can't be read must not be sent: " + decided.problem());
        }
        boolean none = !withArguments && decided.arguments().root().size() == 0;
        McpCallToolRequest request = new McpCallToolRequest(
                id, decided.tool(), none ? null : Json.tree(decided.arguments().root()));
        if (parameters != null) {
            Map<String, Value> others = new LinkedHashMap<>(parameters.rest().members());
            others.remove(META);
            if (!others.isEmpty()) {
                add(others, (McpCallToolParams) request.getParams());
            }
            request.getParams().setMeta(meta(parameters));
        }
        return request;
    }

    private static void add(Map<String, Value> others, McpCallToolParams params) {
        try {
            MORE.readerForUpdating(params).readValue(Json.tree(ObjectValue.of(others)));
        } catch (IOException e) {
            throw new UncheckedIOException("the parameters of a call could not be copied", e);
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // LangChain4j's types don't say that a value may be null
    private static Map<String, Object> meta(RequestParameters parameters) {
        return parameters.toSend().get(META) instanceof Map<?, ?> meta ? (Map<String, Object>) meta : Map.of();
    }
}
