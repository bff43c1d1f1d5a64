package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.Decision;
import dev.langchain4j.mcp.client.McpException;
import dev.langchain4j.mcp.protocol.McpClientResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers in the place of a server. A denied call gets a tool result, because that is what a model reads and learns from.
 * What else is refused gets an exception: LangChain4j looks for a protocol error in the answers to some requests only.
 */
final class Answers {

    /** Under this key programs find the decision in {@code _meta}. */
    static final String META_KEY = "dev.interlock/decision";

    /** JSON-RPC's "invalid request". */
    private static final int INVALID_REQUEST = -32600;

    /** What the text begins with if a person is still to be waited for: nothing is denied yet. */
    private static final String APPROVAL_PREFIX = "[APPROVAL REQUIRED] ";

    private final String prefix;

    Answers(String prefix) {
        this.prefix = prefix;
    }

    /** A denial because something failed; the message names no detail. */
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
     * @param answer what a person answered about the call; null if nobody was asked
     */
    JsonNode denial(@Nullable Long id, Decision decided, @Nullable ApprovalAnswer answer) {
        Decision decision = decided.told();
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        response.put("jsonrpc", "2.0");
        response.put("id", id);
        ObjectNode result = response.putObject("result");
        // Since 2026-07-28 every result says what it is; earlier clients don't look.
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

    /** Whether this is an answer of ours to a call that was denied. */
    static boolean isDenial(JsonNode response) {
        JsonNode result = response.path("result");
        return result.path("isError").asBoolean() && result.path("_meta").has(META_KEY);
    }

    /** What a client gets that sends another request which is refused. */
    McpException refusal(Decision decision) {
        return new McpException(INVALID_REQUEST, text(decision.told()));
    }

    /** What a server gets whose request is refused. */
    McpClientResponse refusalTo(long id, Decision decision) {
        return new Refusal(id, text(decision.told()));
    }

    private String text(Decision decision) {
        String begin = decision.code() == Decision.Code.APPROVAL_PENDING ? APPROVAL_PREFIX : prefix;
        return begin + (decision.message().isEmpty() ? "The policy does not allow this." : decision.message());
    }

    /** A protocol error; LangChain4j has one only for servers to send. */
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
