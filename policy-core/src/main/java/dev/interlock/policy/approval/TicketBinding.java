package dev.interlock.policy.approval;

import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes what a ticket is valid for: one digest of all that a yes binds. */
final class TicketBinding {

    private TicketBinding() {}

    /**
     * Returns a SHA-256, as 64 hexadecimal digits. Two requests have the same exactly if one yes is good for both.
     *
     * @throws InvalidValueException if a text is not valid Unicode. Written as bytes, it would be the same as another
     */
    static String of(ApprovalRequest request) {
        List<Value> rules = request.rules().stream().map(TicketBinding::rule).toList();
        Map<String, Value> bound = new LinkedHashMap<>();
        bound.put("identity", text(request.identity()));
        bound.put("session", text(request.session()));
        bound.put("server", text(request.server()));
        bound.put("tool", text(request.tool()));
        bound.put("otherRequest", Value.Bool.of(request.otherRequest()));
        bound.put("arguments", request.arguments().root());
        bound.put("parameters", request.parameters());
        bound.put("context", request.bound());
        bound.put("rules", new Value.Array(rules));
        bound.put("policy", text(request.policy().digest()));
        ObjectValue all = ObjectValue.of(bound);
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(CanonicalJson.of(all))) {
            throw new InvalidValueException("a string has an unpaired surrogate, which is not valid Unicode");
        }
        return CanonicalJson.digest(all);
    }

    private static Value rule(AskingRule rule) {
        return ObjectValue.of(Map.of(
                "name", text(rule.name()),
                "place", text(rule.place().path()),
                "message", text(rule.message()),
                "seconds", NumberValue.of(rule.timeout().toSeconds()),
                "nanos", NumberValue.of(rule.timeout().toNanosPart())));
    }

    private static Value text(@Nullable String text) {
        return text == null ? Value.Nil.NULL : new Value.Text(text);
    }
}
