package dev.interlock.policy.naive;

import dev.interlock.policy.Mark;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The marks of one session, kept as the plain list of everything that was ever set. */
public final class NaiveSessionMemory {

    private final List<Setting> settings = new ArrayList<>();
    private Duration now = Duration.ZERO;
    private Duration last = Duration.ZERO;
    private int moment;

    /**
     * One thing that was set.
     *
     * @param value null for the name, or for a mark whose values are not known
     * @param end null if it ends when the session idles
     */
    private record Setting(
            int moment,
            String mark,
            boolean valued,
            @Nullable String value,
            boolean known,
            @Nullable Duration end) {}

    /** Lets time pass. */
    public void advance(Duration length) {
        now = now.plus(length);
    }

    /** Notes a call. */
    public int call() {
        lapse();
        last = now;
        return moment;
    }

    /** Changes the marks. The moment of the change is a number of this model's own. */
    public void change(SessionChange change) {
        lapse();
        if (change.clears().isEmpty() && change.marks().isEmpty()) {
            return;
        }
        last = now;
        moment++;
        settings.removeIf(setting -> change.clears().contains(setting.mark) && setting.moment <= change.before());
        for (NewMark mark : change.marks()) {
            Duration end = mark.lasting() == null ? null : now.plus(mark.lasting());
            boolean valued = mark.values() != null;
            List<String> values = mark.values() == null || !mark.known() ? List.of() : mark.values();
            if (values.isEmpty()) {
                settings.add(new Setting(moment, mark.name(), valued, null, mark.known(), end));
            }
            values.forEach(value -> settings.add(new Setting(moment, mark.name(), true, value, true, end)));
        }
    }

    private void lapse() {
        boolean idle = now.minus(last).compareTo(Mark.IDLE) >= 0;
        settings.removeIf(setting -> setting.end == null ? idle : setting.end.compareTo(now) <= 0);
    }

    /** The marks by name; null stands for one whose values are not known. */
    public Map<String, @Nullable Value> marks() {
        lapse();
        Map<String, @Nullable Value> marks = new TreeMap<>();
        Map<String, Map<String, Boolean>> values = new LinkedHashMap<>();
        for (Setting setting : settings) {
            values.computeIfAbsent(setting.mark, name -> new TreeMap<>());
            if (setting.value != null) {
                values.get(setting.mark).put(setting.value, true);
            }
        }
        values.forEach((mark, texts) -> {
            List<Value> items = new ArrayList<>();
            texts.keySet().forEach(text -> items.add(new Value.Text(text)));
            boolean valued = settings.stream().anyMatch(setting -> setting.mark.equals(mark) && setting.valued);
            boolean known = settings.stream().noneMatch(setting -> setting.mark.equals(mark) && !setting.known);
            marks.put(mark, !known ? null : valued ? new Value.Array(items) : Value.Bool.TRUE);
        });
        return marks;
    }
}
