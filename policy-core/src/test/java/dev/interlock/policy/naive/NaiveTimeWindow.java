package dev.interlock.policy.naive;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether a moment is within a time window, read anew each time. */
final class NaiveTimeWindow {

    private final ObjectValue window;
    private final ZoneId zone;

    private NaiveTimeWindow(ObjectValue window) {
        this.window = window;
        String name = window.text("zone");
        this.zone = ZoneId.of(name == null ? "UTC" : name);
    }

    static boolean includes(Value window, long millis) {
        return new NaiveTimeWindow((ObjectValue) window).includes(Instant.ofEpochMilli(millis));
    }

    private boolean includes(Instant now) {
        String from = window.text("from");
        String until = window.text("until");
        ZonedDateTime shown = now.atZone(zone);
        return (from == null || !now.isBefore(moment(from, 0)))
                && (until == null || now.isBefore(moment(until, 1)))
                && (holds(shown.getDayOfWeek(), shown.toLocalTime(), false)
                        || holds(shown.getDayOfWeek().minus(1), shown.toLocalTime(), true));
    }

    /** Whether the window that begins on {@code day} holds when a clock shows this, perhaps on the day after. */
    private boolean holds(DayOfWeek day, LocalTime shown, boolean next) {
        if (!isListed(day)) {
            return false;
        }
        List<String> hours = texts(window.get("hours"));
        if (hours.isEmpty()) {
            return !next;
        }
        String now = shown.toString().substring(0, 5);
        for (String range : hours) {
            String begin = range.substring(0, 5);
            String end = range.substring(6);
            boolean overnight = end.compareTo(begin) < 0;
            boolean holds = next
                    ? overnight && now.compareTo(end) < 0
                    : now.compareTo(begin) >= 0 && (overnight || now.compareTo(end) < 0);
            if (holds) {
                return true;
            }
        }
        return false;
    }

    private boolean isListed(DayOfWeek day) {
        if (window.get("days") == null) {
            return true;
        }
        List<String> week = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
        int wanted = week.indexOf(day.toString().substring(0, 3).toLowerCase(Locale.ROOT));
        return texts(window.get("days")).stream().anyMatch(item -> {
            String[] ends = item.split("-", -1);
            return week.indexOf(ends[0]) <= wanted && wanted <= week.indexOf(ends[ends.length - 1]);
        });
    }

    private Instant moment(String text, int daysLater) {
        if (text.length() == 10) {
            return ofLocal(LocalDate.parse(text).plusDays(daysLater).atStartOfDay());
        }
        return text.matches(".*(Z|[+-]..:..)")
                ? OffsetDateTime.parse(text).toInstant()
                : ofLocal(LocalDateTime.parse(text));
    }

    /** The first moment at which a clock shows this, or if it skips this, the first after it. */
    private Instant ofLocal(LocalDateTime local) {
        LocalDateTime shown = local;
        while (zone.getRules().getValidOffsets(shown).isEmpty()) {
            shown = shown.plusSeconds(1);
        }
        return shown.toInstant(zone.getRules().getValidOffsets(shown).get(0));
    }

    private static List<String> texts(@Nullable Value oneOrMany) {
        if (oneOrMany == null) {
            return List.of();
        }
        return oneOrMany instanceof Value.Array list
                ? list.items().stream().map(item -> ((Value.Text) item).value()).toList()
                : List.of(((Value.Text) oneOrMany).value());
    }
}
