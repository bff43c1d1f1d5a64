package dev.interlock.policy.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * What is known of names that callers and servers choose, so it is bounded. It admits a name by how often it is used,
 * so that a flood of invented names does not drive out those in use. The cache behind it is made for the first such
 * name: most processes never meet one, and its classes are slow to load.
 */
final class NameCache<K, V> {

    private static final int MAX_NAMES = 10_000;

    private volatile @Nullable Cache<K, V> cache;

    @Nullable
    V get(K key) {
        Cache<K, V> made = cache;
        return made == null ? null : made.getIfPresent(key);
    }

    void put(K key, V value) {
        Cache<K, V> made = cache;
        (made == null ? make() : made).put(key, value);
    }

    private synchronized Cache<K, V> make() {
        Cache<K, V> made = cache;
        if (made == null) {
            made = Caffeine.newBuilder()
                    .maximumSize(MAX_NAMES)
                    .executor(Runnable::run)
                    .build();
            cache = made;
        }
        return made;
    }
}
