package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a call ended. The audit log, metrics, traces, test files and recordings all call it by its {@link #text}.
 */
public enum Settlement {
    /** The server answered with a result. */
    SUCCEEDED("success"),
    /** The server answered with a result that says that the tool failed: {@code isError}. It has run, so limits stay charged. */
    TOOL_ERROR("tool_error"),
    /** The server answered with a protocol error. */
    FAILED("error"),
    /** It surely never left: it was not handed to the transport, or that sends once at most and says that it did not. */
    UNSENT("unsent"),
    /** Nobody can tell: timeout, cancelled, any failure of a transport that may have sent the call before. */
    UNKNOWN("unknown");

    private static final List<String> TEXTS =
            Arrays.stream(values()).map(Settlement::text).toList();

    private final String text;

    Settlement(String text) {
        this.text = text;
    }

    /**
     * How a call ended that a server answered with this result: {@link #TOOL_ERROR} if its {@code isError} is true, else
     * {@link #SUCCEEDED}. What JSON libraries commonly read as true counts as true: the text {@code "true"}, in any case,
     * and a number other than 0.
     *
     * @param result the result as JSON has it; null and anything but a map is a result that says nothing of an error
     */
    public static Settlement ofResult(@Nullable Object result) {
        return result instanceof Map<?, ?> members && isTrue(members.get("isError")) ? TOOL_ERROR : SUCCEEDED;
    }

    private static boolean isTrue(@Nullable Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        if (value instanceof String text) {
            return text.strip().equalsIgnoreCase("true");
        }
        if (value instanceof BigDecimal number) {
            return number.signum() != 0;
        }
        if (value instanceof BigInteger number) {
            return number.signum() != 0;
        }
        return value instanceof Number number && number.doubleValue() != 0;
    }

    /** As it is written: {@code tool_error}. */
    public String text() {
        return text;
    }

    /** The one that is written so, if there is one. */
    public static Optional<Settlement> of(String text) {
        return Arrays.stream(values()).filter(end -> end.text.equals(text)).findFirst();
    }

    /** All of them, as they are written. */
    public static List<String> texts() {
        return TEXTS;
    }

    /** Whether an amount that was reserved in {@code mode} is given back when a call ends so. */
    public boolean givesBack(ChargeMode mode) {
        return this == UNSENT || (this == FAILED && mode == ChargeMode.SUCCESS);
    }
}
