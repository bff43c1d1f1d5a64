package dev.interlock.policy.observe;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.time.TimeSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A limiter that records how much room its limits have left, as the distribution {@code interlock.limiter.room} by
 * {@code limit}. For each limit that a call is charged to, it records which fraction of the maximum is left after the
 * call; 0 if the call is refused because there is no room. There are as many series as limits, and not as many as
 * sessions or identities: the distribution's buckets show how crowded a limit is for its users, and the audit log shows
 * whose count it was.
 *
 * <p>Looking at a limit takes nothing, but costs as much as reserving. If the limiter {@linkplain RateLimiter#blocks()
 * asks another machine}, one call in a second is looked at, without waiting for it. A look that fails doesn't affect
 * the call, and is counted in {@code interlock.limiter.room.unknown}. At most 200 limits have a name of their own; all
 * others are {@code (other)}. Thread-safe.
 */
public final class MeteredRateLimiter implements RateLimiter {

    private static final int MOST_NAMES = 200;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RateLimiter limiter;
    private final MeterRegistry registry;
    private final TimeSource time;
    private final BoundedNames limits = new BoundedNames(MOST_NAMES);
    private final Counter unknown;
    private final AtomicLong nextLook;

    private MeteredRateLimiter(RateLimiter limiter, MeterRegistry registry, TimeSource time) {
        this.limiter = limiter;
        this.registry = registry;
        this.time = time;
        this.nextLook = new AtomicLong(time.monotonicNanos());
        this.unknown = Counter.builder("interlock.limiter.room.unknown")
                .description("looks at a limit's room that failed")
                .register(registry);
    }

    /** Counts with {@code limiter}, and records the room in {@code registry}. */
    public static MeteredRateLimiter of(RateLimiter limiter, MeterRegistry registry) {
        return of(limiter, registry, TimeSource.system());
    }

    /**
     * Counts with {@code limiter}, and records the room in {@code registry}.
     *
     * @param time decides when another machine's limits are looked at again
     */
    public static MeteredRateLimiter of(RateLimiter limiter, MeterRegistry registry, TimeSource time) {
        return new MeteredRateLimiter(limiter, registry, time);
    }

    @Override
    public Reservation reserve(Batch batch) {
        Reservation answer = limiter.reserve(batch);
        look(batch, answer);
        return answer;
    }

    @Override
    public CompletionStage<Reservation> reserveAsync(Batch batch) {
        return limiter.reserveAsync(batch).thenApply(answer -> {
            look(batch, answer);
            return answer;
        });
    }

    private void look(Batch batch, Reservation answer) {
        if (batch.strict()) {
            // It uses up a key that is good once, and no limit.
            return;
        }
        try {
            if (answer instanceof Reservation.Granted) {
                granted(batch.charges());
            } else if (answer instanceof Reservation.NotGranted refused
                    && refused.reason() == Reservation.Reason.NO_ROOM
                    && refused.charge() >= 0) {
                record(batch.charges().get(refused.charge()).key(), 0);
            }
        } catch (Throwable e) {
            unknown.increment();
        }
    }

    private void granted(List<Charge> charges) {
        if (!limiter.blocks()) {
            record(charges, limiter.usage(charges));
        } else if (isDue()) {
            CompletionStage<List<Usage>> usage = limiter.usageAsync(charges);
            usage.whenComplete((known, failure) -> {
                if (failure == null) {
                    record(charges, known);
                } else {
                    unknown.increment();
                }
            });
        }
    }

    private boolean isDue() {
        long next = nextLook.get();
        long now = time.monotonicNanos();
        return now - next >= 0 && nextLook.compareAndSet(next, now + PAUSE_NANOS);
    }

    /** A key that is charged twice still belongs to one limit. */
    private void record(List<Charge> charges, List<Usage> usage) {
        Set<LimitKey> seen = new HashSet<>();
        for (int i = 0; i < charges.size(); i++) {
            LimitKey key = charges.get(i).key();
            Amount max = charges.get(i).rule().max();
            Amount room = usage.get(i).room();
            if (max != null && max.micros() > 0 && room != null && seen.add(key)) {
                record(key, Math.min(1, (double) room.micros() / max.micros()));
            }
        }
    }

    private void record(LimitKey key, double fraction) {
        DistributionSummary.builder("interlock.limiter.room")
                .description("which fraction of a limit is left")
                .tag("limit", limits.of(key.limit()))
                .serviceLevelObjectives(0.001, 0.05, 0.1, 0.25, 0.5, 0.75, 1)
                .register(registry)
                .record(fraction);
    }

    @Override
    public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
        limiter.settle(reservation, outcome, spent);
    }

    @Override
    public void hold(Reservation.Granted reservation, Duration wait) {
        limiter.hold(reservation, wait);
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        return limiter.usage(charges);
    }

    @Override
    public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
        return limiter.usageAsync(charges);
    }

    @Override
    public boolean blocks() {
        return limiter.blocks();
    }
}
