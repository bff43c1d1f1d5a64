package dev.interlock.policy.mcp;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the clients of the SDK's modern API whose calls no policy decides. An application runs this once at its start,
 * over all that it has built: a framework may bring such clients with an update, beside those that are wrapped.
 *
 * <p>The classes are known by their names. So this also runs on a version of the SDK without the modern API, where it
 * finds nothing. Thread-safe.
 */
public final class ModernClients {

    private static final Logger log = LoggerFactory.getLogger(ModernClients.class);

    private static final String SDK = "io.modelcontextprotocol.";
    private static final Set<String> CLIENTS = Set.of(
            "io.modelcontextprotocol.modern.client.McpSyncClient",
            "io.modelcontextprotocol.modern.client.McpAsyncClient");
    private static final String TRANSPORT = "io.modelcontextprotocol.modern.client.transport.McpClientTransport";
    private static final String GUARD = "dev.interlock.policy.mcp.EnforcingModernTransport";

    /** How many objects are looked at altogether. */
    private static final int MAX_LOOKED = 1_000_000;

    /** The classes that a warning was logged for. */
    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private ModernClients() {}

    /**
     * Returns the classes of the clients and transports of the modern API among these objects that no {@link
     * EnforcingModernTransport} wraps, and logs a warning about each class once. A transport that is wrapped, and a
     * client of a wrapped transport, are not among them, and neither is a transport of the host's own that passes on to
     * a wrapped one. If it can't be seen what a client sends through, it counts as not wrapped.
     *
     * @param objects what the application has built, such as all beans; the elements of collections, maps, arrays and
     *     records among them are looked at, too
     * @return the names of the classes, sorted; empty if everything is wrapped, or there is nothing of the modern API
     */
    public static List<String> unguarded(Iterable<?> objects) {
        Set<Object> found = identitySet();
        objects.forEach(object -> collect(object, found));
        Set<Object> wrapped = identitySet();
        for (Object each : found) {
            if (reaches(each, GUARD)) {
                wrapped.addAll(reachable(each, true));
            }
        }
        Set<String> unguarded = new TreeSet<>();
        for (Object each : found) {
            if (!wrapped.contains(each) && !reaches(each, GUARD)) {
                unguarded.add(each.getClass().getName());
            }
        }
        for (String name : untold(unguarded)) {
            log.warn(
                    "No policy decides the calls of {}: build clients of the modern API with an"
                            + " EnforcingModernTransport in place of their transport",
                    name);
        }
        return List.copyOf(unguarded);
    }

    /** Those of the classes that were not here before. */
    static List<String> untold(Set<String> classes) {
        return classes.stream().filter(TOLD::add).toList();
    }

    private static Set<Object> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /** Adds the clients and transports among an object and its elements. */
    private static void collect(@Nullable Object object, Set<Object> found) {
        Set<Object> seen = identitySet();
        Deque<Object> open = new ArrayDeque<>();
        push(object, seen, open);
        while (!open.isEmpty()) {
            Object next = open.pop();
            if (isOne(next)) {
                found.add(next);
            } else if (next instanceof Collection<?> collection) {
                collection.forEach(element -> push(element, seen, open));
            } else if (next instanceof Map<?, ?> map) {
                map.values().forEach(element -> push(element, seen, open));
            } else if (next instanceof Object[] array) {
                Arrays.stream(array).forEach(element -> push(element, seen, open));
            } else if (next instanceof Record) {
                values(next).forEach(element -> push(element, seen, open));
            }
        }
    }

    private static void push(@Nullable Object object, Set<Object> seen, Deque<Object> open) {
        if (object != null && seen.size() < MAX_LOOKED && seen.add(object)) {
            open.push(object);
        }
    }

    private static boolean isOne(Object object) {
        return CLIENTS.contains(object.getClass().getName()) || is(object.getClass(), TRANSPORT);
    }

    /** Whether an object is, or sends through, one of this class. */
    private static boolean reaches(Object object, String type) {
        return reachable(object, false).stream().anyMatch(each -> is(each.getClass(), type));
    }

    /**
     * The object, and what it sends through, as far as that can be seen.
     *
     * @param pastGuards whether what a guard wraps belongs to it
     */
    private static Set<Object> reachable(Object object, boolean pastGuards) {
        Set<Object> seen = identitySet();
        Deque<Object> open = new ArrayDeque<>();
        push(object, seen, open);
        while (!open.isEmpty()) {
            Object next = open.pop();
            if (pastGuards || !is(next.getClass(), GUARD)) {
                for (Object value : values(next)) {
                    if (value.getClass().getName().startsWith(SDK) || is(value.getClass(), TRANSPORT)) {
                        push(value, seen, open);
                    }
                }
            }
        }
        return seen;
    }

    /** The values of an object's fields, but for those that can't be read. */
    private static List<Object> values(Object object) {
        List<Object> values = new ArrayList<>();
        for (Class<?> type = object.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                Object value = Modifier.isStatic(field.getModifiers())
                                || field.getType().isPrimitive()
                        ? null
                        : value(field, object);
                if (value != null) {
                    values.add(value);
                }
            }
        }
        return values;
    }

    private static @Nullable Object value(Field field, Object object) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (IllegalAccessException | InaccessibleObjectException | SecurityException e) {
            log.debug("The field {} can't be read", field, e);
            return null;
        }
    }

    private static boolean is(Class<?> type, String name) {
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            if (each.getName().equals(name)
                    || Arrays.stream(each.getInterfaces()).anyMatch(implemented -> is(implemented, name))) {
                return true;
            }
        }
        return false;
    }
}
