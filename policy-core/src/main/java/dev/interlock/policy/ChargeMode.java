package dev.interlock.policy;

import java.util.Locale;

/** When an amount that was reserved for a call is given back: {@code charge} in a document. */
public enum ChargeMode {
    /** Given back if the call fails as a protocol error, before it reaches the server or at the server. */
    SUCCESS,
    /** Given back only if the call was never sent, so that a loop of failing calls also uses up the limit. */
    SENT;

    /** Returns the mode as policies write it: {@code success}, {@code sent}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
