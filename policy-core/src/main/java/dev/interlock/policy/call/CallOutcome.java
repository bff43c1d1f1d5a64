package dev.interlock.policy.call;

import dev.interlock.policy.ChargeMode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a call ended. The audit log, metrics, traces, test files and recordings all use the same {@link #text}. */
public enum CallOutcome {
    /** The server answered with a result. */
    SUCCEEDED("success"),
    /**
     * The server answered with a result that says that the tool failed: {@code isError}. It has run, so limits stay
     * charged.
     */
    TOOL_ERROR("tool_error"),
    /** The server answered with a protocol error. */
    FAILED("error"),
    /**
     * The call certainly never left: it was not handed to the transport, or the transport sends at most once and says
     * that it did not.
     */
    UNSENT("unsent"),
    /** Unknown: timeout, cancelled, or any failure of a transport that may have sent the call before. */
    UNKNOWN("unknown");

    private static final List<String> TEXTS =
            Arrays.stream(values()).map(CallOutcome::text).toList();

    private final String text;

    CallOutcome(String text) {
        this.text = text;
    }

    /**
     * Returns how a call ended if the server answered with this result: {@link #TOOL_ERROR} if its {@code isError} is
     * true, otherwise {@link #SUCCEEDED}. Values that JSON libraries commonly read as true count as true: the text
     * {@code "true"}, in any case, and a number other than 0.
     *
     * @param result the result as plain JSON values; null and anything but a map count as a result without an error
     */
    public static CallOutcome ofResult(@Nullable Object result) {
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

    /** Returns the written form: {@code tool_error}. */
    public String text() {
        return text;
    }

    /** Returns the settlement with this written form, if there is one. */
    public static Optional<CallOutcome> of(String text) {
        return Arrays.stream(values()).filter(end -> end.text.equals(text)).findFirst();
    }

    /** Returns the written forms of all settlements. */
    public static List<String> texts() {
        return TEXTS;
    }

    /** Returns whether an amount that was reserved in {@code mode} is given back when a call ends in this way. */
    public boolean givesBack(ChargeMode mode) {
        return mode != ChargeMode.FAILURES && (this == UNSENT || (this == FAILED && mode == ChargeMode.SUCCESS));
    }

    /** Returns whether a call that ends in this way may have failed: with an error, a tool error, or unknown. */
    public boolean isFailure() {
        return this == FAILED || this == TOOL_ERROR || this == UNKNOWN;
    }

    /** Returns whether this end changes what a charge in {@code mode} has counted. */
    public boolean changes(ChargeMode mode) {
        return mode == ChargeMode.FAILURES ? isFailure() : givesBack(mode);
    }
}
