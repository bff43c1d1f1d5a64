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
 * Finds the requests that a server puts to its client inside something else: {@code inputRequests} in the result of any
 * request, in tasks that it tells of, and what error -32042 asks for. What is found is decided by {@link
 * PolicyEngine#admitEmbedded}.
 *
 * <p>It looks for what some client would read, and so heeds neither {@code resultType} nor how names are written, and counts
 * what can't be read as a request without a method, which is refused. Texts, structured content and {@code _meta} are not
 * looked into: no client reads requests there.
 *
 * <p>Thread-safe; keeps nothing.
 */
public final class EmbeddedRequests {

    /** What a server may ask for in this way. */
    static final Set<String> METHODS = Set.of("elicitation/create", "sampling/createMessage", "roots/list");

    /** How many are told apart in one answer. A person or model is asked each of them. */
    private static final int MAX = 100;

    private static final String ELICITATION = "elicitation/create";

    /** "URL elicitation required" of MCP 2025-11-25. */
    private static final BigDecimal URL_ELICITATION_REQUIRED = BigDecimal.valueOf(-32042);

    /** Characters of a code that are read at most; the work grows faster than they do. */
    private static final int MAX_CODE = 64;

    /** How deep one thing may stand in another. A task with a result that is a task is as deep as it gets. */
    private static final int MAX_DEPTH = 8;

    /** How many objects and lists are looked into: more than a page of tasks has. */
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

    private enum Where {
        RESULT,
        ERROR,
        /** What it asks for besides the elicitation that its code stands for. */
        ELICITING_ERROR
    }

    private final List<String> methods = new ArrayList<>();
    private int looked;

    private EmbeddedRequests() {}

    /**
     * The methods of the requests in a result, or in the parameters of a notification, in order.
     *
     * @param result as plain maps, lists and scalars; anything else has no requests in it
     * @return unmodifiable; empty texts stand for requests that can't be read, and for what lies too deep or is too much
     */
    public static List<String> inResult(@Nullable Object result) {
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
        return found == null ? List.of() : List.copyOf(found.methods);
    }

    /**
     * The methods of the requests in an error.
     *
     * @param code the error's code
     * @param data the error's data, as plain maps, lists and scalars
     * @return unmodifiable; empty texts stand for requests that can't be read, and for what lies too deep or is too much
     */
    public static List<String> inError(@Nullable Object code, @Nullable Object data) {
        EmbeddedRequests found = new EmbeddedRequests();
        found.lookInto(data, found.in(isUrlElicitation(code)), 0);
        return List.copyOf(found.methods);
    }

    /** An error that asks for an elicitation by its code asks for one at least, whatever its data. */
    private Where in(boolean elicits) {
        if (elicits) {
            add(ELICITATION);
        }
        return elicits ? Where.ELICITING_ERROR : Where.ERROR;
    }

    private void lookAt(String name, Object value, Where where, int depth) {
        switch (name) {
            case "inputRequests" -> addRequests(value);
            // A task holds the result, or the error, of the request that it stands for.
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
                // It means something elsewhere.
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
            if (methods.size() > MAX) {
                // It is refused already.
                return;
            }
            lookInto(each, where, depth + 1);
        }
    }

    private static boolean elicits(Map<?, ?> error) {
        return error.entrySet().stream()
                .anyMatch(member -> "code".equals(meant(member)) && isUrlElicitation(member.getValue()));
    }

    /** A map from names of the server's own to requests. */
    private void addRequests(@Nullable Object requests) {
        if (requests instanceof Map<?, ?> map) {
            map.values().forEach(request -> add(method(request)));
        } else if (requests != null && !(requests instanceof List<?> list && list.isEmpty())) {
            // An empty list is what some languages write for an empty map.
            add(UNREADABLE);
        }
    }

    private void add(String method) {
        if (methods.size() < MAX) {
            methods.add(method);
        } else if (methods.size() == MAX) {
            methods.add(UNREADABLE);
        }
    }

    private static String method(@Nullable Object request) {
        String method = null;
        if (request instanceof Map<?, ?> members) {
            for (Map.Entry<?, ?> member : members.entrySet()) {
                if ("method".equals(meant(member))) {
                    if (method != null || !"method".equals(member.getKey())) {
                        // Which of the two is read depends on who reads it.
                        return UNREADABLE;
                    }
                    method = member.getValue() instanceof String text ? text : UNREADABLE;
                }
            }
        }
        return method == null ? UNREADABLE : method;
    }

    /** What a member is called, or some reader takes it to be called; null if it has nothing to do with requests. */
    private static @Nullable String meant(Map.Entry<?, ?> member) {
        return member.getKey() instanceof String key ? NAMES.meant(key.replace("_", "")) : null;
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
