package dev.interlock.policy.engine;

import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.Value;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How large an answer is: the bytes of its JSON in UTF-8 without blanks, with characters beyond ASCII and slashes
 * unescaped. Throws {@link InvalidValueException} if it can't be written as JSON.
 */
final class ResultSize {

    /** How deep an answer may nest. Trees are walked by recursion, and a hostile one must not exhaust a stack. */
    static final int MAX_DEPTH = 200;

    private ResultSize() {}

    /** The size of a result or an error. */
    static long of(CallResult came) {
        CallResult.ProtocolError error = came.error();
        return error == null ? bytes(came.result(), 0) : bytes(error);
    }

    private static long bytes(CallResult.ProtocolError error) {
        long bytes = 2 + "\"code\":".length() + bytes(error.code(), 1);
        if (error.message() != null) {
            bytes += ",\"message\":".length() + quoted(error.message());
        }
        return error.data() == null ? bytes : bytes + ",\"data\":".length() + bytes(error.data(), 1);
    }

    /** Whether an answer has at most so many bytes. Counts them one by one only if it may have more. */
    static boolean isWithin(CallResult came, long most) {
        CallResult.ProtocolError error = came.error();
        if (error == null && bound(came.result(), most, 0) >= 0) {
            return true;
        }
        return of(came) <= most;
    }

    /**
     * What is left of {@code room} after a value, by a bound that takes no look at the characters; negative if the
     * value may not fit.
     */
    private static long bound(@Nullable Object value, long room, int depth) {
        if (room < 0 || depth > MAX_DEPTH) {
            return -1;
        }
        if (value instanceof String text) {
            return room - 2 - 6L * text.length();
        }
        if (value == null || value instanceof Boolean) {
            return room - 5;
        }
        if (value instanceof Integer || value instanceof Long) {
            return room - 20;
        }
        long left = room - 2;
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> member : map.entrySet()) {
                if (!(member.getKey() instanceof String name)) {
                    return -1;
                }
                left = bound(member.getValue(), left - 4 - 6L * name.length(), depth + 1);
                if (left < 0) {
                    return left;
                }
            }
            return left;
        }
        if (value instanceof List<?> list) {
            for (int i = 0; i < list.size() && left >= 0; i++) {
                left = bound(list.get(i), left - 1, depth + 1);
            }
            return left;
        }
        return -1;
    }

    /** The size of a value. */
    static long bytes(@Nullable Object value) {
        return bytes(value, 0);
    }

    private static long bytes(@Nullable Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new InvalidValueException("nested deeper than " + MAX_DEPTH + " levels");
        }
        if (value instanceof String text) {
            return quoted(text);
        }
        if (value == null) {
            return 4;
        }
        if (value instanceof Boolean bool) {
            return bool ? 4 : 5;
        }
        if (value instanceof Number number) {
            return Value.freeze(number).json().length();
        }
        long bytes = 2;
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> member : map.entrySet()) {
                if (!(member.getKey() instanceof String name)) {
                    throw new InvalidValueException("a key of an object is not a string");
                }
                bytes += (bytes == 2 ? 1 : 2) + quoted(name) + bytes(member.getValue(), depth + 1);
            }
            return bytes;
        }
        if (value instanceof Collection<?> items) {
            for (Object item : items) {
                bytes += (bytes == 2 ? 0 : 1) + bytes(item, depth + 1);
            }
            return bytes;
        }
        throw new InvalidValueException("a " + value.getClass().getName() + " is not a JSON value");
    }

    /** The size of a text with its quotes. */
    static long quoted(String text) {
        long bytes = 2;
        for (int i = 0; i < text.length(); i++) {
            bytes += bytes(text, i);
        }
        return bytes;
    }

    /** The bytes of the character at {@code index}; 0 for the second half of one. */
    static int bytes(String text, int index) {
        char c = text.charAt(index);
        if (c < 0x80) {
            return c >= ' ' && c != '"' && c != '\\' ? 1 : escaped(c);
        }
        if (c < 0x800) {
            return 2;
        }
        if (!Character.isSurrogate(c)) {
            return 3;
        }
        if (Character.isHighSurrogate(c)
                && index + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(index + 1))) {
            return 4;
        }
        if (Character.isLowSurrogate(c) && index > 0 && Character.isHighSurrogate(text.charAt(index - 1))) {
            return 0;
        }
        throw new InvalidValueException("a string has an unpaired surrogate, which is not valid Unicode");
    }

    private static int escaped(char c) {
        return switch (c) {
            case '"', '\\', '\b', '\f', '\n', '\r', '\t' -> 2;
            default -> 6;
        };
    }
}
