package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.value.Value;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which instants are within a window, and when it next holds. */
class TimeWindowTest {

    private static final Map<String, ?> OFFICE =
            Map.of("days", List.of("mon-fri"), "hours", "09:00-18:00", "zone", "Europe/Berlin");

    private static TimeWindow window(Object map) {
        return TimeWindow.of(Value.freeze(map));
    }

    static Stream<Arguments> nextTimes() {
        Map<String, String> gap = Map.of("hours", "02:00-03:00", "zone", "Europe/Berlin");
        Map<String, Object> sunday = Map.of("days", List.of("sun"), "hours", "02:15-02:45", "zone", "Europe/Berlin");
        return Stream.of(
                // Sunday, a moment before the beginning, the beginning, a moment before the end, the end.
                Arguments.of(OFFICE, "2026-02-15T12:00:00Z", "2026-02-16T08:00:00Z"),
                Arguments.of(OFFICE, "2026-02-16T07:59:59.999Z", "2026-02-16T08:00:00Z"),
                Arguments.of(OFFICE, "2026-02-16T08:00:00Z", "2026-02-16T08:00:00Z"),
                Arguments.of(OFFICE, "2026-02-16T16:59:59.999Z", "2026-02-16T16:59:59.999Z"),
                Arguments.of(OFFICE, "2026-02-16T17:00:00Z", "2026-02-17T08:00:00Z"),
                // Across the change of the clocks.
                Arguments.of(OFFICE, "2026-03-27T18:00:00Z", "2026-03-30T07:00:00Z"),
                // A night belongs to the day on which it begins.
                Arguments.of(
                        Map.of("days", List.of("fri"), "hours", "22:00-06:00"),
                        "2026-02-21T06:00:00Z",
                        "2026-02-27T22:00:00Z"),
                Arguments.of(
                        Map.of("days", List.of("fri"), "hours", "22:00-06:00"),
                        "2026-02-21T05:59:00Z",
                        "2026-02-21T05:59:00Z"),
                Arguments.of(
                        Map.of("days", List.of("sun"), "hours", "22:00-06:00"),
                        "2026-02-16T05:59:59Z",
                        "2026-02-16T05:59:59Z"),
                // Hours that the clock skips, and shows twice.
                Arguments.of(gap, "2026-03-29T00:30:00Z", "2026-03-30T00:00:00Z"),
                Arguments.of(gap, "2026-10-25T00:00:00Z", "2026-10-25T00:00:00Z"),
                Arguments.of(gap, "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
                Arguments.of(sunday, "2026-10-25T00:50:00Z", "2026-10-25T01:15:00Z"),
                Arguments.of(sunday, "2026-03-22T12:00:00Z", "2026-04-05T00:15:00Z"),
                // The clock jumps into the window.
                Arguments.of(
                        Map.of("hours", "02:30-04:00", "zone", "Europe/Berlin"),
                        "2026-03-29T00:59:59Z",
                        "2026-03-29T01:00:00Z"),
                // A day without a midnight.
                Arguments.of(
                        Map.of("days", List.of("sun"), "zone", "Asia/Beirut"),
                        "2026-03-28T21:00:00Z",
                        "2026-03-28T22:00:00Z"),
                Arguments.of(Map.of("from", "2026-03-01"), "1999-01-01T00:00:00Z", "2026-03-01T00:00:00Z"),
                Arguments.of(
                        Map.of("from", "2026-03-29T02:30", "zone", "Europe/Berlin"),
                        "2026-01-01T00:00:00Z",
                        "2026-03-29T01:00:00Z"),
                Arguments.of(
                        Map.of("from", "2026-10-25T02:30", "zone", "Europe/Berlin"),
                        "2026-01-01T00:00:00Z",
                        "2026-10-25T00:30:00Z"),
                Arguments.of(
                        Map.of("from", "2026-03-01T12:00:00-05:00", "hours", "00:00-24:00"),
                        "2026-01-01T00:00:00Z",
                        "2026-03-01T17:00:00Z"),
                Arguments.of(
                        Map.of("until", "2026-02-28", "hours", "12:00-13:00"),
                        "2026-02-28T11:00:00Z",
                        "2026-02-28T12:00:00Z"),
                Arguments.of(Map.of("until", "2026-02-28", "hours", "12:00-13:00"), "2026-02-28T13:00:00Z", null),
                Arguments.of(Map.of("until", "2026-02-28"), "2026-02-28T23:59:59.999Z", "2026-02-28T23:59:59.999Z"),
                Arguments.of(Map.of("until", "2026-02-28"), "2026-03-01T00:00:00Z", null),
                Arguments.of(
                        Map.of("hours", List.of("09:00-12:00", "13:00-17:00")),
                        "2026-02-16T12:00:00Z",
                        "2026-02-16T13:00:00Z"),
                Arguments.of(Map.of("hours", "22:00-00:00"), "2026-02-16T00:00:00Z", "2026-02-16T22:00:00Z"));
    }

    @ParameterizedTest
    @MethodSource("nextTimes")
    void aWindowTellsWhenItNextHolds(Map<String, ?> window, String now, String next) {
        Instant start = Instant.parse(now);

        assertThat(window(window).next(start))
                .isEqualTo(java.util.Optional.ofNullable(next).map(Instant::parse));
        assertThat(window(window).includes(start)).isEqualTo(now.equals(next));
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of(Map.of(), "a time window needs at least one of days, hours, from and until"),
                Arguments.of(Map.of("zone", "UTC"), "a time window needs at least one of days, hours, from and until"),
                Arguments.of(Map.of("day", "mon"), "a time window has no key 'day'"),
                Arguments.of(List.of("mon-fri"), "a time window is a map of any of days, hours, from, until, zone"),
                Arguments.of(Map.of("days", "mon-fri"), "'days' takes a list such as [mon-fri, sun], not a string"),
                Arguments.of(Map.of("days", List.of()), "this time window never holds: 'days' lists none"),
                Arguments.of(Map.of("days", List.of("fri-mon")), "'fri-mon' runs backwards"),
                Arguments.of(Map.of("days", List.of("Mon")), "'Mon' is not a day or a range of days"),
                Arguments.of(Map.of("days", List.of("mon-")), "'mon-' is not a day or a range of days"),
                Arguments.of(Map.of("days", Arrays.asList("mon", null)), "'days' takes a list such as"),
                Arguments.of(Map.of("hours", List.of()), "this time window never holds: 'hours' lists none"),
                Arguments.of(Map.of("hours", 9), "'hours' takes a text such as \"09:00-18:00\", not an integer"),
                Arguments.of(Map.of("hours", "9-18"), "'9-18' is not a range of hours"),
                Arguments.of(Map.of("hours", "09:00"), "'09:00' is not a range of hours"),
                Arguments.of(Map.of("hours", "09:00-24:01"), "'09:00-24:01' has a time that no clock shows"),
                Arguments.of(Map.of("hours", "09:60-10:00"), "'09:60-10:00' has a time that no clock shows"),
                Arguments.of(Map.of("hours", "09:00-09:00"), "'09:00-09:00' begins where it ends"),
                Arguments.of(Map.of("hours", "24:00-06:00"), "'24:00-06:00' begins at the end of a day"),
                Arguments.of(Map.of("from", "2026-02-30"), "'2026-02-30' is not a moment"),
                Arguments.of(Map.of("from", "2026-03-01 09:00"), "'from' takes a date (2026-03-01), a local time"),
                Arguments.of(Map.of("until", "2026-03-01T24:00"), "'2026-03-01T24:00' is not a moment"),
                Arguments.of(Map.of("until", "2026-03-01T09:00+25:00"), "'2026-03-01T09:00+25:00' is not a moment"),
                Arguments.of(
                        Map.of("zone", "Europe/Berlim", "hours", "09:00-18:00"),
                        "there is no time zone 'Europe/Berlim', did you mean 'Europe/Berlin'?"),
                Arguments.of(Map.of("zone", "+01:00", "days", List.of("mon")), "there is no time zone '+01:00'"),
                Arguments.of(Map.of("zone", "europe/berlin", "days", List.of("mon")), "there is no time zone"),
                Arguments.of(Map.of("from", "2026-03-02", "until", "2026-03-01"), "this time window never holds"),
                Arguments.of(
                        Map.of("from", "2026-03-01T12:00:00+01:00", "until", "2026-03-01T11:00:00Z"),
                        "this time window never holds"),
                Arguments.of(
                        Map.of("days", List.of("sun"), "from", "2026-03-02", "until", "2026-03-06"),
                        "this time window never holds"),
                Arguments.of(
                        Map.of(
                                "hours",
                                "02:00-02:30",
                                "from",
                                "2026-03-29",
                                "until",
                                "2026-03-29",
                                "zone",
                                "Europe/Berlin"),
                        "this time window never holds"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void whatIsNoWindowIsRefused(Object written, String message) {
        assertThatThrownBy(() -> window(written))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void windowsAreEqualIfTheirCanonicalFormsAre() {
        TimeWindow window =
                window(Map.of("days", List.of("wed", "mon", "tue", "sun"), "hours", List.of("09:00-18:00")));

        assertThat(window.value())
                .isEqualTo(Value.freeze(Map.of("days", List.of("mon-wed", "sun"), "hours", "09:00-18:00")));
        assertThat(window.value().names()).containsExactly("days", "hours");
        assertThat(TimeWindow.of(window.value())).isEqualTo(window).hasSameHashCodeAs(window);
        assertThat(window).hasToString("mon-wed, sun 09:00-18:00 (UTC)");
        assertThat(window(OFFICE)).isNotEqualTo(window).hasToString("mon-fri 09:00-18:00 (Europe/Berlin)");
        assertThat(window(Map.of("from", "2026-03-01", "until", "2026-03-31")))
                .hasToString("from 2026-03-01 until 2026-03-31 (UTC)");
    }

    /** Against the clock of {@code java.time}, which is asked what it shows. */
    @Property(tries = 300)
    void aWindowHoldsIfAClockInItsZoneShowsItsDaysAndHours(
            @ForAll("zones") String zone,
            @ForAll("instants") Instant instant,
            @ForAll("times") LocalTime begin,
            @ForAll("times") LocalTime end) {
        if (begin.equals(end)) {
            return;
        }
        ZonedDateTime shown = instant.atZone(ZoneId.of(zone));
        LocalTime time = shown.toLocalTime();
        LocalDate began =
                end.isBefore(begin) && time.isBefore(end) ? shown.toLocalDate().minusDays(1) : shown.toLocalDate();
        boolean within = end.isBefore(begin)
                ? !time.isBefore(begin) || time.isBefore(end)
                : !time.isBefore(begin) && time.isBefore(end);
        TimeWindow window = window(Map.of("days", List.of("mon-wed", "sat"), "hours", begin + "-" + end, "zone", zone));

        assertThat(window.includes(instant))
                .isEqualTo(within
                        && List.of(1, 2, 3, 6).contains(began.getDayOfWeek().getValue()));
        Instant next = window.next(instant).orElseThrow();
        assertThat(window.includes(next)).isTrue();
        assertThat(next).isAfterOrEqualTo(instant);
        Instant change = window.change(instant).orElseThrow();
        assertThat(window.includes(change)).isNotEqualTo(window.includes(instant));
        assertThat(window.includes(change.minusMillis(1))).isEqualTo(window.includes(instant));
        // Nothing between holds: windows begin and end at whole minutes here, and so do changes of the clock.
        for (long seconds = 60; seconds < next.getEpochSecond() - instant.getEpochSecond(); seconds += 900) {
            assertThat(window.includes(next.minusSeconds(seconds))).isFalse();
        }
    }

    @Provide
    Arbitrary<String> zones() {
        return Arbitraries.of(
                "UTC",
                "Europe/Berlin",
                "America/New_York",
                "Australia/Lord_Howe",
                "Asia/Kathmandu",
                "America/Havana",
                "Pacific/Apia",
                "Africa/Casablanca");
    }

    /** Around changes of the clock, and anywhere. */
    @Provide
    Arbitrary<Instant> instants() {
        Arbitrary<Instant> changes = Combinators.combine(
                        Arbitraries.of(
                                "2026-03-29T01:00:00Z",
                                "2026-10-25T01:00:00Z",
                                "2026-03-08T07:00:00Z",
                                "2026-11-01T06:00:00Z",
                                "2026-04-04T15:00:00Z",
                                "2011-12-30T10:00:00Z"),
                        Arbitraries.integers().between(-2_880, 2_880))
                .as((change, minutes) -> Instant.parse(change).plusSeconds(minutes * 60L));
        Arbitrary<Instant> anywhere = Arbitraries.longs()
                .between(0, 4_000_000_000L)
                .map(seconds -> Instant.ofEpochSecond(seconds - seconds % 60));
        return Arbitraries.oneOf(changes, anywhere);
    }

    @Provide
    Arbitrary<LocalTime> times() {
        return Arbitraries.integers().between(0, 95).map(quarter -> LocalTime.of(quarter / 4, quarter % 4 * 15));
    }
}
