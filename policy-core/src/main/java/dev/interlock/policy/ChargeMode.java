package dev.interlock.policy;

import java.util.Locale;

/** Which calls count: {@code charge} in a document, or {@code counts: failures}. */
public enum ChargeMode {
    /** Given back if the call fails as a protocol error, before it reaches the server or at the server. */
    SUCCESS,
    /** Given back only if the call was never sent, so that a loop of failing calls also uses up the limit. */
    SENT,
    /**
     * Reserved by no call, and counted for each that ends as an error, a tool error or unknown. A call is let through
     * while less than the maximum is counted.
     */
    FAILURES;

    /** Returns the mode as policies write it: {@code success}, {@code sent}, {@code failures}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
