package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.SealedApprovals;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Asks the person at the end of the client that makes a call, with the protocol's elicitation: the call is answered
 * with {@code input_required}, and the client makes it again with the answer.
 *
 * @param form the form that the person fills in
 * @param methods says whether the policy lets clients be asked
 * @param params the parameters of the call, whose envelope says what the client can do
 * @param converter converts objects of an unknown Java type to plain JSON
 */
record InputElicitation(
        ApprovalForm form, Methods methods, @Nullable Object params, UnaryOperator<Object> converter)
        implements SealedApprovals.Client {

    @Override
    public @Nullable String obstacle() {
        if (!asksPersons()) {
            return "the client can't ask a person";
        }
        return methods.mayElicit(form.about("")) ? null : "the policy doesn't let the client be asked";
    }

    /** A client that announces elicitation without details supports forms. */
    private boolean asksPersons() {
        try {
            Map<?, ?> elicitation =
                    member(member(member(params, Envelope.META), Envelope.CLIENT_CAPABILITIES), "elicitation");
            return elicitation != null && (elicitation.get("form") != null || elicitation.get("url") == null);
        } catch (RuntimeException e) {
            return false;
        }
    }

    /** The member that is an object. Objects may have types of the SDK's. */
    private @Nullable Map<?, ?> member(@Nullable Object object, String name) {
        Object member = object instanceof Map<?, ?> map ? map.get(name) : null;
        return (Map<?, ?>) (member == null || member instanceof Map ? member : converter.apply(member));
    }

    @Override
    public ApprovalAnswer read(Value answer) {
        return form.read((answer instanceof ObjectValue result ? result : ObjectValue.EMPTY).toJava());
    }

    /** The result that has the client ask this question. */
    static Map<String, Object> inputRequired(ApprovalForm form, SealedApprovals.Question question) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("resultType", "input_required");
        result.put(
                "inputRequests",
                Map.of(
                        SealedApprovals.INPUT,
                        Map.of("method", McpSchema.METHOD_ELICITATION_CREATE, "params", form.about(question.text()))));
        result.put("requestState", question.state());
        return result;
    }

    @Override
    public String toString() {
        return "elicitation";
    }
}
