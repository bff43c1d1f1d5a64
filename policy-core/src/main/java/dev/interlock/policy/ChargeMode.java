package dev.interlock.policy;

import java.util.Locale;

/** When an amount that was reserved for a call is given back: {@code charge} in a document. */
public enum ChargeMode {
    /** Given back if the call fails as a protocol error, before the server or at it. */
    SUCCESS,
    /** Given back only if the call was never sent, so that a loop of failing calls runs dry too. */
    SENT;

    /** As policies write it: {@code success}, {@code sent}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
