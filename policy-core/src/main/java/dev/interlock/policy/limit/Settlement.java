package dev.interlock.policy.limit;

import dev.interlock.policy.ChargeMode;

/** How a call ended. */
public enum Settlement {
    /** The server answered with a result, be it a tool error. */
    SUCCEEDED,
    /** The server answered with a protocol error. */
    FAILED,
    /** It surely never left: it was not handed to the transport, or that sends once at most and says that it did not. */
    UNSENT,
    /** Nobody can tell: timeout, cancelled, any failure of a transport that may have sent the call before. */
    UNKNOWN;

    /** Whether an amount that was reserved in {@code mode} is given back when a call ends so. */
    public boolean givesBack(ChargeMode mode) {
        return this == UNSENT || (this == FAILED && mode == ChargeMode.SUCCESS);
    }
}
