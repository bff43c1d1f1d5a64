package dev.interlock.policy.session;

import dev.interlock.policy.value.Value;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The marks of one session at one moment. Immutable. */
public final class SessionMarks {

    /** No marks, at a moment before everything. */
    public static final SessionMarks NONE = new SessionMarks(0, Map.of());

    /** Stands for a mark whose values are not known. Compared by identity. */
    private static final Value INVALID = new Value.Array(List.of());

    private final long moment;
    private final Map<String, Value> marks;

    private SessionMarks(long moment, Map<String, Value> marks) {
        this.moment = moment;
        this.marks = marks;
    }

    /**
     * Creates the marks of a session.
     *
     * @param moment what {@link #moment()} returns
     * @param marks the marks that can be read, by name: {@link Value.Bool#TRUE}, or the list of its values
     * @param invalid the names of those whose values are not known
     */
    public static SessionMarks of(long moment, Map<String, Value> marks, Set<String> invalid) {
        Map<String, Value> all = new HashMap<>(marks);
        invalid.forEach(name -> all.put(name, INVALID));
        return new SessionMarks(moment, Map.copyOf(all));
    }

    /**
     * Returns when these were the session's marks. The number has a meaning only for the memory that they come from,
     * and only against others of the same session: what was set later is newer.
     */
    public long moment() {
        return moment;
    }

    /**
     * Returns a mark: {@link Value.Bool#TRUE} if it is one without values, otherwise the list of its values, each as
     * its canonical text. Null if the session doesn't have it.
     *
     * @param ifInvalid what is returned if its values are not known
     */
    @SuppressWarnings("ReferenceEquality") // An empty list of values is not it.
    public @Nullable Value read(String name, Value ifInvalid) {
        Value value = marks.get(name);
        return value == INVALID ? ifInvalid : value;
    }

    /** Returns the names of all marks of the session. */
    public Set<String> names() {
        return Collections.unmodifiableSet(marks.keySet());
    }

    /** Returns how many marks there are, and none of their values. */
    @Override
    public String toString() {
        return marks.size() + " marks";
    }
}
