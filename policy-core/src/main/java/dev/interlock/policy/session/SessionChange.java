package dev.interlock.policy.session;

import java.util.List;
import java.util.Set;

/**
 * What a call changes in its session: it clears first, then it sets.
 *
 * @param clears the names of the marks that are taken away, as far as they were set before {@code before}
 * @param before the {@linkplain SessionMarks#moment moment} of the marks that the call was decided by
 * @param marks what is set
 * @param last whether the call has ended. If not, it may change more, and keeps its room
 */
public record SessionChange(Set<String> clears, long before, List<NewMark> marks, boolean last) {

    /** Copies the names and the marks. */
    public SessionChange {
        clears = Set.copyOf(clears);
        marks = List.copyOf(marks);
    }

    /** Changes nothing: the call was never sent, or left nothing behind. Its room is given back. */
    public static final SessionChange NONE = new SessionChange(Set.of(), 0, List.of(), true);
}
