package dev.interlock.policy.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The listeners for changes of what is enforced. Thread-safe. */
final class ChangeListeners {

    private final Set<Entry> entries = ConcurrentHashMap.newKeySet();

    /** One listener. A listener that is added twice is notified twice. */
    private static final class Entry {

        final Runnable listener;

        Entry(Runnable listener) {
            this.listener = listener;
        }
    }

    /** Adds a listener. The returned object removes it. */
    Runnable add(Runnable listener) {
        Entry entry = new Entry(listener);
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    void tell() {
        for (Entry entry : entries) {
            try {
                entry.listener.run();
            } catch (Throwable ignored) {
                // The change is in force whatever a listener does, and the other listeners must be notified.
            }
        }
    }

    int size() {
        return entries.size();
    }
}
