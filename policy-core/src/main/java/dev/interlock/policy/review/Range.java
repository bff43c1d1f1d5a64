package dev.interlock.policy.review;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The numbers between two bounds.
 *
 * @param low the lower bound, or null for none
 * @param lowOpen whether the lower bound itself is excluded
 * @param high the upper bound, or null for none
 * @param highOpen whether the upper bound itself is excluded
 * @param whole whether the range contains only integers
 */
record Range(
        @Nullable BigDecimal low, boolean lowOpen, @Nullable BigDecimal high, boolean highOpen, boolean whole) {

    static final Range ALL = new Range(null, false, null, false, false);
    static final Range INTEGERS = new Range(null, false, null, false, true);
    static final Range NOT_NEGATIVE = ALL.atLeast(BigDecimal.ZERO, false);

    /** Bounds with more decimal places than this are not rounded, because rounding would write them out. */
    private static final int MAX_EXPONENT = 1_000;

    Range atLeast(BigDecimal bound, boolean open) {
        int order = low == null ? 1 : bound.compareTo(low);
        return order > 0 || (order == 0 && open) ? new Range(bound, open, high, highOpen, whole) : this;
    }

    Range atMost(BigDecimal bound, boolean open) {
        int order = high == null ? -1 : bound.compareTo(high);
        return order < 0 || (order == 0 && open) ? new Range(low, lowOpen, bound, open, whole) : this;
    }

    Range and(Range other) {
        Range both = whole || !other.whole ? this : new Range(low, lowOpen, high, highOpen, true);
        if (other.low != null) {
            both = both.atLeast(other.low, other.lowOpen);
        }
        return other.high == null ? both : both.atMost(other.high, other.highOpen);
    }

    /** The smallest range that contains both. */
    Range or(Range other) {
        boolean otherLower = other.low == null || (low != null && other.low.compareTo(low) < 0);
        boolean otherHigher = other.high == null || (high != null && other.high.compareTo(high) > 0);
        boolean sameLow = low != null && other.low != null && low.compareTo(other.low) == 0;
        boolean sameHigh = high != null && other.high != null && high.compareTo(other.high) == 0;
        return new Range(
                low == null ? null : otherLower ? other.low : low,
                sameLow ? lowOpen && other.lowOpen : otherLower ? other.lowOpen : lowOpen,
                high == null ? null : otherHigher ? other.high : high,
                sameHigh ? highOpen && other.highOpen : otherHigher ? other.highOpen : highOpen,
                whole && other.whole);
    }

    boolean contains(BigDecimal number) {
        if (low != null && (lowOpen ? number.compareTo(low) <= 0 : number.compareTo(low) < 0)) {
            return false;
        }
        if (high != null && (highOpen ? number.compareTo(high) >= 0 : number.compareTo(high) > 0)) {
            return false;
        }
        return !whole || number.stripTrailingZeros().scale() <= 0;
    }

    /** Whether this range contains the whole other range. Only the bounds are compared. */
    boolean covers(Range other) {
        return and(other).sameBounds(other) && (!whole || other.whole);
    }

    private boolean sameBounds(Range other) {
        return same(low, other.low) && same(high, other.high) && lowOpen == other.lowOpen && highOpen == other.highOpen;
    }

    private static boolean same(@Nullable BigDecimal a, @Nullable BigDecimal b) {
        return a == null ? b == null : b != null && a.compareTo(b) == 0;
    }

    /** Whether the range certainly contains nothing. */
    boolean isEmpty() {
        List<BigDecimal> few = few(0);
        return few != null && few.isEmpty();
    }

    /** All numbers of the range, if there are at most {@code most}. Null if there are more, or if that is unknown. */
    @Nullable
    List<BigDecimal> few(int most) {
        if (low == null || high == null) {
            return null;
        }
        int order = low.compareTo(high);
        if (order > 0 || (order == 0 && (lowOpen || highOpen))) {
            return List.of();
        }
        if (order == 0) {
            return contains(low) ? (most > 0 ? List.of(low) : null) : List.of();
        }
        if (!whole || beyond(low) || beyond(high)) {
            return null;
        }
        BigDecimal first = low.setScale(0, RoundingMode.CEILING);
        List<BigDecimal> numbers = new ArrayList<>();
        for (BigDecimal n = first; n.compareTo(high) <= 0; n = n.add(BigDecimal.ONE)) {
            if (contains(n)) {
                if (numbers.size() == most) {
                    return null;
                }
                numbers.add(n);
            }
        }
        return numbers;
    }

    private static boolean beyond(BigDecimal bound) {
        return Math.abs((long) bound.scale()) > MAX_EXPONENT;
    }
}
