package dev.interlock.policy.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The listeners for changes of what is enforced. A listener that is added twice is notified twice. Thread-safe. */
final class ChangeListeners {

    private final Map<Object, Runnable> listeners = new ConcurrentHashMap<>();

    /** Adds a listener. The returned object removes it. */
    Runnable add(Runnable listener) {
        Object key = new Object();
        listeners.put(key, listener);
        return () -> listeners.remove(key);
    }

    void tell() {
        for (Runnable listener : listeners.values()) {
            try {
                listener.run();
            } catch (Throwable ignored) {
                // The change is in force whatever a listener does, and the other listeners must be notified.
            }
        }
    }

    int size() {
        return listeners.size();
    }
}
