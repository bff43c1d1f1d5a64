package dev.interlock.policy.adapter;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.call.Decision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client reads in place of a server's answer. A denied call gets a tool result, because a model reads tool
 * results and learns from them; many hosts treat a protocol error as a broken server. The results are plain maps, as
 * every transport that reads JSON delivers them. Immutable.
 *
 * @param prefix begins the text of a denial
 */
public record DenialText(String prefix) {

    /** The prefix of a denial unless the host sets another. */
    public static final String DEFAULT_PREFIX = "[POLICY DENIED] ";

    /** The key in {@code _meta}, and in an error's data, under which programs find the decision. */
    public static final String META_KEY = "dev.interlock/decision";

    /** The code of a protocol error that refuses a request: JSON-RPC's "invalid request". */
    public static final int INVALID_REQUEST = -32600;

    /** Begins the text when the call waits for a person: nothing is denied yet. */
    private static final String APPROVAL_PREFIX = "[APPROVAL REQUIRED] ";

    /** Begins the text when the call has run, but what came back is withheld. */
    private static final String RESULT_PREFIX = "[RESULT WITHHELD] ";

    /** Returns a denial because something failed. The message gives no details. */
    public static Decision failed() {
        return denied("The policy could not be applied, so this was denied.");
    }

    /** Returns a denial because there is no room in {@link PendingCalls}. */
    public static Decision busy() {
        return denied("Too many requests await their response at the moment, and so this one is not made.");
    }

    private static Decision denied(String message) {
        return new Decision(Decision.Verdict.DENIED, Decision.Code.ERROR, null, message, null, false);
    }

    /** Returns the text that says why a request was refused, or which ticket a call waits for. */
    public String of(Decision decided) {
        Decision decision = decided.told();
        String begin = switch (decision.code()) {
            case APPROVAL_PENDING -> APPROVAL_PREFIX;
            case RESULT -> RESULT_PREFIX;
            default -> prefix;
        };
        return begin + (decision.message().isEmpty() ? "The policy does not allow this." : decision.message());
    }

    /**
     * Returns the decision in the form that programs read.
     *
     * @param answer a person's answer about the call; null if no person was asked
     */
    public static Map<String, Object> details(Decision decided, @Nullable ApprovalAnswer answer) {
        Decision decision = decided.told();
        Map<String, Object> details = new LinkedHashMap<>();
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
        return details;
    }

    /**
     * Returns the tool result for a call that is not made.
     *
     * @param answer a person's answer about the call; null if no person was asked
     */
    public Map<String, Object> result(Decision decision, @Nullable ApprovalAnswer answer) {
        Map<String, Object> result = new LinkedHashMap<>();
        // Since 2026-07-28 every result states its type. Earlier clients ignore the field.
        result.put("resultType", "complete");
        result.put("content", List.of(Map.of("type", "text", "text", of(decision))));
        result.put("isError", true);
        result.put("_meta", Map.of(META_KEY, details(decision, answer)));
        return result;
    }
}
