package dev.interlock.policy.mcp;

import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpServerSession;
import io.modelcontextprotocol.spec.McpServerTransport;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Checks, when a transport is wrapped, that the SDK on the class path is one on which the policy can be enforced.
 *
 * <p>It must have what this adapter needs of it: if a method were missing, that would show only when a message comes,
 * and then no client would get an answer. And the guards must cover every way on which messages pass: a transport hands
 * messages on by calling the SDK's methods, so a version with a method that a guard inherits, rather than overrides,
 * has a way around the guard.
 */
final class SdkCompatibility {

    /** For messages: the lines that the build tests. */
    private static final String SUPPORTED = "0.18 (from 0.18.3), 1.1, 2.0, 2.1 or 2.2";

    /** What the oldest supported version has and the ones before it do not, by class and method. */
    private static final Map<String, String> NEEDED =
            Map.of("io.modelcontextprotocol.json.McpJsonDefaults", "getMapper");

    private SdkCompatibility() {}

    /**
     * Returns if a client's transport can be guarded.
     *
     * @throws IllegalStateException if it can't
     */
    static void requireClient() {
        requireMembers(NEEDED);
        requireGuarded(Map.of(McpClientTransport.class, EnforcingClientTransport.class));
    }

    /**
     * Returns if a server can be guarded.
     *
     * @throws IllegalStateException if it can't
     */
    static void requireServer() {
        requireMembers(NEEDED);
        requireGuarded(Map.of(
                McpServerTransportProvider.class, GuardedProvider.class,
                McpServerTransport.class, GuardedSessionTransport.class,
                McpServerSession.class, GuardedSession.class,
                McpStreamableServerTransportProvider.class, GuardedStreamableProvider.class,
                McpStreamableServerTransport.class, GuardedStreamableTransport.class,
                McpStreamableServerSession.class, GuardedStreamableSession.class,
                McpStatelessServerTransport.class, GuardedStatelessTransport.class,
                McpStatelessServerHandler.class, GuardedStatelessTransport.Handler.class));
    }

    /**
     * Returns if these guards cover all methods.
     *
     * @param guards the guard of each of the SDK's types
     * @throws IllegalStateException if they don't
     */
    static void requireGuarded(Map<Class<?>, Class<?>> guards) {
        List<String> unknown = new ArrayList<>();
        guards.forEach((sdk, guard) -> unknown.addAll(unguarded(sdk, guard)));
        if (!unknown.isEmpty()) {
            throw new IllegalStateException(
                    "The policy can't be enforced on this version of the MCP SDK: a message could pass unseen through "
                            + String.join(", ", unknown)
                            + ", which this version of the adapter doesn't know. Use version "
                            + SUPPORTED + " of the SDK, or an adapter for the newer one.");
        }
    }

    /**
     * Returns if the SDK has these methods.
     *
     * @param needed the names of classes, and of a method of each
     * @throws IllegalStateException if it hasn't
     */
    static void requireMembers(Map<String, String> needed) {
        needed.forEach((type, method) -> {
            if (!exists(type, method)) {
                throw new IllegalStateException(
                        "The policy can't be enforced on this version of the MCP SDK: it has no "
                                + type.substring(type.lastIndexOf('.') + 1) + "." + method
                                + ", so it is too old for this version of the adapter. Use version " + SUPPORTED
                                + " of io.modelcontextprotocol.sdk:mcp-core.");
            }
        });
    }

    private static boolean exists(String type, String method) {
        try {
            return Arrays.stream(Class.forName(type, false, SdkCompatibility.class.getClassLoader())
                            .getMethods())
                    .anyMatch(known -> known.getName().equals(method));
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** The methods that {@code guard} does not override, as {@code Type.method}. */
    static List<String> unguarded(Class<?> sdk, Class<?> guard) {
        List<String> unguarded = new ArrayList<>();
        for (Method method : sdk.getMethods()) {
            boolean ofTheSdk = !method.getDeclaringClass().equals(Object.class);
            if (ofTheSdk && !Modifier.isStatic(method.getModifiers()) && !overrides(sdk, guard, method)) {
                unguarded.add(sdk.getSimpleName() + "." + method.getName());
            }
        }
        return unguarded;
    }

    /** Whether a guard has the method from elsewhere than the SDK's type: its own, or that of a base of guards. */
    private static boolean overrides(Class<?> sdk, Class<?> guard, Method method) {
        try {
            return !guard.getMethod(method.getName(), method.getParameterTypes())
                    .getDeclaringClass()
                    .isAssignableFrom(sdk);
        } catch (NoSuchMethodException e) {
            return false;
        }
    }
}
