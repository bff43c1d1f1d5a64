package dev.interlock.policy.naive;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.LimitRule;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import org.jspecify.annotations.Nullable;

/**
 * How something is counted.
 *
 * @param max the most there is room for, which may be negative; null if it only counts
 * @param window null for calls at the same time
 * @param lease how long a call that doesn't end counts among those at the same time; else null
 */
record Cap(
        Algorithm algorithm,
        @Nullable BigDecimal max,
        @Nullable Window window,
        @Nullable Duration lease) {

    Cap(Algorithm algorithm, @Nullable BigDecimal max, Window window) {
        this(algorithm, max, window, null);
    }

    static Cap of(LimitRule rule) {
        BigDecimal max = rule.max() == null ? null : rule.max().toBigDecimal();
        if (rule instanceof LimitRule.TokenBucket bucket) {
            return new Cap(Algorithm.TOKEN_BUCKET, max, new Window.Length(bucket.window()));
        }
        if (rule instanceof LimitRule.SlidingWindow sliding) {
            return new Cap(Algorithm.SLIDING_WINDOW, max, new Window.Length(sliding.window()));
        }
        if (rule instanceof LimitRule.Concurrent places) {
            return new Cap(Algorithm.FIXED_WINDOW, max, null, places.lease());
        }
        return new Cap(Algorithm.FIXED_WINDOW, max, ((LimitRule.FixedWindow) rule).window());
    }

    /** How long the window is; not for months. */
    BigInteger nanos() {
        Window.Length length =
                window instanceof Window.Calendar unit ? unit.length().orElseThrow() : (Window.Length) window;
        return BigInteger.valueOf(length.duration().toNanos());
    }

    /** When the window that holds this moment began, in milliseconds. */
    long start(long millis) {
        if (window instanceof Window.Length length) {
            return Math.floorDiv(millis, length.duration().toMillis())
                    * length.duration().toMillis();
        }
        if (window instanceof Window.InZone zoned) {
            if (zoned.unit() == Window.Calendar.MINUTE) {
                // Since 1973, no clock differs from UTC by a part of a minute.
                return Math.floorDiv(millis, 60_000) * 60_000;
            }
            return firstShowing(
                    start(zoned.unit(), LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), zoned.zone())),
                    zoned.zone());
        }
        LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
        return start((Window.Calendar) window, time).toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    /** The first moment at which a clock of the zone shows this, or more if it skips this. */
    private static long firstShowing(LocalDateTime time, ZoneId zone) {
        LocalDateTime shown = time;
        while (zone.getRules().getValidOffsets(shown).isEmpty()) {
            shown = shown.plusMinutes(1);
        }
        return shown.toInstant(zone.getRules().getValidOffsets(shown).get(0)).toEpochMilli();
    }

    private static LocalDateTime start(Window.Calendar unit, LocalDateTime time) {
        LocalDate day = time.toLocalDate();
        return switch (unit) {
            case MINUTE -> time.truncatedTo(ChronoUnit.MINUTES);
            case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
            case DAY -> day.atStartOfDay();
            case WEEK ->
                day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)).atStartOfDay();
            case MONTH -> day.withDayOfMonth(1).atStartOfDay();
        };
    }

    /** When the window that holds this moment ends, in milliseconds. */
    long end(long millis) {
        if (window instanceof Window.Length length) {
            return start(millis) + length.duration().toMillis();
        }
        long later = millis;
        while (start(later) == start(millis)) {
            later += 60_000;
        }
        return start(later);
    }
}
