package dev.interlock.policy.cli.state;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRecords;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads what a store counts, a page at a time: a store may hold a million keys. */
final class CountedLimits {

    private static final int PAGE = 1_000;

    private final LimitRecords records;

    CountedLimits(LimitRecords records) {
        this.records = records;
    }

    /** Takes one record after the other, in the order of their keys, until it has had enough. */
    void each(Predicate<LimitRecord> take) {
        @Nullable LimitKey after = null;
        while (true) {
            List<LimitRecord> page = records.list(after, PAGE);
            for (LimitRecord record : page) {
                if (!take.test(record)) {
                    return;
                }
            }
            if (page.isEmpty()) {
                return;
            }
            after = page.get(page.size() - 1).key();
        }
    }
}
