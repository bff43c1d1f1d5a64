package dev.interlock.policy.limit.memory;

import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.value.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * All marks of a session. Immutable.
 *
 * @param marks the marks by name. Never changed
 * @param shown what is told of them
 * @param firstEnd when something of them ends next, unless the session idles
 */
record HeldMarks(Map<String, HeldMark> marks, SessionMarks shown, long firstEnd) {

    static final HeldMarks NONE = new HeldMarks(Map.of(), SessionMarks.NONE, Lifetime.IDLE);

    static HeldMarks of(Map<String, HeldMark> marks, long moment) {
        Map<String, Value> values = new HashMap<>();
        Set<String> unknown = new HashSet<>();
        long firstEnd = Lifetime.IDLE;
        for (Map.Entry<String, HeldMark> entry : marks.entrySet()) {
            HeldMark mark = entry.getValue();
            if (mark.unknown() != null) {
                unknown.add(entry.getKey());
            } else {
                values.put(entry.getKey(), mark.shown());
            }
            firstEnd = Math.min(firstEnd, mark.firstEnd());
        }
        return new HeldMarks(marks, SessionMarks.of(moment, values, unknown), firstEnd);
    }

    /** Whether something of them ends with the session's idling. */
    boolean hasIdling() {
        return marks.values().stream().anyMatch(HeldMark::hasIdling);
    }

    /** What has not lapsed. */
    HeldMarks at(long now, boolean idle) {
        if (now < firstEnd && !(idle && !marks.isEmpty())) {
            return this;
        }
        Map<String, HeldMark> left = new HashMap<>();
        marks.forEach((name, mark) -> {
            HeldMark rest = mark.at(now, idle);
            if (rest != null) {
                left.put(name, rest);
            }
        });
        return of(left, shown.moment());
    }
}
