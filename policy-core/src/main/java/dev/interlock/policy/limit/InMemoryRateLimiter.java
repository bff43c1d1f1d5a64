package dev.interlock.policy.limit;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts in this process. Thread-safe; has no thread of its own. */
public final class InMemoryRateLimiter implements RateLimiter {

    private final Ticker ticker;
    private final Cells cells;

    private InMemoryRateLimiter(Builder builder) {
        this.ticker = new Ticker(builder.time);
        this.cells = new Cells(this, builder.maxKeys);
    }

    /** Starts with the clocks of the JVM and room for a million keys. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Reservation reserve(Batch batch) {
        List<Charge> charges = batch.charges();
        if (charges.size() == 1) {
            return reserve(charges.get(0));
        }
        while (true) {
            Reservation answer = new BatchReservation(this, cells, ticker).attempt(charges);
            if (answer != null) {
                return answer;
            }
        }
    }

    private Reservation reserve(Charge charge) {
        LimitRule rule = charge.rule();
        long micros = charge.amount().micros();
        if (micros == 0) {
            return new Held.Several(this, List.of(), List.of());
        }
        Amount max = rule.max();
        if (max != null && micros > max.micros()) {
            return Refusals.tooLarge(0);
        }
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                Moment now = ticker.read();
                Cell fresh = cells.fresh(rule, micros, now);
                long wait = fresh.waitFor(rule, micros, now);
                if (wait != 0) {
                    return Refusals.of(0, wait);
                }
                Taken taken = fresh.take(this, micros, charge.mode(), now);
                cell = cells.add(charge.key(), fresh, now);
                if (cell == null) {
                    return Refusals.tooManyKeys(0);
                }
                if (cell == fresh) {
                    cells.sweep(now);
                    return taken;
                }
            }
            Reservation answer = cell instanceof BucketCell bucket && bucket.countsBy(rule, micros)
                    ? bucket.take(this, ticker, micros, charge.mode())
                    : reserve(charge, cell);
            if (answer != null) {
                return answer;
            }
            cells.unlink(charge.key(), cell);
        }
    }

    /** Under a claim; null if the cell is dead. */
    private @Nullable Reservation reserve(Charge charge, Cell cell) {
        if (!cell.claim()) {
            return null;
        }
        boolean replaced = false;
        try {
            LimitRule rule = charge.rule();
            long micros = charge.amount().micros();
            Moment now = ticker.read();
            Cell target = cell.countsBy(rule, micros) ? cell : cells.carry(cell, rule, micros, now);
            long wait = target.waitFor(rule, micros, now);
            if (wait != 0) {
                return Refusals.of(0, wait);
            }
            Taken taken = target.take(this, micros, charge.mode(), now);
            if (target != cell) {
                cells.replace(charge.key(), cell, target);
                replaced = true;
            }
            return taken;
        } finally {
            if (replaced) {
                cell.kill();
            } else {
                cell.release();
            }
        }
    }

    @Override
    public void settle(Reservation.Granted reservation, Settlement outcome) {
        if (reservation instanceof Held held && held.owner == this && held.settle() && givesBack(outcome)) {
            held.giveBack(outcome, ticker);
            cells.returned();
        }
    }

    private static boolean givesBack(Settlement outcome) {
        return outcome.givesBack(ChargeMode.SUCCESS) || outcome.givesBack(ChargeMode.SENT);
    }

    @Override
    public List<Usage> usage(List<Charge> charges) {
        List<Usage> usages = new ArrayList<>(charges.size());
        Map<LimitKey, Long> before = new HashMap<>();
        for (Charge charge : charges) {
            long asked = before.merge(charge.key(), charge.amount().micros(), Wide::add);
            usages.add(usage(charge, asked));
        }
        return usages;
    }

    private Usage usage(Charge charge, long asked) {
        while (true) {
            Cell cell = cells.get(charge.key());
            if (cell == null) {
                Moment now = ticker.read();
                return usage(charge, asked, cells.fresh(charge.rule(), asked, now), now);
            }
            if (!cell.claim()) {
                cells.unlink(charge.key(), cell);
                continue;
            }
            try {
                return usage(charge, asked, cell, ticker.read());
            } finally {
                cell.release();
            }
        }
    }

    private Usage usage(Charge charge, long asked, Cell cell, Moment now) {
        LimitRule rule = charge.rule();
        Cell target = cell.countsBy(rule, asked) ? cell : cells.carry(cell, rule, asked, now);
        Amount max = rule.max();
        Amount room = max == null ? null : new Amount(Math.max(0, max.micros() - target.used(now)));
        long wait = charge.amount().micros() == 0 ? 0 : target.waitFor(rule, asked, now);
        return new Usage(
                new Amount(Math.min(target.shown(now), Amount.MAX.micros())),
                room,
                wait == Cell.NEVER ? null : Duration.ofNanos(wait));
    }

    /** Settings of a limiter. */
    public static final class Builder {

        private static final long DEFAULT_MAX_KEYS = 1_000_000;

        private TimeSource time = TimeSource.system();
        private long maxKeys = DEFAULT_MAX_KEYS;

        private Builder() {}

        /** Where time comes from. */
        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /**
         * How many keys may be counted at once; further ones are refused until some are back at a fresh start.
         *
         * @param maxKeys at least 1
         */
        public Builder maxKeys(long maxKeys) {
            if (maxKeys < 1) {
                throw new IllegalArgumentException("maxKeys must be at least 1, was " + maxKeys);
            }
            this.maxKeys = maxKeys;
            return this;
        }

        /** A limiter that has counted nothing yet. */
        public InMemoryRateLimiter build() {
            return new InMemoryRateLimiter(this);
        }
    }
}
