package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The form with which a client asks its person for an approval, and the reader of the filled-in form. Only a form that
 * says {@code approve} and has no unknown fields counts as a yes.
 *
 * @param limits bounds the arguments that a person may approve in place of the requested ones
 */
record ApprovalForm(ValueLimits limits) {

    private static final Logger log = LoggerFactory.getLogger(ApprovalForm.class);

    /** The approver to record. The client doesn't say who the person is. */
    private static final String BY = "elicitation";

    private static final String DECISION = "decision";
    private static final String REASON = "reason";
    private static final String ARGUMENTS = "arguments";
    private static final Set<String> FIELDS = Set.of(DECISION, REASON, ARGUMENTS);

    /** The most characters of a reason; the rest is cut off. */
    private static final int LONGEST_REASON = 200;

    /** "No" comes before "yes", and neither is the default: a person who just confirms the form approves nothing. */
    private static final Map<String, Object> SCHEMA = Map.of(
            "type",
            "object",
            "properties",
            Map.of(
                    DECISION,
                    Map.of("type", "string", "title", "Decision", "enum", List.of("deny", "approve")),
                    REASON,
                    Map.of(
                            "type",
                            "string",
                            "title",
                            "Reason",
                            "description",
                            "What the agent is told if you deny.",
                            "maxLength",
                            LONGEST_REASON),
                    ARGUMENTS,
                    Map.of(
                            "type",
                            "string",
                            "title",
                            "Other arguments",
                            "description",
                            "To approve the call with other arguments than those shown: all of them, as a JSON object."
                                    + " Leave this empty for those shown.")),
            "required",
            List.of(DECISION));

    /** The parameters of the elicitation request that shows this text. */
    Map<String, Object> about(String text) {
        return Map.of("message", "An agent's tool call waits for your approval.\n\n" + text, "requestedSchema", SCHEMA);
    }

    /**
     * Reads the client's response.
     *
     * @param converter converts the result to a JSON object
     */
    ApprovalAnswer read(JSONRPCResponse response, Function<Object, Map<String, Object>> converter) {
        if (response.error() != null || response.result() == null) {
            return new ApprovalAnswer.Unasked("the client could not ask a person");
        }
        try {
            return read(converter.apply(response.result()));
        } catch (RuntimeException e) {
            return unreadable(e);
        }
    }

    /**
     * Reads the result of an elicitation.
     *
     * @param result the result as plain JSON
     */
    ApprovalAnswer read(Map<String, ? extends @Nullable Object> result) {
        try {
            Object action = result.get("action");
            if ("decline".equals(action)) {
                return ApprovalAnswer.refused(BY, null);
            }
            if ("cancel".equals(action)) {
                return new ApprovalAnswer.Unasked("the person did not decide");
            }
            return "accept".equals(action) && result.get("content") instanceof Map<?, ?> content
                    ? filledIn(content)
                    : unreadable();
        } catch (RuntimeException | IOException e) {
            return unreadable(e);
        }
    }

    private static ApprovalAnswer unreadable(Exception failure) {
        log.info("A client's answer to a request for approval can't be read", RedactedException.of(failure));
        return unreadable();
    }

    private ApprovalAnswer filledIn(Map<?, ?> content) throws IOException {
        if (!FIELDS.containsAll(content.keySet())) {
            return unreadable();
        }
        for (Object value : content.values()) {
            if (value != null && !(value instanceof String)) {
                return unreadable();
            }
        }
        Object decision = content.get(DECISION);
        if ("deny".equals(decision)) {
            return ApprovalAnswer.refused(BY, reason((String) content.get(REASON)));
        }
        if (!"approve".equals(decision)) {
            return unreadable();
        }
        String arguments = (String) content.get(ARGUMENTS);
        return arguments == null || arguments.isBlank()
                ? ApprovalAnswer.approved(BY)
                : ApprovalAnswer.approved(BY, parsed(arguments));
    }

    private static @Nullable String reason(@Nullable String given) {
        if (given == null || given.isBlank()) {
            return null;
        }
        String reason = given.strip();
        return reason.codePointCount(0, reason.length()) <= LONGEST_REASON
                ? reason
                : reason.substring(0, reason.offsetByCodePoints(0, LONGEST_REASON));
    }

    private Arguments parsed(String json) throws IOException {
        if (json.length() > limits.maxBytes()) {
            throw new InvalidValueException("the arguments are larger than " + limits.maxBytes() + " bytes");
        }
        Map<String, Object> arguments =
                McpJsonDefaults.getMapper().readValue(json, new TypeRef<Map<String, Object>>() {});
        if (arguments == null) {
            throw new InvalidValueException("the arguments are not an object");
        }
        return Arguments.freeze(arguments, limits);
    }

    private static ApprovalAnswer unreadable() {
        return new ApprovalAnswer.Unasked("the client's answer could not be understood");
    }
}
