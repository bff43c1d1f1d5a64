package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Window;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CalendarWindowsTest {

    @ParameterizedTest
    @CsvSource({
        "MINUTE, 2026-11-23T10:15:30.123Z, 2026-11-23T10:15:00Z, 2026-11-23T10:16:00Z",
        "HOUR,   2026-11-23T10:15:30Z,     2026-11-23T10:00:00Z, 2026-11-23T11:00:00Z",
        "DAY,    2026-12-31T23:59:59.999Z, 2026-12-31T00:00:00Z, 2027-01-01T00:00:00Z",
        "DAY,    1969-12-31T23:59:59.999Z, 1969-12-31T00:00:00Z, 1970-01-01T00:00:00Z",
        "WEEK,   2026-11-22T23:59:59.999Z, 2026-11-16T00:00:00Z, 2026-11-23T00:00:00Z",
        "WEEK,   2026-11-23T00:00:00Z,     2026-11-23T00:00:00Z, 2026-11-30T00:00:00Z",
        "WEEK,   1970-01-01T00:00:00Z,     1969-12-29T00:00:00Z, 1970-01-05T00:00:00Z",
        "MONTH,  2028-02-29T12:00:00Z,     2028-02-01T00:00:00Z, 2028-03-01T00:00:00Z",
        "MONTH,  2100-02-28T23:59:59Z,     2100-02-01T00:00:00Z, 2100-03-01T00:00:00Z",
        "MONTH,  2026-12-31T23:59:59.999Z, 2026-12-01T00:00:00Z, 2027-01-01T00:00:00Z",
        "MONTH,  1969-12-31T23:59:59.999Z, 1969-12-01T00:00:00Z, 1970-01-01T00:00:00Z",
    })
    void calendarWindowsFollowTheCalendarInUtc(Window.Calendar unit, Instant instant, Instant start, Instant end) {
        long found = CalendarWindows.start(unit, instant.toEpochMilli());

        assertThat(Instant.ofEpochMilli(found)).isEqualTo(start);
        assertThat(Instant.ofEpochMilli(CalendarWindows.end(unit, found))).isEqualTo(end);
    }

    @Test
    void lengthsAreCountedFrom1970() {
        Window window = new Window.Length(Duration.ofSeconds(90));

        assertThat(CalendarWindows.start(window, 179_999)).isEqualTo(90_000);
        assertThat(CalendarWindows.start(window, -1)).isEqualTo(-90_000);
        assertThat(CalendarWindows.end(window, 90_000)).isEqualTo(180_000);
    }

    @ParameterizedTest
    @EnumSource(Window.Calendar.class)
    void theFurthestTimesHaveWindowsToo(Window.Calendar unit) {
        for (long wall : new long[] {Long.MIN_VALUE, Long.MAX_VALUE}) {
            long believed = CalendarWindows.clamp(wall);
            long start = CalendarWindows.start(unit, believed);

            assertThat(believed).isBetween(start, CalendarWindows.end(unit, start) - 1);
        }
    }
}
