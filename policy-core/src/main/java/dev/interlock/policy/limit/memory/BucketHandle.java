package dev.interlock.policy.limit.memory;

import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.LimitHandle;
import dev.interlock.policy.limit.LimitKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket of whole calls. It takes room by one compare-and-set on the {@code long} of a {@link BucketCell}, and
 * leaves everything else to {@link InMemoryRateLimiter#reserve}.
 */
final class BucketHandle implements LimitHandle {

    private final InMemoryRateLimiter owner;
    private final Cells cells;
    private final LimiterClock clock;
    private final String limit;
    private final BucketRate rate;
    private final long cost;
    private final ChargeMode mode;

    BucketHandle(
            InMemoryRateLimiter owner,
            Cells cells,
            LimiterClock clock,
            String limit,
            BucketRate rate,
            long micros,
            ChargeMode mode) {
        this.owner = owner;
        this.cells = cells;
        this.clock = clock;
        this.limit = limit;
        this.rate = rate;
        this.cost = rate.cost(micros);
        this.mode = mode;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // All buckets of a rule share one rate.
    public @Nullable Count count(String subject, String partition) {
        return cells.get(new LimitKey(limit, subject, partition)) instanceof BucketCell bucket && bucket.rate == rate
                ? bucket
                : null;
    }

    @Override
    public long take(Count count) {
        return ((BucketCell) count).take(clock, cost);
    }

    @Override
    public void settle(Count count, long taken, CallOutcome outcome) {
        if (outcome.givesBack(mode)) {
            ((BucketCell) count).taken(owner, mode, taken, cost).end(outcome, List.of(), clock);
            cells.returned();
        }
    }

    @Override
    public boolean givesBack(CallOutcome outcome) {
        return outcome.givesBack(mode);
    }
}
