package dev.interlock.policy;

import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.text.VisibleText;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Some of all time: the instants at which a clock in one zone shows certain days and hours, and that are neither before
 * a beginning nor at or after an end. There is at least one such instant. Two windows are equal if they are written
 * alike in their canonical form. Immutable and thread-safe.
 */
public final class TimeWindow {

    /** The keys of a window, in their canonical order. */
    public static final List<String> KEYS = List.of("days", "hours", "from", "until", "zone");

    /**
     * How many days are searched for the next instant. Days repeat every week, and a zone skips or repeats an hour at
     * one day in many.
     */
    private static final int SEARCHED_DAYS = 40;

    private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");

    private final Set<DayOfWeek> days;
    private final List<Hours> hours;
    private final @Nullable Instant from;
    private final @Nullable Instant until;
    private final ZoneId zone;
    private final ObjectValue value;

    private TimeWindow(ObjectValue written) {
        for (String key : written.names()) {
            if (!KEYS.contains(key)) {
                throw bad("a time window has no key " + VisibleText.quoted(key) + "; its keys are "
                        + String.join(", ", KEYS));
            }
        }
        Value zoneText = written.get("zone");
        this.zone = zoneText == null ? ZoneOffset.UTC : zone(zoneText);
        Value dayList = written.get("days");
        this.days = dayList == null ? EnumSet.allOf(DayOfWeek.class) : days(dayList);
        Value hourList = written.get("hours");
        this.hours = hourList == null ? List.of() : hours(hourList);
        Value begin = written.get("from");
        this.from = begin == null ? null : instant("from", begin, zone);
        Value end = written.get("until");
        this.until = end == null ? null : instant("until", end, zone);
        if (dayList == null && hourList == null && from == null && until == null) {
            throw bad("a time window needs at least one of days, hours, from and until");
        }
        if (from != null && until != null && next(from).isEmpty()) {
            throw bad("this time window never holds");
        }
        this.value = canonical(written, dayList == null ? null : ranges(days));
    }

    /**
     * Reads a window as policies write it, a map of any of {@link #KEYS}.
     *
     * @throws IllegalArgumentException if it is none, or never holds; the message says what was expected
     */
    public static TimeWindow of(Value value) {
        if (!(value instanceof ObjectValue map)) {
            throw bad("a time window is a map of any of " + String.join(", ", KEYS));
        }
        return new TimeWindow(map);
    }

    /**
     * Reads the name of a time zone.
     *
     * @throws IllegalArgumentException if there is no such zone
     */
    public static ZoneId zone(String name) {
        if (!ZoneId.getAvailableZoneIds().contains(name)) {
            String nearest = Suggestion.to(name, ZoneId.getAvailableZoneIds());
            throw bad("there is no time zone " + VisibleText.quoted(name)
                    + (nearest == null
                            ? "; write an IANA name such as Europe/Berlin"
                            : ", did you mean '" + nearest + "'?"));
        }
        return ZoneId.of(name);
    }

    private static ZoneId zone(Value value) {
        return zone(text("zone", "an IANA name such as Europe/Berlin", value));
    }

    private static Set<DayOfWeek> days(Value value) {
        if (!(value instanceof Value.Array list)) {
            throw bad("'days' takes a list such as [mon-fri, sun], not " + Operands.article(value.typeName()));
        }
        Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
        for (Value item : list.items()) {
            String range = text("days", "a list such as [mon-fri, sun]", item);
            int dash = range.indexOf('-');
            int first = day(dash < 0 ? range : range.substring(0, dash), range);
            int last = dash < 0 ? first : day(range.substring(dash + 1), range);
            if (last < first) {
                throw bad(VisibleText.quoted(range) + " runs backwards; the week begins on Monday, so write two items");
            }
            for (int i = first; i <= last; i++) {
                days.add(DayOfWeek.of(i + 1));
            }
        }
        if (days.isEmpty()) {
            throw bad("this time window never holds: 'days' lists none");
        }
        return days;
    }

    private static int day(String name, String range) {
        int day = DAYS.indexOf(name);
        if (day < 0) {
            throw bad(VisibleText.quoted(range) + " is not a day or a range of days; write " + String.join(", ", DAYS)
                    + " or a range such as mon-fri");
        }
        return day;
    }

    private static List<Hours> hours(Value value) {
        List<Value> items = value instanceof Value.Array list ? list.items() : List.of(value);
        List<Hours> hours = new ArrayList<>();
        for (Value item : items) {
            hours.add(Hours.of(text("hours", "a text such as \"09:00-18:00\"", item)));
        }
        if (hours.isEmpty()) {
            throw bad("this time window never holds: 'hours' lists none");
        }
        return List.copyOf(hours);
    }

