package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds answers in place of a peer. A denied call gets a tool result, because a model reads tool results and learns
 * from them. Many hosts treat a protocol error as a broken server.
 *
 * <p>The answers are plain maps, as every transport that reads JSON delivers them.
 */
final class Answers {

    /** The key in {@code _meta}, and in an error's data, under which programs find the decision. */
    static final String META_KEY = "dev.interlock/decision";

    /** Begins the text when the call waits for a person: nothing is denied yet. */
    private static final String APPROVAL_PREFIX = "[APPROVAL REQUIRED] ";

    private final String prefix;
    private final boolean denialsAsErrors;

    /**
     * @param denialsAsErrors whether a denied call gets a protocol error instead of a tool result
     */
    Answers(String prefix, boolean denialsAsErrors) {
        this.prefix = prefix;
        this.denialsAsErrors = denialsAsErrors;
    }

    /**
     * The answer to a denied call: a tool result that gives the reason or the ticket to wait for, or an error if the
     * host prefers errors.
     */
    JSONRPCResponse denial(Object id, CallDecision ruling) {
        Decision decision = ruling.decision().told();
        Map<String, Object> details = details(decision);
        if (ruling.answer() instanceof ApprovalAnswer.Pending pending) {
            details.put("ticket", pending.ticket());
        }
        if (denialsAsErrors) {
            return refusal(id, decision, details);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        // Since 2026-07-28 every result states its type. Earlier clients ignore the field.
        result.put("resultType", "complete");
        result.put("content", List.of(Map.of("type", "text", "text", text(decision))));
        result.put("isError", true);
        result.put("_meta", Map.of(META_KEY, details));
        return JSONRPCResponse.result(id, result);
    }

    /** Replaces a server's answer to a call when the requests within that answer are denied. */
    JSONRPCResponse withheld(Object id, Decision decision) {
        return denial(id, new CallDecision(decision, null, null, null));
    }

    /** A protocol error that says why the request was refused. */
    JSONRPCResponse refusal(Object id, Decision decision) {
        Decision told = decision.told();
        return refusal(id, told, details(told));
    }

    private JSONRPCResponse refusal(Object id, Decision decision, Map<String, Object> details) {
        return JSONRPCResponse.error(
                id, new JSONRPCError(McpSchema.ErrorCodes.INVALID_REQUEST, text(decision), Map.of(META_KEY, details)));
    }

    /** The answer to a request whose id has the form that is reserved for our own requests. */
    static JSONRPCResponse idReserved(Object id) {
        String text = "The id of a request must not begin with '" + AdapterRequests.ID_PREFIX + "'.";
        return JSONRPCResponse.error(id, new JSONRPCError(McpSchema.ErrorCodes.INVALID_REQUEST, text, null));
    }

    /** Whether this class made the response. */
    static boolean isDenial(JSONRPCResponse response) {
        Object details = response.error() != null
                ? response.error().data()
                : response.result() instanceof Map<?, ?> result ? result.get("_meta") : null;
        return details instanceof Map<?, ?> map && map.containsKey(META_KEY);
    }

    private String text(Decision decision) {
        String begin = decision.code() == Decision.Code.APPROVAL_PENDING ? APPROVAL_PREFIX : prefix;
        return begin + (decision.message().isEmpty() ? "The policy does not allow this." : decision.message());
    }

    private static Map<String, Object> details(Decision decision) {
        Map<String, Object> details = new LinkedHashMap<>();
        if (decision.rule() != null) {
            details.put("rule", decision.rule().name());
        }
        details.put("code", decision.code().text());
        if (decision.retryAfter() != null) {
            details.put("retryAfterMs", decision.retryAfter().toMillis());
        }
        return details;
    }
}
