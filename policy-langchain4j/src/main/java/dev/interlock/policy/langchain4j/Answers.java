package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.protocol.McpClientResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds answers in place of a server. A denied call gets a tool result, because a model reads tool results and learns
 * from them. Any other refused request gets an exception: LangChain4j looks for a protocol error in the answers to some
 * requests only.
 */
final class Answers {

    /** The key in {@code _meta} under which programs find the decision. */
    static final String META_KEY = "dev.interlock/decision";

    /** JSON-RPC's "invalid request". */
    private static final int INVALID_REQUEST = -32600;

    /** Begins the text when the call waits for a person: nothing is denied yet. */
    private static final String APPROVAL_PREFIX = "[APPROVAL REQUIRED] ";

    private final String prefix;

    Answers(String prefix) {
        this.prefix = prefix;
    }

    /** A denial because something failed. The message gives no details. */
    static Decision failed() {
        return denied(Decision.Code.ERROR, "The policy could not be applied, so this was denied.");
    }

    /** A denial that no rule of the policy gave. */
    static Decision denied(Decision.Code code, String message) {
        return new Decision(Decision.Verdict.DENIED, code, null, message, null, false);
    }

    /**
     * A response with a tool result that says why the call was denied, or which ticket it waits for.
     *
     * @param answer a person's answer about the call; null if no person was asked
     */
    JsonNode denial(@Nullable Long id, Decision decided, @Nullable ApprovalAnswer answer) {
        Decision decision = decided.told();
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        response.put("jsonrpc", "2.0");
        response.put("id", id);
        ObjectNode result = response.putObject("result");
        // Since 2026-07-28 every result states its type. Earlier clients ignore the field.
        result.put("resultType", "complete");
        result.putArray("content").addObject().put("type", "text").put("text", text(decision));
        result.put("isError", true);
        ObjectNode details = result.putObject("_meta").putObject(META_KEY);
        if (decision.rule() != null) {
            details.put("rule", decision.rule().name());
        }
        details.put("code", decision.code().text());
        if (decision.retryAfter() != null) {
            details.put("retryAfterMs", decision.retryAfter().toMillis());
        }
        if (answer instanceof ApprovalAnswer.Pending pending) {
            details.put("ticket", pending.ticket());
        }
        return response;
    }

    /** Whether this class made the response, for a call that was denied. */
    static boolean isDenial(JsonNode response) {
        JsonNode result = response.path("result");
        return result.path("isError").asBoolean() && result.path("_meta").has(META_KEY);
    }

    /** The exception for a client whose request, other than a call, is refused. */
    McpException refusal(Decision decision) {
        return new McpException(INVALID_REQUEST, text(decision.told()));
    }

    /** The message for a server whose request is refused. */
    McpClientResponse refusalTo(long id, Decision decision) {
        return new Refusal(id, text(decision.told()));
    }

    private String text(Decision decision) {
        String begin = decision.code() == Decision.Code.APPROVAL_PENDING ? APPROVAL_PREFIX : prefix;
        return begin + (decision.message().isEmpty() ? "The policy does not allow this." : decision.message());
    }

    /** A protocol error. LangChain4j has no type for one that a client sends. */
    private static final class Refusal extends McpClientResponse {

        @JsonProperty
        @SuppressWarnings("unused") // read when the message is written as JSON
        private final Map<String, Object> error;

        Refusal(long id, String text) {
            super(id);
            this.error = Map.of("code", INVALID_REQUEST, "message", text);
        }
    }
}
