package dev.interlock.policy.testing;

import dev.interlock.policy.limit.Settlement;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How a call ended that was let through, as test files and recordings write it. */
public enum CallOutcome {
    /** The server answered with a result. */
    SUCCESS(Settlement.SUCCEEDED),
    /** The server answered with a result that says that the tool failed; limits see no difference to success. */
    TOOL_ERROR(Settlement.SUCCEEDED),
    /** The server answered with a JSON-RPC error. */
    ERROR(Settlement.FAILED),
    /** The call never left. */
    UNSENT(Settlement.UNSENT),
    /** Nobody can tell: time-out, cancelled, connection lost. */
    UNKNOWN(Settlement.UNKNOWN);

    private final Settlement settlement;

    CallOutcome(Settlement settlement) {
        this.settlement = settlement;
    }

    /** What it means for limits. */
    public Settlement settlement() {
        return settlement;
    }

    /** As it is written: {@code tool_error}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The outcome that is written so, if there is one. */
    public static Optional<CallOutcome> of(String text) {
        return Arrays.stream(values())
                .filter(outcome -> outcome.text().equals(text))
                .findFirst();
    }

    /** All of them, as they are written. */
    public static List<String> texts() {
        return Arrays.stream(values()).map(CallOutcome::text).toList();
    }
}
