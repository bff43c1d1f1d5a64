package dev.interlock.policy.session;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One session and its marks.
 *
 * @param session the session
 * @param marks its marks, in the order of their names; at least one
 */
public record SessionRecord(String session, List<MarkRecord> marks) {

    /** Copies the marks. */
    public SessionRecord {
        marks = List.copyOf(marks);
    }

    /**
     * One mark.
     *
     * @param name its name
     * @param values its values that have not lapsed, in their order; null if it is one without values
     * @param known whether these are all its values. If not, a policy can read nothing of the mark
     * @param left how long until it lapses if the session makes no more calls
     */
    public record MarkRecord(String name, @Nullable List<String> values, boolean known, Duration left) {

        /** Copies the values. */
        public MarkRecord {
            values = values == null ? null : List.copyOf(values);
        }

        /** Names the mark; never a value. */
        @Override
        public String toString() {
            return values == null ? name : name + " with " + values.size() + " values";
        }
    }

    /** Returns how many marks there are; never the session or a value. */
    @Override
    public String toString() {
        return "a session with " + marks.size() + " marks";
    }
}
