package dev.interlock.policy.adapter;

import dev.interlock.policy.engine.CallFacts;
import dev.interlock.policy.engine.PolicyEngine;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The defaults of adapters' settings, and the checks that all adapters make. */
public final class GuardSettings {

    /** How long a response is awaited, and a call may go on over several rounds, unless the host sets another time. */
    public static final Duration CALL_TIME_TO_LIVE = Duration.ofMinutes(10);

    /** How long a call waits for a list of tools, unless the host sets another time. */
    public static final Duration TOOL_LIST_TIMEOUT = Duration.ofSeconds(10);

    /** The most responses that are awaited at once. Beyond that, calls are denied. One caller has a quarter of it. */
    public static final int MAX_PENDING = 50_000;

    /** The most bytes that the calls whose responses are awaited take up. One caller has a quarter of it. */
    public static final long MAX_PENDING_BYTES = 256L << 20;

    /** The most calls that wait for input at once. Beyond that, a call that asks for input counts as lost. */
    public static final int MAX_CONTINUATIONS = 50_000;

    private GuardSettings() {}

    /**
     * Returns a length of time that was set.
     *
     * @param name the name of the setting
     * @throws IllegalArgumentException if the length is not positive
     */
    public static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
        return value;
    }

    /**
     * Tells the engine what calls will have, so that it refuses a policy that reads anything else.
     *
     * @param resolves whether the host gave a resolver of callers
     * @param session the agent session that the host has set for all calls; null if it hasn't
     * @param context the keys of {@code ctx} that the host sets for all calls alike
     * @throws IllegalArgumentException if the policy in force reads the identity, the server's name, {@code ctx} or
     *     marks, and no call can have them
     */
    public static void requireFacts(
            PolicyEngine engine,
            boolean resolves,
            @Nullable String identity,
            @Nullable String session,
            @Nullable String server,
            Set<String> context) {
        boolean sessions = resolves || identity != null || session != null || engine.servesSoleConnection();
        engine.expect(new CallFacts(
                resolves || identity != null
                        ? null
                        : "no call here has an identity: set identity, or callContext, where the transport is wrapped",
                server != null ? null : "the server has no name: set server where the transport is wrapped",
                resolves ? null : "the host does not provide it: set callContext where the transport is wrapped",
                context,
                sessions
                        ? null
                        : "no call here has a session that outlasts its connection: set session, identity or"
                                + " callContext where the transport is wrapped"));
    }
}
