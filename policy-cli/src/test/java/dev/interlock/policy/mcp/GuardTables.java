package dev.interlock.policy.mcp;

/** Shows tests of other packages how much a guard keeps. */
public final class GuardTables {

    private GuardTables() {}

    /** How many calls wait for input. */
    public static int waiting(EnforcingClientTransport guard) {
        return guard.continuations();
    }

    /** How many requests are being decided, or await their response. */
    public static int busy(EnforcingClientTransport guard) {
        return guard.callsBeingDecided() + guard.pendingRequests();
    }
}
