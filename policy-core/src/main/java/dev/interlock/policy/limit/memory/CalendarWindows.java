package dev.interlock.policy.limit.memory;

import dev.interlock.policy.Window;
import java.time.LocalDate;
import java.time.YearMonth;

/**
 * Computes where windows of the wall clock begin and end: calendar units in UTC or a zone, with weeks from Monday, and
 * lengths in multiples counted from 1970-01-01T00:00:00Z. UTC is Java's time scale here, with 86,400 seconds in each
 * day.
 */
final class CalendarWindows {

    /** The largest distance from 1970 that is accepted from the wall clock, in milliseconds: 146 million years. */
    static final long LIMIT = 1L << 62;

    private static final long DAY_MILLIS = 86_400_000;

    /** 1970-01-01 was a Thursday, three days into its week. */
    private static final long DAYS_INTO_WEEK = 3;

    private CalendarWindows() {}

    static long clamp(long wall) {
        return Math.max(-LIMIT, Math.min(wall, LIMIT));
    }

    /** The first millisecond of the window that {@code wall} lies in. */
    static long start(Window window, long wall) {
        if (window instanceof Window.Length length) {
            return floor(wall, length.duration().toMillis());
        }
        if (window instanceof Window.InZone zoned) {
            return zoned.start(wall);
        }
        return switch ((Window.Calendar) window) {
            case MINUTE -> floor(wall, 60_000);
            case HOUR -> floor(wall, 3_600_000);
            case DAY -> floor(wall, DAY_MILLIS);
            case WEEK -> floor(wall + DAYS_INTO_WEEK * DAY_MILLIS, 7 * DAY_MILLIS) - DAYS_INTO_WEEK * DAY_MILLIS;
            case MONTH -> month(wall).atDay(1).toEpochDay() * DAY_MILLIS;
        };
    }

    /** The first millisecond after the window that begins at {@code start}. */
    static long end(Window window, long start) {
        if (window instanceof Window.Length length) {
            return start + length.duration().toMillis();
        }
        if (window instanceof Window.InZone zoned) {
            return zoned.end(start);
        }
        return switch ((Window.Calendar) window) {
            case MINUTE -> start + 60_000;
            case HOUR -> start + 3_600_000;
            case DAY -> start + DAY_MILLIS;
            case WEEK -> start + 7 * DAY_MILLIS;
            case MONTH -> month(start).plusMonths(1).atDay(1).toEpochDay() * DAY_MILLIS;
        };
    }

    private static long floor(long wall, long length) {
        return Math.floorDiv(wall, length) * length;
    }

    private static YearMonth month(long wall) {
        return YearMonth.from(LocalDate.ofEpochDay(Math.floorDiv(wall, DAY_MILLIS)));
    }
}
