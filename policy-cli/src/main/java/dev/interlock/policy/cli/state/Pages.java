package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRecords;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecords;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a store keeps, a page at a time: it may be a million records.
 *
 * @param <K> what records are ordered by
 * @param <R> a record
 */
final class Pages<K, R> {

    private static final int OF_LIMITS = 1_000;
    private static final int OF_SESSIONS = 100;

    /** Lists the records after a key, of which there may be none. */
    @FunctionalInterface
    private interface Listing<K, R> {
        List<R> after(@Nullable K key);
    }

    private final Listing<K, R> listing;
    private final Function<R, K> key;

    private Pages(Listing<K, R> listing, Function<R, K> key) {
        this.listing = listing;
        this.key = key;
    }

    static Pages<LimitKey, LimitRecord> of(LimitRecords records) {
        return new Pages<>(after -> records.list(after, OF_LIMITS), LimitRecord::key);
    }

    static Pages<String, SessionRecord> of(SessionRecords records) {
        return new Pages<>(after -> records.list(after, OF_SESSIONS), SessionRecord::session);
    }

    /** Takes one record after the other, in the order of their keys, until it has had enough. */
    void each(Predicate<R> take) {
        @Nullable K after = null;
        while (true) {
            List<R> page = listing.after(after);
            for (R record : page) {
                if (!take.test(record)) {
                    return;
                }
            }
            if (page.isEmpty()) {
                return;
            }
            after = key.apply(page.get(page.size() - 1));
        }
    }
}
