package dev.interlock.policy.mcp;

import dev.interlock.policy.value.ObjectValue;
import org.jspecify.annotations.Nullable;

/**
 * What the host knows about a call but the protocol doesn't carry.
 *
 * @param identity the agent, user or team that makes the call; null falls back to the identity that the transport was
 *     wrapped with
 * @param session the agent session; null falls back to {@link EnforcementBuilder#session}
 * @param facts what conditions read as {@code ctx.<key>}
 */
public record CallContext(
        @Nullable String identity, @Nullable String session, ObjectValue facts) {

    /** A context in which nothing is known. */
    public static final CallContext EMPTY = new CallContext(null, null, ObjectValue.EMPTY);

    /** A context in which only the caller's identity is known. */
    public static CallContext by(String identity) {
        return new CallContext(identity, null, ObjectValue.EMPTY);
    }

    /** A copy of this context with this agent session. */
    public CallContext in(String session) {
        return new CallContext(identity, session, facts);
    }

    /** A copy of this context with what conditions read as {@code ctx.<key>}. */
    public CallContext with(ObjectValue facts) {
        return new CallContext(identity, session, facts);
    }

    /** Reveals nothing, since what is known about callers comes from headers and tokens. */
    @Override
    public String toString() {
        return "call context";
    }
}
