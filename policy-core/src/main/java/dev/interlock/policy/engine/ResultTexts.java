package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.value.InvalidValueException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the texts of an answer: every string but what says how to read the rest (keys, types), what stands for
 * bytes (images, audio, blobs), and the state that a server gives to get it back. Throws {@link InvalidValueException}
 * if the answer is no JSON.
 */
final class ResultTexts {

    private final UnaryOperator<String> change;

    private ResultTexts(UnaryOperator<String> change) {
        this.change = change;
    }

    /** Every text, in order, joined by line ends. A single text is the same object. */
    static String joined(CallResult came) {
        List<String> texts = new ArrayList<>();
        changed(came, text -> {
            texts.add(text);
            return text;
        });
        return texts.size() == 1 ? texts.get(0) : String.join("\n", texts);
    }

    /**
     * The same answer with other texts. It is the same object if {@code change} always returns what it was given, and
     * so is every part of it that has no other text.
     */
    static CallResult changed(CallResult came, UnaryOperator<String> change) {
        ResultTexts texts = new ResultTexts(change);
        CallResult.ProtocolError error = came.error();
        if (error == null) {
            Object result = texts.top(came.result());
            return isSame(result, came.result()) ? came : CallResult.of(result);
        }
        texts.any(error.code(), 0);
        String message = error.message() == null ? null : texts.text(error.message());
        Object data = texts.any(error.data(), 1);
        return isSame(message, error.message()) && isSame(data, error.data())
                ? came
                : CallResult.failed(error.code(), message, data);
    }

    @SuppressWarnings("ReferenceEquality") // What was not changed is the same object.
    private static boolean isSame(@Nullable Object one, @Nullable Object other) {
        return one == other;
    }

    private String text(String text) {
        return Objects.requireNonNull(change.apply(text));
    }

    private @Nullable Object top(@Nullable Object result) {
        return result instanceof Map<?, ?> map ? members(map, 0, true, true) : any(result, 0);
    }

    /** A value whose members have names of the protocol. */
    private @Nullable Object part(@Nullable Object value, int depth) {
        if (value instanceof Map<?, ?> map) {
            return members(map, depth, true, false);
        }
        return value instanceof Collection<?> items ? items(items, depth, true) : any(value, depth);
    }

    /** A value in which every string is a text. */
    private @Nullable Object any(@Nullable Object value, int depth) {
        if (value instanceof String text) {
            return text(text);
        }
        if (value instanceof Map<?, ?> map) {
            return members(map, depth, false, false);
        }
        if (value instanceof Collection<?> items) {
            return items(items, depth, false);
        }
        if (value == null || value instanceof Boolean || value instanceof Number) {
            return value;
        }
        throw new InvalidValueException("a " + value.getClass().getName() + " is not a JSON value");
    }

    private Object members(Map<?, ?> map, int depth, boolean protocol, boolean top) {
        enter(depth);
        Map<Object, @Nullable Object> changed = null;
        for (Map.Entry<?, ?> member : map.entrySet()) {
            if (!(member.getKey() instanceof String name)) {
                throw new InvalidValueException("a key of an object is not a string");
            }
            Object value = member.getValue();
            Object other;
            if (!protocol || name.equals("structuredContent") || name.equals("_meta") || name.equals("input")) {
                other = any(value, depth + 1);
            } else {
                other = value instanceof String text && !isText(name, text, map, top) ? value : part(value, depth + 1);
            }
            if (!isSame(other, value)) {
                if (changed == null) {
                    changed = new LinkedHashMap<>(map);
                }
                changed.put(name, other);
            }
        }
        return changed == null ? map : changed;
    }

    private Object items(Collection<?> items, int depth, boolean protocol) {
        enter(depth);
        List<@Nullable Object> changed = null;
        int index = 0;
        for (Object item : items) {
            Object other = protocol ? part(item, depth + 1) : any(item, depth + 1);
            if (!isSame(other, item)) {
                if (changed == null) {
                    changed = new ArrayList<>(items);
                }
                changed.set(index, other);
            }
            index++;
        }
        return changed == null ? items : changed;
    }

    private static void enter(int depth) {
        if (depth > ResultSize.MAX_DEPTH) {
            throw new InvalidValueException("nested deeper than " + ResultSize.MAX_DEPTH + " levels");
        }
    }

    /** Whether the string under a name of the protocol is a text. */
    private static boolean isText(String name, String text, Map<?, ?> map, boolean top) {
        return switch (name) {
            case "type", "resultType", "method" -> !isWord(text);
            case "mimeType", "blob" -> false;
            case "data" -> !("image".equals(map.get("type")) || "audio".equals(map.get("type")));
            case "requestState" -> !top;
            default -> true;
        };
    }

    /** Whether a string can be the name of a type or of a method. */
    private static boolean isWord(String text) {
        if (text.length() > 40) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/')) {
                return false;
            }
        }
        return true;
    }
}
