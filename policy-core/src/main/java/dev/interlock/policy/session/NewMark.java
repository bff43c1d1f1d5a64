package dev.interlock.policy.session;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mark that a call puts on its session.
 *
 * @param name its name
 * @param values its values; empty for the name alone. Null if the mark is one without values
 * @param known whether the values are all that it should have. If not, nothing can be read of the mark until this
 *     lapses
 * @param lasting how long it lasts; null for until {@link dev.interlock.policy.Mark#IDLE} has passed since the
 *     session's last call
 */
public record NewMark(
        String name,
        @Nullable List<String> values,
        boolean known,
        @Nullable Duration lasting) {

    /** Copies the values. */
    public NewMark {
        values = values == null ? null : List.copyOf(values);
    }

    /** Creates a mark without values. */
    public static NewMark plain(String name, @Nullable Duration lasting) {
        return new NewMark(name, null, true, lasting);
    }

    /** Creates a mark of whose values nothing is known. */
    public static NewMark unknown(String name, @Nullable Duration lasting) {
        return new NewMark(name, List.of(), false, lasting);
    }

    /** Names the mark; never a value. */
    @Override
    public String toString() {
        return values == null ? name : name + " with " + values.size() + " values";
    }
}
