package dev.interlock.policy.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who is told that something else is enforced. Thread-safe. */
final class ChangeListeners {

    private final Set<Entry> entries = ConcurrentHashMap.newKeySet();

    /** One listener. The same may be added twice, and is then told twice. */
    private static final class Entry {

        final Runnable listener;

        Entry(Runnable listener) {
            this.listener = listener;
        }
    }

    /** Adds a listener; what comes back takes it away. */
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
                // The change is in force whatever a listener does, and the others are to hear of it.
            }
        }
    }

    int size() {
        return entries.size();
    }
}
