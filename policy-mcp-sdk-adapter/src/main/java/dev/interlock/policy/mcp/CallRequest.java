package dev.interlock.policy.mcp;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.RequestParameters;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.KnownNames;
import dev.interlock.policy.value.ValueLimits;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A parsed {@code tools/call} request: the call to decide on, and the means to build a request that holds exactly what
 * was decided.
 *
 * <p>The caller's objects are read once, here. So a map that answers differently the second time, or changes after the
 * call, can change neither the decision nor what is sent.
 */
final class CallRequest {

    private static final String NAME = "name";
    private static final String ARGUMENTS = "arguments";
    private static final String META = "_meta";
    private static final KnownNames KNOWN =
            KnownNames.of(NAME, ARGUMENTS, META, "task", "inputResponses", "requestState");
    private static final String UNREADABLE = "its other parameters can't be read";

    private final JSONRPCRequest request;
    private final ToolCall call;
    private final Function<ToolCall, Object> params;

    private CallRequest(JSONRPCRequest request, ToolCall call, Function<ToolCall, Object> params) {
        this.request = request;
        this.call = call;
        this.params = params;
    }

    /**
     * Reads a request. A request that can't be read gives a {@linkplain ToolCall#problem malformed} call, which every
     * policy denies.
     *
     * @param converter converts parameters of an unknown Java type to plain JSON values
     */
    static CallRequest read(JSONRPCRequest request, ValueLimits limits, Function<Object, Object> converter) {
        try {
            return read(request, request.params(), limits, converter);
        } catch (Throwable e) {
            // The caller's own objects threw, possibly an Error. The message may contain anything, even a secret.
            return malformed(request, "", "its parameters can't be read");
        }
    }

    private static CallRequest read(
            JSONRPCRequest request, @Nullable Object given, ValueLimits limits, Function<Object, Object> converter) {
        if (AdapterRequests.isOurs(request.id()) && !SelfTest.isProbe(request)) {
            return malformed(
                    request, "", "its id begins with '" + AdapterRequests.ID_PREFIX + "', which no call's may");
        }
        if (given instanceof CallToolRequest typed) {
            return typed(request, typed, limits, converter);
        }
        Object params = given == null || given instanceof Map ? given : converter.apply(given);
        return params instanceof Map<?, ?> raw
                ? raw(request, raw, limits, converter)
                : malformed(request, "", "its parameters are not an object");
    }

    private static CallRequest typed(
            JSONRPCRequest request, CallToolRequest typed, ValueLimits limits, Function<Object, Object> converter) {
        if (typed.name().isBlank()) {
            return malformed(request, "", "it names no tool");
        }
        Map<String, Object> arguments = typed.arguments();
        Map<String, Object> meta = typed.meta();
        RequestParameters parameters;
        try {
            parameters = parameters(meta == null ? Map.of() : Map.of(META, meta), limits, converter);
        } catch (InvalidValueException e) {
            return malformed(request, typed.name(), UNREADABLE);
        }
        return new CallRequest(
                request,
                ToolCall.of(typed.name(), arguments, limits).saying(parameters.rest()),
                decided -> SdkRecords.call(
                        decided.tool(),
                        arguments == null && isEmpty(decided) ? null : thaw(decided),
                        meta == null ? null : meta(parameters)));
    }

