package dev.interlock.policy.langchain4j;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.RequestParameters;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ValueLimits;
import dev.langchain4j.mcp.protocol.McpCallToolParams;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpClientRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parsed {@code tools/call} message. The caller's objects are read once, here. So a tree that changes after the call
 * can change neither the decision nor what is sent.
 *
 * @param id the message's id; null makes the call malformed
 * @param call the call to decide on; it doesn't say yet who makes it
 * @param withArguments whether the message had arguments at all
 * @param parameters the rest of the message, which is its {@code _meta}; null if it has none
 */
record CallMessage(
        @Nullable Long id,
        ToolCall call,
        boolean withArguments,
        @Nullable RequestParameters parameters) {

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
        Map<String, Object> meta = params.getMeta() == null ? null : new LinkedHashMap<>(params.getMeta());
        String what = "arguments";
        try {
            ToolCall call =
                    ToolCall.of(tool, arguments == null ? null : Json.object(arguments, limits.maxDepth()), limits);
            what = "metadata";
            RequestParameters parameters = meta == null ? null : RequestParameters.read(Map.of("_meta", meta), limits);
            return new CallMessage(
                    id, parameters == null ? call : call.saying(parameters.rest()), arguments != null, parameters);
        } catch (InvalidValueException e) {
            return malformed(id, tool, "the " + what + " can't be read: " + e.getMessage());
        } catch (Throwable e) {
            // The caller's own objects threw, possibly an Error. The message may contain anything, even a secret.
            return malformed(id, tool, "the " + what + " can't be read");
        }
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
            request.getParams().setMeta(meta(parameters));
        }
        return request;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // LangChain4j's types don't say that a value may be null
    private static Map<String, Object> meta(RequestParameters parameters) {
        return parameters.toSend().get("_meta") instanceof Map<?, ?> meta ? (Map<String, Object>) meta : Map.of();
    }
}
