package dev.interlock.policy.engine;

import dev.interlock.policy.value.KnownNames;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the requests that a server makes of its client inside other data: {@code inputRequests} in the result of any
 * request, in tasks that the server reports, and what error -32042 asks for. {@link PolicyEngine#admitEmbedded} decides
 * on the requests that are found.
 *
 * <p>The search finds everything that some client would read. So it ignores {@code resultType} and differences in the
 * spelling of names. Anything that can't be read counts as a request without a method, which is refused. It does not
 * look into texts, structured content or {@code _meta}, because no client reads requests there.
 *
 * <p>Thread-safe and stateless.
 */
public final class EmbeddedRequests {

    /** What a server may request in this way. */
    static final Set<String> METHODS = Set.of("elicitation/create", "sampling/createMessage", "roots/list");

    /** How many requests are distinguished in one answer. A person or a model is asked about each of them. */
    private static final int MAX = 100;

    private static final String ELICITATION = "elicitation/create";

    /** "URL elicitation required" of MCP 2025-11-25. */
    private static final BigDecimal URL_ELICITATION_REQUIRED = BigDecimal.valueOf(-32042);

    /** The longest code that is read, in characters. Reading takes more than linear time. */
    private static final int MAX_CODE = 64;

    /** The longest type of a result that is read, in characters. */
    private static final int MAX_TYPE = 64;

    /** The deepest nesting that is read. The deepest valid case is a task whose result is a task. */
    private static final int MAX_DEPTH = 8;

    /** How many objects and lists are searched. A page of tasks has fewer. */
    private static final int MAX_LOOKED = 10_000;

    private static final String UNREADABLE = "";

    private static final KnownNames NAMES = KnownNames.of(
            "inputRequests",
            "result",
            "error",
            "task",
            "tasks",
            "data",
            "code",
            "elicitation",
            "elicitations",
            "method");

    /** What only an answer has that asks for input, besides its type. */
    private static final KnownNames INPUT = KnownNames.of("inputRequests", "requestState", "resultType");

    private static final KnownNames PARAMS = KnownNames.of("params");

    private static final KnownNames INPUT_REQUIRED = KnownNames.of("inputRequired");

    private enum Where {
        RESULT,
        ERROR,
        /** What the error asks for in addition to the elicitation that its code requests. */
        ELICITING_ERROR
    }

    private final List<EmbeddedRequest> requests = new ArrayList<>();
    private int looked;

    private EmbeddedRequests() {}

    /**
     * Returns the requests in a result, or in the parameters of a notification, in order.
     *
     * @param result plain maps, lists and scalars; anything else contains no requests
     * @return unmodifiable; an empty text stands for a request that can't be read, for data that is nested too deep,
     *     and for data that is too large
     */
    public static List<EmbeddedRequest> inResult(@Nullable Object result) {
        if (!(result instanceof Map<?, ?> members)) {
            return List.of();
        }
        EmbeddedRequests found = null;
        for (Map.Entry<?, ?> member : members.entrySet()) {
            String name = meant(member);
            if (name != null && member.getValue() != null) {
                found = found == null ? new EmbeddedRequests() : found;
                found.lookAt(name, member.getValue(), Where.RESULT, 0);
            }
        }
        return found == null ? List.of() : List.copyOf(found.requests);
    }

    /**
     * Returns the requests in a response that has an error. A reader may follow the error or the result,
     * if there is one as well.
     *
     * @param result as for {@link #inResult}
     * @param code as for {@link #inError}
     * @param data as for {@link #inError}
     */
    public static List<EmbeddedRequest> inResponse(
            @Nullable Object result, @Nullable Object code, @Nullable Object data) {
        List<EmbeddedRequest> all = new ArrayList<>(inResult(result));
        all.addAll(inError(code, data));
        return all;
    }

    /**
     * Returns whether some client would take a result for one that asks for input ({@code input_required}) and make the
     * request again.
     *
     * @param result plain maps, lists and scalars; anything else asks for nothing
     */
    public static boolean asksForInput(@Nullable Object result) {
        if (!(result instanceof Map<?, ?> members)) {
            return false;
        }
        for (Map.Entry<?, ?> member : members.entrySet()) {
            String name = meant(INPUT, member.getKey());
            Object value = member.getValue();
            if (name != null && value != null && (!name.equals("resultType") || isInputRequired(value))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInputRequired(Object type) {
        return type instanceof String text
                && text.length() <= MAX_TYPE
                && meant(INPUT_REQUIRED, text.strip().replace("-", "")) != null;
    }

    /**
     * Returns the requests in an error.
     *
     * @param code the error's code
     * @param data the error's data: plain maps, lists and scalars
     * @return unmodifiable; an empty text stands for a request that can't be read, for data that is nested too deep,
     *     and for data that is too large
     */
    public static List<EmbeddedRequest> inError(@Nullable Object code, @Nullable Object data) {
        EmbeddedRequests found = new EmbeddedRequests();
        found.lookInto(data, found.in(isUrlElicitation(code)), 0);
        return List.copyOf(found.requests);
    }

    /** An error whose code asks for an elicitation asks for at least one, whatever its data is. */
    private Where in(boolean elicits) {
        if (elicits) {
            add(ELICITATION);
        }
        return elicits ? Where.ELICITING_ERROR : Where.ERROR;
    }

    private void lookAt(String name, Object value, Where where, int depth) {
        switch (name) {
            case "inputRequests" -> addRequests(value);
            // A task contains the result, or the error, of the request that it stands for.
            case "error" -> lookInto(value, in(value instanceof Map<?, ?> error && elicits(error)), depth);
            case "result", "task" -> lookInto(value, Where.RESULT, depth);
            case "tasks" -> lookInto(value instanceof Map<?, ?> byId ? byId.values() : value, Where.RESULT, depth);
            case "data" -> {
                if (where != Where.RESULT) {
                    lookInto(value, where, depth);
                }
            }
            case "elicitation", "elicitations" -> {
                if (where == Where.ERROR) {
                    add(ELICITATION);
                }
            }
            default -> {
                // It has another meaning elsewhere.
            }
        }
    }

    private void lookInto(@Nullable Object value, Where where, int depth) {
        if (!(value instanceof Map<?, ?>) && !(value instanceof Collection<?>)) {
            return;
        }
        if (depth == MAX_DEPTH || looked == MAX_LOOKED) {
            add(UNREADABLE);
            return;
        }
        looked++;
        if (value instanceof Map<?, ?> members) {
            for (Map.Entry<?, ?> member : members.entrySet()) {
                String name = meant(member);
                if (name != null && member.getValue() != null) {
                    lookAt(name, member.getValue(), where, depth + 1);
                }
            }
            return;
        }
        for (Object each : (Collection<?>) value) {
            if (requests.size() > MAX) {
                // Already refused.
                return;
            }
            lookInto(each, where, depth + 1);
        }
    }

    private static boolean elicits(Map<?, ?> error) {
        return error.entrySet().stream()
                .anyMatch(member -> "code".equals(meant(member)) && isUrlElicitation(member.getValue()));
    }

    /** Adds the requests in a map whose keys the server chose. */
    private void addRequests(@Nullable Object requests) {
        if (requests instanceof Map<?, ?> map) {
            map.values().forEach(request -> add(new EmbeddedRequest(method(request), params(request))));
        } else if (requests != null && !(requests instanceof List<?> list && list.isEmpty())) {
            // Some languages write an empty map as an empty list.
            add(UNREADABLE);
        }
    }

    private void add(String method) {
        add(new EmbeddedRequest(method, null));
    }

    private void add(EmbeddedRequest request) {
        if (requests.size() < MAX) {
            requests.add(request);
        } else if (requests.size() == MAX) {
            requests.add(new EmbeddedRequest(UNREADABLE, null));
        }
    }

    /** The parameters; null if it isn't certain which they are. */
    private static @Nullable Object params(@Nullable Object request) {
        if (!(request instanceof Map<?, ?> members)) {
            return null;
        }
        boolean unclear = members.keySet().stream()
                .anyMatch(name -> name instanceof String text
                        && !text.equals("params")
                        && "params".equals(PARAMS.meant(text.replace("_", ""))));
        return unclear ? null : members.get("params");
    }

    private static String method(@Nullable Object request) {
        String method = null;
        if (request instanceof Map<?, ?> members) {
            for (Map.Entry<?, ?> member : members.entrySet()) {
                if ("method".equals(meant(member))) {
                    if (method != null || !"method".equals(member.getKey())) {
                        // Readers differ in which of the two they read.
                        return UNREADABLE;
                    }
                    method = member.getValue() instanceof String text ? text : UNREADABLE;
                }
            }
        }
        return method == null ? UNREADABLE : method;
    }

    /** The member's name, or the name that some reader takes it for. Null if it has nothing to do with requests. */
    private static @Nullable String meant(Map.Entry<?, ?> member) {
        return meant(NAMES, member.getKey());
    }

    private static @Nullable String meant(KnownNames names, @Nullable Object text) {
        return text instanceof String name ? names.meant(name.replace("_", "")) : null;
    }

    private static boolean isUrlElicitation(@Nullable Object code) {
        if (!(code instanceof Number) && !(code instanceof String)) {
            return false;
        }
        try {
            String text = code.toString().strip();
            return text.length() <= MAX_CODE && new BigDecimal(text).compareTo(URL_ELICITATION_REQUIRED) == 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
