package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.JudgedResult;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.protocol.McpClientResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds LangChain4j's messages from {@link DenialText}. A refused request other than a call gets an exception:
 * LangChain4j looks for a protocol error in the answers to some requests only.
 */
record DenialMessages(DenialText text) {

    /** The text of a rule may be of any length. */
    private static final ValueLimits ANY = new ValueLimits(Json.MAX_DEPTH, Integer.MAX_VALUE);

    /**
     * A response with a tool result that says why the call was denied, or which ticket it waits for.
     *
     * @param answer a person's answer about the call; null if no person was asked
     */
    JsonNode denial(@Nullable Long id, Decision decision, @Nullable ApprovalAnswer answer) {
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        response.put("jsonrpc", "2.0");
        response.put("id", id);
        response.set("result", Json.tree((ObjectValue) Value.freeze(text.result(decision, answer), ANY)));
        return response;
    }

    /** Whether this class made the response, for a call that was denied. */
    static boolean isDenial(JsonNode response) {
        JsonNode result = response.path("result");
        return result.path("isError").asBoolean() && result.path("_meta").has(DenialText.META_KEY);
    }

    /** The exception for a client whose request, other than a call, is refused. */
    McpException refusal(Decision decision) {
        return new McpException(DenialText.INVALID_REQUEST, text.of(decision));
    }

    /** The message for a server whose request is refused. */
    McpClientResponse refusalTo(long id, Decision decision) {
        return new Refusal(id, text.of(decision));
    }

    /** What the server may see of what the client has answered to a request of the server's. */
    McpClientResponse toServer(long id, AnswerNode answer, JudgedResult judged) {
        return judged.decision().allowed()
                ? new Judged(id, answer.shown(judged.shown()))
                : refusalTo(id, judged.decision());
    }

    /** An answer that was judged. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private static final class Judged extends McpClientResponse {

        @JsonProperty
        @SuppressWarnings("unused") // read when the message is written as JSON
        private final @Nullable JsonNode result;

        @JsonProperty
        @SuppressWarnings("unused") // read when the message is written as JSON
        private final @Nullable JsonNode error;

        Judged(long id, JsonNode shown) {
            super(id);
            this.result = shown.get("result");
            this.error = shown.get("error");
        }
    }

    /** A protocol error. LangChain4j has no type for one that a client sends. */
    private static final class Refusal extends McpClientResponse {

        @JsonProperty
        @SuppressWarnings("unused") // read when the message is written as JSON
        private final Map<String, Object> error;

        Refusal(long id, String text) {
            super(id);
            this.error = Map.of("code", DenialText.INVALID_REQUEST, "message", text);
        }
    }
}
