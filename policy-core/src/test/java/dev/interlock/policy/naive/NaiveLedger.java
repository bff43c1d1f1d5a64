package dev.interlock.policy.naive;

import dev.interlock.policy.Amount;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts by remembering everything: one list of all that was ever taken, gone through from its start for each question.
 * Time is handed in, in milliseconds, the same for both clocks, and doesn't step back.
 */
final class NaiveLedger {

    /** Something taken from what is counted under {@code key}. Two are never equal, even with equal contents. */
    static final class Taken {

        private final Object key;
        private final BigDecimal amount;
        private final long millis;

        private Taken(Object key, BigDecimal amount, long millis) {
            this.key = key;
            this.amount = amount;
            this.millis = millis;
        }
    }

    private final List<Taken> all = new ArrayList<>();

    Taken take(Object key, BigDecimal amount, long now) {
        Taken taken = new Taken(key, amount, now);
        all.add(taken);
        return taken;
    }

    /** What may be taken later, as of now. */
    Taken prepare(Object key, BigDecimal amount, long now) {
        return new Taken(key, amount, now);
    }

    void take(Taken prepared) {
        all.add(prepared);
    }

    void giveBack(Taken taken) {
        all.remove(taken);
    }

    /** Counts another amount in the place of one, at the same time. */
    void replace(Taken taken, BigDecimal amount) {
        all.remove(taken);
        all.add(new Taken(taken.key, amount, taken.millis));
    }

    boolean hasRoom(Object key, Cap cap, BigDecimal amount, long now) {
        BigDecimal max = cap.max();
        if (amount.compareTo(Amount.MAX.toBigDecimal()) > 0) {
            return false;
        }
        if (max == null) {
            return true;
        }
        if (cap.lease() != null) {
            return used(key, cap, now).add(amount).compareTo(max) <= 0;
        }
        return switch (cap.algorithm()) {
            case FIXED_WINDOW, SLIDING_WINDOW -> used(key, cap, now).add(amount).compareTo(max) <= 0;
            case TOKEN_BUCKET -> nanoLevel(key, cap, now).compareTo(nanos(amount, cap)) >= 0;
        };
    }

    /**
     * What is counted now; for a bucket, what is missing from a full one, in whole calls. Nothing is missing from one
     * that holds nothing.
     */
    BigDecimal used(Object key, Cap cap, long now) {
        if (cap.lease() != null) {
            return sum(key, taken -> now - taken.millis < cap.lease().toMillis());
        }
        return switch (cap.algorithm()) {
            case FIXED_WINDOW -> sum(key, taken -> cap.start(taken.millis) == cap.start(now));
            case SLIDING_WINDOW ->
                sum(key, taken -> now - taken.millis < cap.nanos().longValueExact() / 1_000_000);
            case TOKEN_BUCKET ->
                cap.max().signum() == 0
                        ? BigDecimal.ZERO
                        : nanos(cap.max(), cap)
                                .subtract(nanoLevel(key, cap, now))
                                .divide(new BigDecimal(cap.nanos()), 0, RoundingMode.CEILING);
        };
    }

    /** How long until there is room, by trying every millisecond that could matter; at most {@code longest}. */
    long millisUntilRoom(Object key, Cap cap, BigDecimal amount, long now, long longest) {
        long low = 0;
        long high = longest;
        while (low < high) {
            long middle = (low + high) / 2;
            if (hasRoom(key, cap, amount, now + middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private BigDecimal sum(Object key, java.util.function.Predicate<Taken> counts) {
        return all.stream()
                .filter(taken -> taken.key.equals(key))
                .filter(counts)
                .map(taken -> taken.amount)
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    /** What is in the bucket, times the nanoseconds of the window, so that nothing has to be divided. */
    private BigDecimal nanoLevel(Object key, Cap cap, long now) {
        BigDecimal level = nanos(cap.max(), cap);
        long last = Long.MIN_VALUE;
        for (Taken taken : all) {
            if (taken.key.equals(key)) {
                level = refilled(level, cap, last, taken.millis).subtract(nanos(taken.amount, cap));
                last = taken.millis;
            }
        }
        return refilled(level, cap, last, now);
    }

    private static BigDecimal refilled(BigDecimal level, Cap cap, long from, long to) {
        BigDecimal full = nanos(cap.max(), cap);
        if (from == Long.MIN_VALUE) {
            return full;
        }
        BigDecimal gained = cap.max().multiply(BigDecimal.valueOf(to - from).movePointRight(6));
        return level.add(gained).min(full);
    }

    private static BigDecimal nanos(BigDecimal amount, Cap cap) {
        return amount.multiply(new BigDecimal(cap.nanos()));
    }
}