    /** Converts values of types other than JSON's by way of JSON. */
    @SuppressWarnings("unchecked") // a converted object's keys are strings
    private static RequestParameters parameters(
            Map<String, ?> params, ValueLimits limits, Function<Object, Object> converter) {
        try {
            return RequestParameters.read(params, limits);
        } catch (InvalidValueException e) {
            if (converter.apply(new LinkedHashMap<>(params)) instanceof Map<?, ?> converted) {
                return RequestParameters.read((Map<String, ?>) converted, limits);
            }
            throw e;
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // the SDK's types don't say that a value may be null
    private static Map<String, Object> meta(RequestParameters parameters) {
        return parameters.toSend().get(META) instanceof Map<?, ?> meta ? (Map<String, Object>) meta : Map.of();
    }

    private static CallRequest raw(
            JSONRPCRequest request, Map<?, ?> raw, ValueLimits limits, Function<Object, Object> converter) {
        Map<String, @Nullable Object> params = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : raw.entrySet()) {
            if (!(entry.getKey() instanceof String key)) {
                return malformed(request, "", "a key of its parameters is not a string");
            }
            // Some readers match keys loosely and take the last match, so the server would see a different call.
            if (KNOWN.isLookAlike(key)) {
                return malformed(request, "", "its parameters have a key that some servers would take for another");
            }
            params.put(key, entry.getValue());
        }
        if (!(params.get(NAME) instanceof String name) || name.isBlank()) {
            return malformed(request, "", "it names no tool");
        }
        Object arguments = params.get(ARGUMENTS);
        if (arguments != null && !(arguments instanceof Map)) {
            return malformed(request, name, "its arguments are not an object");
        }
        Object meta = params.get(META);
        if (meta != null && !(meta instanceof Map)) {
            return malformed(request, name, "its metadata is not an object");
        }
        RequestParameters parameters;
        try {
            parameters = parameters(others(params), limits, converter);
        } catch (InvalidValueException e) {
            return malformed(request, name, UNREADABLE);
        }
        // Freezing checks that the keys are strings.
        @SuppressWarnings("unchecked")
        ToolCall call = ToolCall.of(name, (Map<String, ?>) arguments, limits)
                .saying(parameters.rest())
                .within(limits);
        return new CallRequest(request, call, decided -> {
            Map<String, @Nullable Object> sent = new LinkedHashMap<>(parameters.toSend());
            if (meta != null) {
                sent.putIfAbsent(META, Map.of());
            }
            sent.put(NAME, name);
            if (arguments != null || !isEmpty(decided)) {
                sent.put(ARGUMENTS, thaw(decided));
            }
            return sent;
        });
    }

    /** The parameters that the decision doesn't cover, so that a converter can skip the rest. */
    private static Map<String, @Nullable Object> others(Map<String, @Nullable Object> params) {
        Map<String, @Nullable Object> others = new LinkedHashMap<>(params);
        others.remove(NAME);
        others.remove(ARGUMENTS);
        // Null is the same as absent, and is not an object to look into.
        others.remove(META, null);
        return others;
    }

    private static boolean isEmpty(ToolCall decided) {
        return decided.arguments().root().size() == 0;
    }

    @SuppressWarnings("NullAway") // the SDK's types don't say that an argument may be null
    private static Map<String, Object> thaw(ToolCall decided) {
        return decided.arguments().root().toJava();
    }

    /**
     * A request that every policy denies.
     *
     * @param tool the name of the tool, empty if that can't be read
     * @param problem what is wrong with the request
     */
    static CallRequest malformed(JSONRPCRequest request, String tool, String problem) {
        return new CallRequest(request, ToolCall.malformed(tool, problem), decided -> {
            throw new IllegalStateException("a call that can't be read must not be sent: " + problem);
        });
    }

    /** The call to decide on. It doesn't say yet who makes it. */
    ToolCall call() {
        return call;
    }

    /**
     * Returns a request that holds what was decided and keeps everything else of the original.
     *
     * @param decided the call, or the one that a person has approved in its place
     */
    JSONRPCRequest saying(ToolCall decided) {
        return SdkRecords.with(request, params.apply(decided));
    }

    /**
     * The request's {@code _meta}, to send with our own requests on its behalf. Without the progress token, by which
     * its caller awaits progress.
     */
    Map<String, Object> meta() {
        return meta(request);
    }

    /** Does the same for a call that was read before. */
    static Map<String, Object> meta(JSONRPCRequest request) {
        Object given = request.params() instanceof CallToolRequest typed
                ? typed.meta()
                : request.params() instanceof Map<?, ?> raw ? raw.get(META) : null;
        Map<String, Object> meta = new LinkedHashMap<>();
        if (given instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                if (key instanceof String name && value != null && !name.equals("progressToken")) {
                    meta.put(name, value);
                }
            });
        }
        return meta;
    }

    Object id() {
        return request.id();
    }
}
