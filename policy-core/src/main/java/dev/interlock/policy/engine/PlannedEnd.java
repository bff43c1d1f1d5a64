package dev.interlock.policy.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a plan says about the end of a call: about its result, and about the marks of its session. */
final class PlannedEnd {

    private final ResultRules results;
    private final PlannedMarks marks;

    private PlannedEnd(ResultRules results, PlannedMarks marks) {
        this.results = results;
        this.marks = marks;
    }

    /**
     * What the entries say.
     *
     * @param parts what each entry says of the result, in order
     * @param marks what each entry says of marks, in order
     * @return null if they say nothing
     */
    static @Nullable PlannedEnd of(List<ResultRules> parts, List<PlannedMarks> marks) {
        PlannedMarks all = PlannedMarks.together(marks);
        return parts.isEmpty() && all.isEmpty() ? null : new PlannedEnd(ResultRules.together(parts), all);
    }

    /**
     * What the plan of a call says together with those of the calls that it makes by running other tools.
     *
     * @param own null if the call's own plan says nothing
     * @param inner what the plans of these calls say, each for its own call
     */
    static @Nullable PlannedEnd together(@Nullable PlannedEnd own, List<PlannedEnd> inner) {
        if (inner.isEmpty()) {
            return own;
        }
        List<ResultRules> all = new ArrayList<>();
        List<PlannedMarks> marks = new ArrayList<>();
        if (own != null) {
            all.add(own.results);
            marks.add(own.marks);
        }
        inner.forEach(end -> {
            all.add(end.results);
            marks.add(end.marks);
        });
        return new PlannedEnd(ResultRules.together(all), PlannedMarks.together(marks));
    }

    /** The same for a call that another call makes. */
    PlannedEnd of(InnerCall call) {
        return new PlannedEnd(results.of(call), marks.of(call));
    }

    ResultRules results() {
        return results;
    }

    PlannedMarks marks() {
        return marks;
    }
}
