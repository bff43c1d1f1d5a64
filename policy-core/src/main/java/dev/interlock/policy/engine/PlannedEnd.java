package dev.interlock.policy.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a plan says about the end of a call: about its result, and about the marks of its session. */
final class PlannedEnd {

    private final ResultRules results;

    private PlannedEnd(ResultRules results) {
        this.results = results;
    }

    /**
     * What the entries say.
     *
     * @param parts what each entry says, in order
     * @return null if they say nothing
     */
    static @Nullable PlannedEnd of(List<ResultRules> parts) {
        return parts.isEmpty() ? null : new PlannedEnd(ResultRules.together(parts));
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
        if (own != null) {
            all.add(own.results);
        }
        inner.forEach(end -> all.add(end.results));
        return new PlannedEnd(ResultRules.together(all));
    }

    /** The same for a call that another call makes. */
    PlannedEnd of(InnerCall call) {
        return new PlannedEnd(results.of(call));
    }

    ResultRules results() {
        return results;
    }
}
