package dev.interlock.policy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The time over which something is counted: a calendar unit, or a length. */
public sealed interface Window {

    /** Returns the window as policies write it: {@code hour}, {@code 90s}, {@code 7d}. */
    String text();

    /** A calendar unit in UTC; weeks begin on Monday. */
    enum Calendar implements Window {
        /** From second 0 of each minute. */
        MINUTE,
        /** From minute 0 of each hour. */
        HOUR,
        /** From midnight UTC. */
        DAY,
        /** From Monday, midnight UTC. */
        WEEK,
        /** From the first of the month, midnight UTC. */
        MONTH;

        @Override
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the unit that policies write as {@code text}, if there is one. */
        public static Optional<Calendar> of(String text) {
            for (Calendar unit : values()) {
                if (unit.text().equals(text)) {
                    return Optional.of(unit);
                }
            }
            return Optional.empty();
        }

        /** Returns the unit by the clock of a zone, or in UTC if that is null. */
        public static Window in(Calendar unit, @Nullable ZoneId zone) {
            return zone == null ? unit : new InZone(unit, zone);
        }

        /** Returns how long the unit is; empty for a month, because months differ in length. */
        public Optional<Length> length() {
            return switch (this) {
                case MINUTE -> Optional.of(new Length(Duration.ofMinutes(1)));
                case HOUR -> Optional.of(new Length(Duration.ofHours(1)));
                case DAY -> Optional.of(new Length(Duration.ofDays(1)));
                case WEEK -> Optional.of(new Length(Duration.ofDays(7)));
                case MONTH -> Optional.empty();
            };
        }
    }

    /**
     * A calendar unit by the clock of a zone. A day has 23, 24 or 25 hours there, and an hour that the clock shows
     * twice is one hour; a minute always has 60 seconds, so one that the clock shows twice is two. Windows follow each
     * other without gaps: where a clock is set back over the beginning of a unit, that unit has begun already.
     *
     * @param unit the unit
     * @param zone the zone, by its IANA name
     */
    record InZone(Calendar unit, ZoneId zone) implements Window {

        private static final long MINUTE_MILLIS = 60_000;

        @Override
        public String text() {
            return unit.text();
        }

        /** Returns the first millisecond, since 1970, of the window that {@code wallMillis} lies in. */
        public long start(long wallMillis) {
            return unit == Calendar.MINUTE ? minute(wallMillis) : begin(beginning(wallMillis));
        }

        /** Returns the first millisecond after the window that {@code wallMillis} lies in. */
        public long end(long wallMillis) {
            return unit == Calendar.MINUTE ? minute(wallMillis) + MINUTE_MILLIS : begin(next(beginning(wallMillis)));
        }

        /**
         * The beginning of a minute. Not by what the clock shows: minutes that it shows again would all belong to the
         * last one before it was set back, which would then last an hour.
         */
        private long minute(long wallMillis) {
            long offset = 1_000L
                    * zone.getRules()
                            .getOffset(Instant.ofEpochMilli(wallMillis))
                            .getTotalSeconds();
            return wallMillis - Math.floorMod(wallMillis + offset, MINUTE_MILLIS);
        }

        /** What a clock shows at the beginning of the window. */
        private LocalDateTime beginning(long wallMillis) {
            LocalDateTime local = LocalDateTime.ofInstant(Instant.ofEpochMilli(wallMillis), zone);
            LocalDateTime begun = switch (unit) {
                case MINUTE -> throw new AssertionError("minutes are not looked up by what a clock shows");
                case HOUR -> local.truncatedTo(ChronoUnit.HOURS);
                case DAY -> local.truncatedTo(ChronoUnit.DAYS);
                case WEEK ->
                    local.truncatedTo(ChronoUnit.DAYS)
                            .minusDays(local.getDayOfWeek().getValue() - 1L);
                case MONTH -> local.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
            };
            while (begin(next(begun)) <= wallMillis) {
                begun = next(begun);
            }
            return begun;
        }

        private LocalDateTime next(LocalDateTime begun) {
            return switch (unit) {
                case MINUTE -> throw new AssertionError("minutes are not looked up by what a clock shows");
                case HOUR -> begun.plusHours(1);
                case DAY -> begun.plusDays(1);
                case WEEK -> begun.plusWeeks(1);
                case MONTH -> begun.plusMonths(1);
            };
        }

        private long begin(LocalDateTime begun) {
            return TimeWindow.instant(begun, zone).toEpochMilli();
        }
    }

    /**
     * A length of whole seconds.
     *
     * @param duration from one second to 366 days
     */
    record Length(Duration duration) implements Window {

        /** The longest window: a leap year. */
        public static final Duration MAX = Duration.ofDays(366);

        /** Refuses lengths that are not whole seconds in range. */
        public Length {
            if (duration.compareTo(Duration.ofSeconds(1)) < 0
                    || duration.compareTo(MAX) > 0
                    || duration.toNanosPart() != 0) {
                throw new IllegalArgumentException(
                        "a window must be a whole number of seconds between 1 s and 366 days, was " + duration);
            }
        }

        @Override
        public String text() {
            long seconds = duration.toSeconds();
            if (seconds % 86_400 == 0) {
                return seconds / 86_400 + "d";
            }
            if (seconds % 3_600 == 0) {
                return seconds / 3_600 + "h";
            }
            return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
        }
    }
}
