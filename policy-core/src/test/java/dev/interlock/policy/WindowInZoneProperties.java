package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Calendar windows by the clock of a zone. */
class WindowInZoneProperties {

    private static final Window.InZone BERLIN = day("Europe/Berlin");

    private static Window.InZone day(String zone) {
        return new Window.InZone(Window.Calendar.DAY, ZoneId.of(zone));
    }

    private static long millis(String instant) {
        return Instant.parse(instant).toEpochMilli();
    }

    @Property(tries = 500)
    void twoInstantsAreInOneWindowExactlyIfAClockShowsTheSameUnit(
            @ForAll Window.Calendar unit,
            @ForAll("zones") ZoneId zone,
            @ForAll("instants") Instant instant,
            @ForAll("steps") long seconds) {
        Window.InZone window = new Window.InZone(unit, zone);
        Instant other = instant.plusSeconds(seconds);

        assertThat(window.start(instant.toEpochMilli()) == window.start(other.toEpochMilli()))
                .isEqualTo(shown(unit, instant.atZone(zone)).equals(shown(unit, other.atZone(zone))));
    }

    /** What a clock shows of a unit; of a minute also which one it is, where the clock shows it twice. */
    private static Object shown(Window.Calendar unit, ZonedDateTime time) {
        return switch (unit) {
            case MINUTE -> time.toOffsetDateTime().truncatedTo(ChronoUnit.MINUTES);
            case HOUR -> time.toLocalDateTime().truncatedTo(ChronoUnit.HOURS);
            case DAY -> time.toLocalDate();
            case WEEK -> time.toLocalDate().with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
            case MONTH -> List.of(time.getYear(), time.getMonth());
        };
    }

    @Property(tries = 300)
    void windowsFollowEachOther(
            @ForAll Window.Calendar unit, @ForAll("allZones") ZoneId zone, @ForAll("instants") Instant instant) {
        Window.InZone window = new Window.InZone(unit, zone);
        long wall = instant.toEpochMilli();
        long start = window.start(wall);
        long end = window.end(wall);

        assertThat(start).isLessThanOrEqualTo(wall);
        assertThat(end).isGreaterThan(wall);
        assertThat(window.start(start)).isEqualTo(start);
        assertThat(window.start(end - 1)).isEqualTo(start);
        assertThat(window.start(end)).isEqualTo(end);
        assertThat(window.end(start)).isEqualTo(end);
    }

    @Example
    void aDayHas23Or24Or25Hours() {
        assertThat(length(BERLIN, "2026-03-28T23:00:00Z")).isEqualTo(Duration.ofHours(23));
        assertThat(length(BERLIN, "2026-03-30T12:00:00Z")).isEqualTo(Duration.ofHours(24));
        assertThat(length(BERLIN, "2026-10-25T12:00:00Z")).isEqualTo(Duration.ofHours(25));
        assertThat(BERLIN.start(millis("2026-03-29T12:00:00Z"))).isEqualTo(millis("2026-03-28T23:00:00Z"));
        // A day whose midnight the clock skips.
        assertThat(day("Asia/Beirut").start(millis("2026-03-29T12:00:00Z"))).isEqualTo(millis("2026-03-28T22:00:00Z"));
    }

    @Example
    void anHourThatTheClockShowsTwiceIsOne() {
        Window.InZone hour = new Window.InZone(Window.Calendar.HOUR, ZoneId.of("Europe/Berlin"));

        assertThat(length(hour, "2026-10-25T00:30:00Z")).isEqualTo(Duration.ofHours(2));
        assertThat(length(hour, "2026-03-29T01:30:00Z")).isEqualTo(Duration.ofHours(1));
    }

    @Example
    void aMinuteHas60SecondsWhereTheClockIsSetBack() {
        Window.InZone minute = new Window.InZone(Window.Calendar.MINUTE, ZoneId.of("Europe/Berlin"));

        assertThat(length(minute, "2026-10-25T00:59:59Z")).isEqualTo(Duration.ofMinutes(1));
        assertThat(minute.start(millis("2026-10-25T01:10:30Z"))).isEqualTo(millis("2026-10-25T01:10:00Z"));
    }

    /** In 2006, the clocks of St. John's were set back from 00:01 to 23:01 of the day before. */
    @Example
    void aDayThatHasBegunIsNotLeftWhenTheClockIsSetBackOverMidnight() {
        Window.InZone day = day("America/St_Johns");

        assertThat(day.start(millis("2006-10-29T03:00:00Z"))).isEqualTo(millis("2006-10-29T02:30:00Z"));
        assertThat(day.start(millis("2006-10-29T04:00:00Z"))).isEqualTo(millis("2006-10-29T02:30:00Z"));
    }

    private static Duration length(Window.InZone window, String at) {
        return Duration.ofMillis(window.end(millis(at)) - window.start(millis(at)));
    }

    /** Zones whose clocks are set, but never back over the beginning of a day from the day after. */
    @Provide
    Arbitrary<ZoneId> zones() {
        return Arbitraries.of(
                        "UTC",
                        "Europe/Berlin",
                        "America/New_York",
                        "Australia/Lord_Howe",
                        "Asia/Kathmandu",
                        "America/Havana",
                        "Pacific/Apia",
                        "Asia/Beirut")
                .map(ZoneId::of);
    }

    @Provide
    Arbitrary<ZoneId> allZones() {
        return Arbitraries.of(ZoneId.getAvailableZoneIds().stream().sorted().toList())
                .map(ZoneId::of);
    }

    /** Around changes of the clock, and anywhere since 1973, when the last zone gave up odd seconds. */
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
                        Arbitraries.integers().between(-172_800, 172_800))
                .as((change, seconds) -> Instant.parse(change).plusSeconds(seconds));
        return Arbitraries.oneOf(
                changes,
                Arbitraries.longs().between(100_000_000L, 4_000_000_000L).map(Instant::ofEpochSecond));
    }

    @Provide
    Arbitrary<Long> steps() {
        return Arbitraries.oneOf(
                Arbitraries.longs().between(-60, 60),
                Arbitraries.longs().between(-7_200, 7_200),
                Arbitraries.longs().between(-100_000, 100_000),
                Arbitraries.longs().between(-3_000_000, 3_000_000));
    }
}
