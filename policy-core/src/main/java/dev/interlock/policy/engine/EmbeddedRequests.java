package dev.interlock.policy.engine;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the requests that a server puts to its client inside something else: {@code inputRequests} in the result of any
 * request, in a task that it tells of, and what error -32042 asks for. What is found is decided by {@link
 * PolicyEngine#admitEmbedded}.
 *
 * <p>It looks for what some client would read, and so heeds neither {@code resultType} nor the case of names, and counts
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

    private static final String UNREADABLE = "";

    private final List<String> methods = new ArrayList<>();

    private EmbeddedRequests() {}

    /**
     * The methods of the requests in a result, or in the parameters of a notification, in order.
     *
     * @param result as plain maps, lists and scalars; anything else has no requests in it
     * @return unmodifiable; empty texts stand for requests that can't be read
     */
    public static List<String> inResult(@Nullable Object result) {
        if (!(result instanceof Map<?, ?> members)) {
            return List.of();
        }
        EmbeddedRequests found = null;
        for (Map.Entry<?, ?> member : members.entrySet()) {
            if (member.getValue() == null) {
                continue;
            }
            // A task holds the result, or the error, of the request that it stands for.
            boolean task = is(member, "result") || is(member, "error");
            if (task || is(member, "inputRequests")) {
                found = found == null ? new EmbeddedRequests() : found;
                found.add(member);
            }
        }
        return found == null ? List.of() : List.copyOf(found.methods);
    }

    /**
     * The methods of the requests in an error.
     *
     * @param code its code, as it was read
     * @param data its data, as plain maps, lists and scalars; null if there is none
     * @return unmodifiable; empty texts stand for requests that can't be read
     */
    public static List<String> inError(@Nullable Object code, @Nullable Object data) {
        EmbeddedRequests found = new EmbeddedRequests();
        found.addError(isUrlElicitation(code), data == null ? List.of() : List.of(data));
        return List.copyOf(found.methods);
    }

    private void add(Map.Entry<?, ?> member) {
        Object value = member.getValue();
        if (is(member, "inputRequests")) {
            addRequests(value);
        } else if (value instanceof Map<?, ?> inner && is(member, "error")) {
            boolean elicits = false;
            List<Object> data = new ArrayList<>(1);
            for (Map.Entry<?, ?> each : inner.entrySet()) {
                elicits |= is(each, "code") && isUrlElicitation(each.getValue());
                if (is(each, "data") && each.getValue() != null) {
                    data.add(each.getValue());
                }
            }
            addError(elicits, data);
        } else if (value instanceof Map<?, ?> inner) {
            for (Map.Entry<?, ?> each : inner.entrySet()) {
                if (is(each, "inputRequests")) {
                    addRequests(each.getValue());
                }
            }
        }
    }

    /** An error that asks for an elicitation by its code asks for one at least, whatever its data. */
    private void addError(boolean elicits, List<Object> data) {
        if (elicits) {
            add(ELICITATION);
        }
        for (Object each : data) {
            if (each instanceof Map<?, ?> members) {
                for (Map.Entry<?, ?> member : members.entrySet()) {
                    if (is(member, "inputRequests")) {
                        addRequests(member.getValue());
                    } else if (!elicits && is(member, "elicitations") && member.getValue() != null) {
                        add(ELICITATION);
                    }
                }
            }
        }
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
                if (is(member, "method")) {
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

    private static boolean is(Map.Entry<?, ?> member, String name) {
        return member.getKey() instanceof String key && key.equalsIgnoreCase(name);
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
