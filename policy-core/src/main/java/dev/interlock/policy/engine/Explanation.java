package dev.interlock.policy.engine;

import dev.interlock.policy.Place;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.tool.ToolRating;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decision and how it was reached. Only for the host: unlike {@link Decision#message}, it quotes the arguments that
 * were compared.
 *
 * @param decision the decision, the same that {@link PolicyEngine#decide} returns
 * @param rating how the tool is rated; null if that is not known
 * @param entries where the entries that apply to the call stand, in the order of checking; empty if the tool is denied
 *     whatever its entries say
 * @param steps what was checked, in order, including the steps after the one that decided
 */
public record Explanation(
        Decision decision, @Nullable ToolRating rating, List<Place> entries, List<ExplainedStep> steps) {

    /** Copies the lists. */
    public Explanation {
        entries = List.copyOf(entries);
        steps = List.copyOf(steps);
    }

    /** The result of a step. */
    public enum Result {
        /** The step does not object to the call. */
        PASSED,
        /** The call is denied. */
        DENIED,
        /** The call needs a person's yes. */
        ASKS,
        /** The call would be denied or need approval, but that is only recorded. */
        AUDITED,
        /** A condition, or a fact that other steps use. It decides nothing by itself. */
        NOTED
    }

    /**
     * One step.
     *
     * @param result its result
     * @param text what was checked, in words
     * @param place where it stands in the document; null for what the engine does by itself
     * @param details the parts of the step
     */
    public record ExplainedStep(
            Result result, String text, @Nullable Place place, List<ExplainedStep> details) {

        /** Copies the details. */
        public ExplainedStep {
            details = List.copyOf(details);
        }

        /** Returns the result and the place. Not the text, which quotes arguments: read {@link #text} for that. */
        @Override
        public String toString() {
            return place == null ? result.toString() : result + " at " + place;
        }
    }
}
