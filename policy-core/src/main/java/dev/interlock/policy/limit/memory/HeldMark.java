package dev.interlock.policy.limit.memory;

import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One mark of a session. Immutable.
 *
 * @param valued whether it is a mark with values
 * @param name how long it was set without a value; null if it wasn't
 * @param unknown for how long its values can't be told; null if they can
 * @param values its values, in the order in which they came, and how long each stays. Never changed
 */
record HeldMark(
        boolean valued, @Nullable Lifetime name, @Nullable Lifetime unknown, Map<String, Lifetime> values) {

    private static final HeldMark NEW = new HeldMark(false, null, null, Map.of());

    /**
     * The mark after it was set.
     *
     * @param known the mark until now; null if the session doesn't have it
     * @param set the moment of the change
     * @param end when what is set now ends
     * @param reserved values that have room although the mark may not have them yet
     */
    static HeldMark set(@Nullable HeldMark known, NewMark mark, long set, long end, Set<String> reserved) {
        HeldMark old = known == null ? NEW : known;
        List<String> added = mark.values() == null ? List.of() : mark.values();
        if (added.isEmpty() || !mark.known()) {
            boolean valued = old.valued || mark.values() != null;
            Lifetime unknown = mark.known() ? old.unknown : Lifetime.extended(old.unknown, set, end);
            return new HeldMark(valued, Lifetime.extended(old.name, set, end), unknown, old.values);
        }
        boolean fits = fits(old.values.keySet(), reserved, added);
        if (!fits) {
            return new HeldMark(true, old.name, Lifetime.extended(old.unknown, set, end), old.values);
        }
        Map<String, Lifetime> values = new LinkedHashMap<>(old.values);
        added.forEach(value -> values.put(value, Lifetime.extended(values.get(value), set, end)));
        return new HeldMark(true, old.name, old.unknown, values);
    }

    private static boolean fits(Set<String> held, Set<String> reserved, List<String> added) {
        for (String value : added) {
            if (isTooLong(value)) {
                return false;
            }
        }
        return fitTogether(held, reserved, added);
    }

    /** Whether these are few enough values for one mark, each of them counted once. */
    static boolean fitTogether(Set<String> held, Set<String> reserved, Iterable<String> added) {
        Set<String> more = new HashSet<>();
        for (String value : reserved) {
            if (!held.contains(value)) {
                more.add(value);
            }
        }
        for (String value : added) {
            if (!held.contains(value)) {
                more.add(value);
            }
        }
        return held.size() + more.size() <= SessionMemory.MOST_VALUES;
    }

    private static boolean isTooLong(String value) {
        return value.length() > SessionMemory.LONGEST_VALUE
                && value.codePointCount(0, value.length()) > SessionMemory.LONGEST_VALUE;
    }

    /** What is left when everything is taken away that was set up to a moment; null if nothing is. */
    @Nullable
    HeldMark after(long moment) {
        Map<String, Lifetime> left = new LinkedHashMap<>();
        values.forEach((value, lifetime) -> {
            Lifetime rest = Lifetime.after(lifetime, moment);
            if (rest != null) {
                left.put(value, rest);
            }
        });
        return left(Lifetime.after(name, moment), Lifetime.after(unknown, moment), left);
    }

    /** What has not lapsed; null if everything has. */
    @Nullable
    HeldMark at(long now, boolean idle) {
        Map<String, Lifetime> left = new LinkedHashMap<>();
        values.forEach((value, lifetime) -> {
            Lifetime rest = Lifetime.at(lifetime, now, idle);
            if (rest != null) {
                left.put(value, rest);
            }
        });
        return left(Lifetime.at(name, now, idle), Lifetime.at(unknown, now, idle), left);
    }

    private @Nullable HeldMark left(
            @Nullable Lifetime leftName, @Nullable Lifetime leftUnknown, Map<String, Lifetime> leftValues) {
        return leftName == null && leftUnknown == null && leftValues.isEmpty()
                ? null
                : new HeldMark(valued, leftName, leftUnknown, leftValues);
    }

    /** The first fixed end of anything in it. */
    long firstEnd() {
        long first = Math.min(Lifetime.firstEnd(name), Lifetime.firstEnd(unknown));
        for (Lifetime lifetime : values.values()) {
            first = Math.min(first, Lifetime.firstEnd(lifetime));
        }
        return first;
    }

    /**
     * What a person is shown.
     *
     * @param idle when the session has idled if it makes no more calls
     */
    SessionRecord.MarkRecord record(String mark, long now, long idle) {
        List<String> texts = valued ? List.copyOf(values.keySet()) : null;
        return new SessionRecord.MarkRecord(mark, texts, unknown == null, Duration.ofNanos(lastEnd(idle) - now));
    }

    /** When the last of it ends. */
    long lastEnd(long idle) {
        long end = Math.max(Lifetime.lastEnd(name, idle), Lifetime.lastEnd(unknown, idle));
        for (Lifetime lifetime : values.values()) {
            end = Math.max(end, Lifetime.lastEnd(lifetime, idle));
        }
        return end;
    }

    /** Whether something of it ends with the session's idling. */
    boolean hasIdling() {
        return Lifetime.hasIdling(name)
                || Lifetime.hasIdling(unknown)
                || values.values().stream().anyMatch(Lifetime::hasIdling);
    }

    /** What conditions read. */
    Value shown() {
        if (!valued) {
            return Value.Bool.TRUE;
        }
        List<Value> texts = new ArrayList<>(values.size());
        values.keySet().forEach(value -> texts.add(new Value.Text(value)));
        return new Value.Array(texts);
    }
}
