package dev.interlock.policy;

import java.util.List;

/**
 * What an entry says about the end of a call: about its result, and about what the call's session has seen from then
 * on.
 *
 * @param results rules on the result, in order
 * @param marks what is put on the session
 * @param clears the names of the marks that are taken away when a call has succeeded
 */
public record Afterwards(List<ResultRule> results, List<Mark> marks, List<Clearing> clears) {

    /** Nothing. */
    public static final Afterwards NONE = new Afterwards(List.of(), List.of(), List.of());

    /** Copies the lists. */
    public Afterwards {
        results = List.copyOf(results);
        marks = List.copyOf(marks);
        clears = List.copyOf(clears);
    }

    /** Returns whether the entry says nothing about the end of a call. */
    public boolean isEmpty() {
        return results.isEmpty() && marks.isEmpty() && clears.isEmpty();
    }
}
