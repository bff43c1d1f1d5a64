package dev.interlock.policy.naive;

import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The values of a call by which a limit counts separately. */
final class NaivePartition {

    private static final Pattern FIT = Pattern.compile("(?s)(?=.*\\S)[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]{1,256}");

    private NaivePartition() {}

    /** One for each key; null if the call lacks one of them. */
    static @Nullable List<Object> values(ToolCall call, List<PartitionKey> keys) {
        List<Object> values = new ArrayList<>();
        for (PartitionKey key : keys) {
            Object value = key.path() == null ? call.arguments().root() : value(read(call, key.path()), key.fold());
            if (value == null) {
                return null;
            }
            values.add(value);
        }
        return values;
    }

    private static @Nullable Value read(ToolCall call, Path path) {
        return switch (path.root()) {
            case ARGS -> NaiveConditions.walk(call.arguments().root(), path.steps());
            case CTX -> NaiveConditions.walk(call.context(), path.steps());
            default ->
                switch (path.member(0)) {
                    case "identity" -> text(call.identity());
                    case "session" -> text(call.session());
                    default -> text(call.server());
                };
        };
    }

    private static @Nullable Value text(@Nullable String text) {
        return text == null ? null : new Value.Text(text);
    }

    private static @Nullable String value(@Nullable Value value, boolean fold) {
        String text = null;
        if (value instanceof Value.Text given) {
            text = given.value();
        } else if (value instanceof NumberValue number) {
            text = number.toBigDecimal().signum() == 0
                    ? "0"
                    : number.toBigDecimal().stripTrailingZeros().toPlainString();
        } else if (value instanceof Value.Bool bool) {
            text = Boolean.toString(bool.value());
        }
        if (text == null || !FIT.matcher(text).matches() || text.contains("  ")) {
            return null;
        }
        return fold ? Normalizer.normalize(text, Normalizer.Form.NFKC).toUpperCase(java.util.Locale.ROOT) : text;
    }
}
