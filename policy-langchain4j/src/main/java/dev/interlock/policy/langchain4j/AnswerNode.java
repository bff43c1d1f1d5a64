package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.call.CallResult;
import org.jspecify.annotations.Nullable;

/**
 * A message that answers a request, as the policy judges it. It is read as LangChain4j's client reads it: if there is a
 * result, an error beside it means nothing.
 */
final class AnswerNode {

    private static final int INTERNAL_ERROR = -32603;

    private static final String RESULT = "result";
    private static final String ERROR = "error";

    private final JsonNode message;
    private final @Nullable CallResult came;

    private AnswerNode(JsonNode message, @Nullable CallResult came) {
        this.message = message;
        this.came = came;
    }

    static AnswerNode of(JsonNode message) {
        if (message.has(RESULT)) {
            return new AnswerNode(message, CallResult.of(JsonMap.of(message.get(RESULT))));
        }
        return new AnswerNode(message, message.hasNonNull(ERROR) ? failure(message.get(ERROR)) : null);
    }

    /** The message as it came. */
    JsonNode message() {
        return message;
    }

    /** What the policy judges of the message; null if it has neither a result nor an error. */
    @Nullable
    CallResult came() {
        return came;
    }

    private static CallResult failure(JsonNode error) {
        if (!error.isObject()) {
            return CallResult.failed(null, null, JsonMap.of(error));
        }
        JsonNode text = error.path("message");
        return CallResult.failed(
                JsonMap.of(error.path("code")),
                text.isNull() || text.isMissingNode() ? null : text.isTextual() ? text.textValue() : text.toString(),
                JsonMap.of(error.path("data")));
    }

    /** Returns a message with nothing but what was judged. Nothing has read what else is in the one that came. */
    @SuppressWarnings("ReferenceEquality") // what was not changed is the same object
    ObjectNode shown(@Nullable CallResult judged) {
        ObjectNode shown = JsonNodeFactory.instance.objectNode();
        shown.put("jsonrpc", "2.0");
        if (message.has("id")) {
            shown.set("id", message.get("id"));
        }
        if (judged == null) {
            return shown.set(ERROR, null);
        }
        CallResult.ProtocolError failure = judged.error();
        if (failure == null) {
            return shown.set(
                    RESULT,
                    came != null && judged.result() == came.result()
                            ? message.get(RESULT)
                            : Json.tree(judged.result()));
        }
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.set(
                "code",
                failure.code() instanceof Number number
                        ? Json.tree(number)
                        : JsonNodeFactory.instance.numberNode(INTERNAL_ERROR));
        error.put("message", failure.message() == null ? "" : failure.message());
        if (failure.data() != null) {
            error.set("data", Json.tree(failure.data()));
        }
        return shown.set(ERROR, error);
    }

    /** Reveals nothing of what was said. */
    @Override
    public String toString() {
        return "an answer to " + message.path("id");
    }
}
