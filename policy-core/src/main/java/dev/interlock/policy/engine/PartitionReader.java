package dev.interlock.policy.engine;

import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values by which a limit counts separately, besides its scope. Values are compared by their canonical text.
 * A value that is missing, ambiguous, null, a list, a map, blank, too long, or that has characters that can't be seen
 * or told apart doesn't count as a value: otherwise a caller could have as many counts for one customer as it can spell
 * the customer's name.
 */
final class PartitionReader {

    /** Reads nothing: the limit counts separately by its scope alone. */
    static final PartitionReader NONE = new PartitionReader(List.of());

    /** The most code points of a value. */
    static final int LONGEST = 256;

    private final List<PartitionKey> keys;

    /** Where the values stand; null stands for all arguments. */
    private final @Nullable PathReader[] readers;

    private PartitionReader(List<PartitionKey> keys) {
        this.keys = keys;
        this.readers = new @Nullable PathReader[keys.size()];
        for (int i = 0; i < readers.length; i++) {
            Path path = keys.get(i).path();
            readers[i] = path == null ? null : reader(path);
        }
    }

    static PartitionReader of(List<PartitionKey> keys) {
        return keys.isEmpty() ? NONE : new PartitionReader(keys);
    }

    private static PathReader reader(Path path) {
        return switch (path.root()) {
            case ARGS, PARAMS -> PathReader.argument(path);
            case CTX -> PathReader.of((call, counters) -> call.context(), path.steps());
            default -> PathReader.of(PlanCompiler.callSource(path.member(0)), List.of());
        };
    }

    boolean isEmpty() {
        return readers.length == 0;
    }

    /** Whether the call has every value. */
    boolean isKnown(ToolCall call) {
        for (PathReader reader : readers) {
            if (reader == null ? !call.arguments().isKnown() : scalar(reader, call) == null) {
                return false;
            }
        }
        return true;
    }

    /**
     * The values of a call, joined by commas; null if it {@linkplain #isKnown lacks} one. Commas in the values before
     * the last are escaped, so that different values are never joined to the same text.
     */
    @Nullable
    String values(ToolCall call) {
        if (readers.length == 0) {
            return "";
        }
        if (readers.length == 1) {
            return value(0, call);
        }
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < readers.length; i++) {
            String value = value(i, call);
            if (value == null) {
                return null;
            }
            joined.append(i < readers.length - 1 ? escaped(value) + "," : value);
        }
        return joined.toString();
    }

    private @Nullable String value(int index, ToolCall call) {
        PathReader reader = readers[index];
        if (reader == null) {
            return call.arguments().isKnown()
                    ? CanonicalJson.digest(call.arguments().root())
                    : null;
        }
        String text = scalar(reader, call);
        return text != null && keys.get(index).fold() ? Skeleton.caseless(text) : text;
    }

    /** The text of one value; null if it is none that can be counted by. */
    private static @Nullable String scalar(PathReader reader, ToolCall call) {
        Value value = reader.read(call, CounterSnapshot.NONE);
        String text = text(value);
        return text != null && value instanceof Value.Text && !isPlain(text) ? null : text;
    }

    private static String escaped(String value) {
        return value.indexOf(',') < 0 && value.indexOf('%') < 0
                ? value
                : value.replace("%", "%25").replace(",", "%2c");
    }

    /** The canonical text of a scalar. Null for anything else, and for a number that is written in too many digits. */
    private static @Nullable String text(@Nullable Value value) {
        if (value instanceof Value.Text text) {
            return text.value();
        }
        if (value instanceof NumberValue number) {
            return number.plainText(LONGEST);
        }
        return value instanceof Value.Bool bool ? (bool.value() ? "true" : "false") : null;
    }

    private static boolean isPlain(String text) {
        int length = text.length();
        if (length > LONGEST && (length > 2 * LONGEST || text.codePointCount(0, length) > LONGEST)) {
            return false;
        }
        boolean blank = true;
        boolean afterSpace = false;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c == ' ') {
                if (afterSpace) {
                    return false;
                }
                afterSpace = true;
                continue;
            }
            if (c < ' ' || c >= 0x7F) {
                int point = text.codePointAt(i);
                if (VisibleText.isInvisible(point)) {
                    return false;
                }
                i += Character.charCount(point) - 1;
            }
            afterSpace = false;
            blank = false;
        }
        return !blank;
    }

    /** What the limit counts separately by, for people: {@code args.customer and ctx.tenant}. */
    String text() {
        return keys.stream().map(PartitionKey::text).collect(Collectors.joining(" and "));
    }

    /** Readers of the same values are equal. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PartitionReader reader && keys.equals(reader.keys);
    }

    @Override
    public int hashCode() {
        return keys.hashCode();
    }
}