    private static String text(String key, String expected, Value value) {
        if (value instanceof Value.Text text) {
            return text.value();
        }
        throw bad("'" + key + "' takes " + expected + ", not " + Operands.article(value.typeName()));
    }

    /** The instant that a date, a local date and time or one with an offset means as one end of a window. */
    private static Instant instant(String key, Value value, ZoneId zone) {
        String expected = "a date (2026-03-01), a local time (2026-03-01T09:00) or one with an offset"
                + " (2026-03-01T09:00+01:00)";
        String text = text(key, expected, value);
        try {
            if (Forms.DATE.matcher(text).matches()) {
                LocalDate date = LocalDate.parse(text);
                return instant((key.equals("until") ? date.plusDays(1) : date).atStartOfDay(), zone);
            }
            if (Forms.LOCAL.matcher(text).matches()) {
                return instant(LocalDateTime.parse(text), zone);
            }
            if (Forms.OFFSET.matcher(text).matches()) {
                return OffsetDateTime.parse(text).toInstant();
            }
        } catch (DateTimeException e) {
            throw bad(VisibleText.quoted(text) + " is not a moment: there is no such day, time or offset");
        }
        throw bad("'" + key + "' takes " + expected + ", not " + VisibleText.quoted(text));
    }

    /** The moment after the gap if the clock skips this time, and the first of two if it shows it twice. */
    static Instant instant(LocalDateTime local, ZoneId zone) {
        ZoneOffsetTransition transition = zone.getRules().getTransition(local);
        return transition != null && transition.isGap()
                ? transition.getInstant()
                : local.atZone(zone).toInstant();
    }

    private static ObjectValue canonical(ObjectValue written, @Nullable List<String> days) {
        Map<String, Value> members = new LinkedHashMap<>();
        for (String key : KEYS) {
            Value member = written.get(key);
            if (member instanceof Value.Array list && list.items().size() == 1 && key.equals("hours")) {
                member = list.items().get(0);
            }
            if (member != null) {
                members.put(key, key.equals("days") && days != null ? Value.freeze(days) : member);
            }
        }
        return ObjectValue.of(members);
    }

    /** The days as the fewest items. */
    private static List<String> ranges(Set<DayOfWeek> days) {
        List<String> ranges = new ArrayList<>();
        int day = 1;
        while (day <= 7) {
            int first = day;
            while (day <= 7 && days.contains(DayOfWeek.of(day))) {
                day++;
            }
            if (day > first) {
                String begin = DAYS.get(first - 1);
                ranges.add(day - first == 1 ? begin : begin + "-" + DAYS.get(day - 2));
            }
            day++;
        }
        return ranges;
    }

    private static IllegalArgumentException bad(String message) {
        return new IllegalArgumentException(message);
    }

    /** Returns whether the instant is within this window. */
    public boolean includes(Instant instant) {
        if ((from != null && instant.isBefore(from)) || (until != null && !instant.isBefore(until))) {
            return false;
        }
        LocalDateTime local = LocalDateTime.ofInstant(instant, zone);
        DayOfWeek day = local.getDayOfWeek();
        if (hours.isEmpty()) {
            return days.contains(day);
        }
        int second = local.toLocalTime().toSecondOfDay();
        for (int i = 0; i < hours.size(); i++) {
            if (hours.get(i).include(second, days.contains(day), days.contains(day.minus(1)))) {
                return true;
            }
        }
        return false;
    }

