package dev.interlock.policy.mcp;

import dev.interlock.policy.value.ObjectValue;
import org.jspecify.annotations.Nullable;

/**
 * What the host knows of one call and the wire can't tell.
 *
 * @param identity the agent, user or team on whose account the call is made; null leaves it to what the transport was
 *     wrapped with
 * @param session the agent session; null leaves it to what {@link EnforcementBuilder#session} says
 * @param facts what conditions read as {@code ctx.<key>}
 */
public record CallContext(
        @Nullable String identity, @Nullable String session, ObjectValue facts) {

    /** Nothing is known. */
    public static final CallContext EMPTY = new CallContext(null, null, ObjectValue.EMPTY);

    /** A caller of whom only the identity is known. */
    public static CallContext by(String identity) {
        return new CallContext(identity, null, ObjectValue.EMPTY);
    }

    /** The same in this agent session. */
    public CallContext in(String session) {
        return new CallContext(identity, session, facts);
    }

    /** The same with what conditions read as {@code ctx.<key>}. */
    public CallContext with(ObjectValue facts) {
        return new CallContext(identity, session, facts);
    }

    /** Tells nothing: what is known of callers comes from headers and tokens. */
    @Override
    public String toString() {
        return "call context";
    }
}
