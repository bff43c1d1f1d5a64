package dev.interlock.policy.engine;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.ValueLimits;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a {@code tools/call} request other than the tool and its arguments. They are split into the
 * protocol's envelope, which differs from request to request, and the rest, which belongs to the call. Immutable,
 * except for the envelope's values.
 */
public final class RequestParameters {

    private static final String META = "_meta";

    private static final Set<String> OF_THE_CALL = Set.of("name", "arguments");

    private static final Set<String> ENVELOPE = Set.of(
            "progressToken",
            "traceparent",
            "tracestate",
            "baggage",
            "io.modelcontextprotocol/protocolVersion",
            "io.modelcontextprotocol/clientInfo",
            "io.modelcontextprotocol/clientCapabilities");

    private static final RequestParameters NONE = new RequestParameters(Map.of(), ObjectValue.EMPTY);

    private final Map<String, @Nullable Object> envelope;
    private final ObjectValue rest;

    private RequestParameters(Map<String, @Nullable Object> envelope, ObjectValue rest) {
        this.envelope = envelope;
        this.rest = rest;
    }

    /**
     * Reads the parameters of a request. Skips its tool and arguments.
     *
     * @param params the parameters by name
     * @param limits how large they may be, not counting the envelope
     * @throws dev.interlock.policy.value.InvalidValueException if they are not valid JSON or exceed the bounds
     */
    public static RequestParameters read(Map<String, ?> params, ValueLimits limits) {
        Map<String, @Nullable Object> envelope = new LinkedHashMap<>();
        Map<String, @Nullable Object> rest = new LinkedHashMap<>();
        for (Map.Entry<String, ?> entry : params.entrySet()) {
            if (entry.getKey().equals(META) && entry.getValue() instanceof Map<?, ?> meta) {
                Map<Object, @Nullable Object> others = new LinkedHashMap<>();
                for (Map.Entry<?, ?> member : meta.entrySet()) {
                    if (member.getKey() instanceof String key && ENVELOPE.contains(key)) {
                        envelope.put(key, member.getValue());
                    } else {
                        others.put(member.getKey(), member.getValue());
                    }
                }
                if (!others.isEmpty()) {
                    rest.put(META, others);
                }
            } else if (!OF_THE_CALL.contains(entry.getKey())) {
                rest.put(entry.getKey(), entry.getValue());
            }
        }
        if (envelope.isEmpty() && rest.isEmpty()) {
            return NONE;
        }
        return new RequestParameters(
                envelope,
                rest.isEmpty()
                        ? ObjectValue.EMPTY
                        : Arguments.freeze(rest, limits).root());
    }

    /** Returns what belongs to the call, for {@link ToolCall#parameters}. */
    public ObjectValue rest() {
        return rest;
    }

    /**
     * Returns what to send in addition to the tool and its arguments: exactly what was read, even if the original has
     * changed since.
     */
    public Map<String, @Nullable Object> toSend() {
        Map<String, @Nullable Object> sent = new LinkedHashMap<>(rest.toJava());
        if (!envelope.isEmpty()) {
            Map<String, @Nullable Object> meta = new LinkedHashMap<>(envelope);
            if (rest.get(META) instanceof ObjectValue others) {
                meta.putAll(others.toJava());
            }
            sent.put(META, meta);
        }
        return sent;
    }

    /** Reveals nothing of the parameters. */
    @Override
    public String toString() {
        return "parameters of a request";
    }
}
