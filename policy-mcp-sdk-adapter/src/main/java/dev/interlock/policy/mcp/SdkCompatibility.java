package dev.interlock.policy.mcp;

import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Checks that the guards cover every way into a server that the SDK on the class path has. A transport hands messages
 * to a session by calling its methods. So an SDK version with a method that a guard inherits, rather than overrides,
 * has a way around the guard.
 */
final class SdkCompatibility {

    private static final Map<Class<?>, Class<?>> GUARDS = Map.of(
            McpServerSession.class, GuardedSession.class,
            McpStreamableServerSession.class, GuardedStreamableSession.class,
            McpStatelessServerHandler.class, GuardedStatelessTransport.Handler.class);

    private SdkCompatibility() {}

    /**
     * Does nothing if the SDK is as expected.
     *
     * @throws IllegalStateException if it isn't
     */
    static void requireKnown() {
        requireKnown(GUARDS);
    }

    static void requireKnown(Map<Class<?>, Class<?>> guards) {
        List<String> unknown = new ArrayList<>();
        guards.forEach((sdk, guard) -> unknown.addAll(unguarded(sdk, guard)));
        if (!unknown.isEmpty()) {
            throw new IllegalStateException(
                    "The policy can't be enforced on this version of the MCP SDK: a message could"
                            + " reach the server through " + String.join(", ", unknown)
                            + ", which this version of the adapter doesn't know. Use version 2.0 or 2.1 of the SDK,"
                            + " or an adapter for the newer one.");
        }
    }

    /** The methods that {@code guard} does not override, as {@code Type.method}. */
    static List<String> unguarded(Class<?> sdk, Class<?> guard) {
        List<String> unguarded = new ArrayList<>();
        for (Method method : sdk.getMethods()) {
            boolean ofTheSdk = !method.getDeclaringClass().equals(Object.class);
            if (ofTheSdk && !Modifier.isStatic(method.getModifiers()) && !overrides(guard, method)) {
                unguarded.add(sdk.getSimpleName() + "." + method.getName());
            }
        }
        return unguarded;
    }

    private static boolean overrides(Class<?> guard, Method method) {
        return Arrays.stream(guard.getDeclaredMethods())
                .anyMatch(own -> own.getName().equals(method.getName())
                        && Arrays.equals(own.getParameterTypes(), method.getParameterTypes()));
    }
}
