package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.Decision;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers in the place of a peer. A denied call gets a tool result, because that is what a model reads and learns from; a
 * protocol error many hosts treat as a broken server.
 *
 * <p>The answers are plain maps, as every transport that reads JSON would deliver them.
 */
final class Answers {

    /** Under this key programs find the decision in {@code _meta} and in an error's data. */
    static final String META_KEY = "dev.interlock/decision";

    /** What the text begins with if a person is still to be waited for: nothing is denied yet. */
    private static final String APPROVAL_PREFIX = "[APPROVAL REQUIRED] ";

    private final String prefix;
    private final boolean denialsAsErrors;

    /**
     * @param denialsAsErrors whether a denied call gets a protocol error all the same
     */
    Answers(String prefix, boolean denialsAsErrors) {
        this.prefix = prefix;
        this.denialsAsErrors = denialsAsErrors;
    }

    /** What a denied call gets: a tool result that says why or which ticket it waits for, unless the host wants errors. */
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
        // Since 2026-07-28 every result says what it is; earlier clients don't look.
        result.put("resultType", "complete");
        result.put("content", List.of(Map.of("type", "text", "text", text(decision))));
        result.put("isError", true);
        result.put("_meta", Map.of(META_KEY, details));
        return JSONRPCResponse.result(id, result);
    }

    /** What takes the place of a server's answer to a call, because of what it asks within that answer. */
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

    /** What a request gets whose id is one that only requests of our own may have. */
    static JSONRPCResponse idReserved(Object id) {
        String text = "The id of a request must not begin with '" + AdapterRequests.ID_PREFIX + "'.";
        return JSONRPCResponse.error(id, new JSONRPCError(McpSchema.ErrorCodes.INVALID_REQUEST, text, null));
    }

    /** Whether a response is one of these. */
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
