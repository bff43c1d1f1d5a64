package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.DenialText;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds the SDK's messages from {@link DenialText}.
 *
 * @param denialsAsErrors whether a denied call gets a protocol error instead of a tool result
 */
record Answers(DenialText text, boolean denialsAsErrors) {

    /**
     * The answer to a denied call: a tool result that gives the reason or the ticket to wait for, or an error if the
     * host prefers errors.
     */
    JSONRPCResponse denial(Object id, CallDecision ruling) {
        return denial(id, ruling.decision(), ruling.answer());
    }

    /** Replaces a server's answer to a call when the requests within that answer are denied. */
    JSONRPCResponse withheld(Object id, Decision decision) {
        return denial(id, decision, null);
    }

    private JSONRPCResponse denial(Object id, Decision decision, @Nullable ApprovalAnswer answer) {
        // A call whose result is withheld has run. An error would have its caller make it again.
        return denialsAsErrors && decision.code() != Decision.Code.RESULT
                ? refusal(id, decision, answer)
                : SdkRecords.result(id, text.result(decision, answer));
    }

    /** A protocol error that says why the request was refused. */
    JSONRPCResponse refusal(Object id, Decision decision) {
        return refusal(id, decision, null);
    }

    private JSONRPCResponse refusal(Object id, Decision decision, @Nullable ApprovalAnswer answer) {
        Map<String, Object> data = Map.of(DenialText.META_KEY, DenialText.details(decision, answer));
        return SdkRecords.error(id, DenialText.INVALID_REQUEST, text.of(decision), data);
    }

    /** The answer to a request whose id has the form that is reserved for our own requests. */
    static JSONRPCResponse idReserved(Object id) {
        String text = "The id of a request must not begin with '" + AdapterRequests.ID_PREFIX + "'.";
        return SdkRecords.error(id, DenialText.INVALID_REQUEST, text, null);
    }

    /** Whether this class made the response. */
    static boolean isDenial(JSONRPCResponse response) {
        Object details = response.error() != null
                ? response.error().data()
                : response.result() instanceof Map<?, ?> result ? result.get("_meta") : null;
        return details instanceof Map<?, ?> map && map.containsKey(DenialText.META_KEY);
    }
}