    /**
     * The first instant at or after {@code instant} that is within this window; empty if there is none, or none
     * within the following weeks.
     */
    Optional<Instant> next(Instant instant) {
        Instant start = from != null && from.isAfter(instant) ? from : instant;
        if (includes(start)) {
            return Optional.of(start);
        }
        LocalDate first = LocalDateTime.ofInstant(start, zone).toLocalDate();
        for (int i = 0; i < SEARCHED_DAYS; i++) {
            for (Instant candidate : edges(first.plusDays(i))) {
                if (until != null && !candidate.isBefore(until)) {
                    return Optional.empty();
                }
                if (candidate.isAfter(start) && includes(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    /** Returns how long it is from {@code instant} until this window holds; empty if that is not known. */
    public Optional<Duration> wait(Instant instant) {
        return next(instant).map(next -> Duration.between(instant, next));
    }

    /**
     * Returns the first instant after {@code instant} at which this window begins or ceases to hold; empty if there is
     * none, or none within the following weeks.
     */
    public Optional<Instant> change(Instant instant) {
        if (!includes(instant)) {
            return next(instant);
        }
        LocalDate first = LocalDateTime.ofInstant(instant, zone).toLocalDate();
        for (int i = 0; i < SEARCHED_DAYS; i++) {
            for (Instant candidate : edges(first.plusDays(i))) {
                if (candidate.isAfter(instant) && !includes(candidate)) {
                    return Optional.of(until != null && until.isBefore(candidate) ? until : candidate);
                }
            }
        }
        return Optional.ofNullable(until);
    }

    /** Every instant of a day at which this window may begin or cease to hold by its days and hours, in order. */
    private SortedSet<Instant> edges(LocalDate day) {
        ZoneRules rules = zone.getRules();
        SortedSet<Instant> all = new TreeSet<>();
        List<LocalTime> times = new ArrayList<>(List.of(LocalTime.MIDNIGHT));
        for (Hours each : hours) {
            times.add(LocalTime.ofSecondOfDay(each.begin()));
            times.add(LocalTime.ofSecondOfDay(each.end() % Hours.DAY));
        }
        for (LocalTime time : times) {
            LocalDateTime local = day.atTime(time);
            rules.getValidOffsets(local).forEach(offset -> all.add(local.toInstant(offset)));
        }
        // Where the clock is set, it may jump into the window, or out of it.
        Instant end = instant(day.plusDays(1).atStartOfDay(), zone);
        ZoneOffsetTransition set =
                rules.nextTransition(instant(day.atStartOfDay(), zone).minusSeconds(1));
        while (set != null && !set.getInstant().isAfter(end)) {
            all.add(set.getInstant());
            set = rules.nextTransition(set.getInstant());
        }
        return all;
    }

    /** Returns the window as policies write it, in its canonical form. */
    public ObjectValue value() {
        return value;
    }

    /** Returns the window as messages name it: {@code mon-fri 09:00-18:00 (Europe/Berlin)}. */
    public String text() {
        List<String> parts = new ArrayList<>();
        value.names().forEach(key -> {
            Value member = Objects.requireNonNull(value.get(key));
            String text = member instanceof Value.Array list
                    ? String.join(
                            ", ",
                            list.items().stream()
                                    .map(item -> ((Value.Text) item).value())
                                    .toList())
                    : ((Value.Text) member).value();
            switch (key) {
                case "from", "until" -> parts.add(key + " " + text);
                case "zone" -> parts.add("(" + text + ")");
                default -> parts.add(text);
            }
        });
        if (value.get("zone") == null) {
            parts.add("(UTC)");
        }
        return String.join(" ", parts);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TimeWindow window && value.equals(window.value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return text();
    }

    /**
     * The hours of a day, or from one day into the next.
     *
     * @param begin the second of the day at which they begin
     * @param end the second of the day, or of the next, before which they end
     */
    private record Hours(int begin, int end) {

        private static final int DAY = 24 * 60 * 60;

        static Hours of(String text) {
            Matcher form = Forms.HOURS.matcher(text);
            if (!form.matches()) {
                throw bad(VisibleText.quoted(text) + " is not a range of hours; write two times such as 09:00-18:00");
            }
            int begin = second(form.group(1), text);
            int end = second(form.group(2), text);
            if (begin == DAY) {
                throw bad(VisibleText.quoted(text) + " begins at the end of a day; write 00:00");
            }
            if (begin == end) {
                throw bad(VisibleText.quoted(text)
                        + " begins where it ends; leave 'hours' out, or write 00:00-24:00 for a whole day");
            }
            return new Hours(begin, end);
        }

        private static int second(String time, String text) {
            int hour = Integer.parseInt(time.substring(0, 2));
            int minute = Integer.parseInt(time.substring(3));
            if (hour > 24 || minute > 59 || (hour == 24 && minute > 0)) {
                throw bad(VisibleText.quoted(text) + " has a time that no clock shows");
            }
            return (hour * 60 + minute) * 60;
        }

        /** Whether this second is within the hours, if they may begin on its day or on the day before. */
        boolean include(int second, boolean today, boolean yesterday) {
            return begin < end
                    ? today && second >= begin && second < end
                    : (today && second >= begin) || (yesterday && second < end);
        }
    }

    /** Compiled when the first window is read. */
    private static final class Forms {
        static final Pattern HOURS = Pattern.compile("([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})");
        static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
        static final Pattern LOCAL = Pattern.compile(DATE + "T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?");
        static final Pattern OFFSET = Pattern.compile(LOCAL + "(Z|[+-][0-9]{2}:[0-9]{2})");

        private Forms() {}
    }
}
