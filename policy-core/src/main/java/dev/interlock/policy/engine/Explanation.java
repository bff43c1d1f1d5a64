package dev.interlock.policy.engine;

import dev.interlock.policy.Place;
import dev.interlock.policy.tool.ToolRating;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decision and how it came about. For the host's eyes: unlike {@link Decision#message}, it quotes the arguments that
 * were compared.
 *
 * @param decision the decision, the same that {@link PolicyEngine#decide} gives
 * @param rating how the tool is rated; null if that could not be told
 * @param entries where the entries stand that apply to the call, in the order in which they are checked; empty if the
 *     tool is denied whatever its entries say
 * @param steps what was looked at, in order, also past the step that decided
 */
public record Explanation(Decision decision, @Nullable ToolRating rating, List<Place> entries, List<Step> steps) {

    /** Copies the lists. */
    public Explanation {
        entries = List.copyOf(entries);
        steps = List.copyOf(steps);
    }

    /** What came of a step. */
    public enum Result {
        /** Nothing against the call. */
        PASSED,
        /** The call is denied. */
        DENIED,
        /** The call needs a person's yes. */
        ASKS,
        /** The call would be denied or put to a person, but that is only recorded. */
        AUDITED,
        /** A condition, or a fact that others are read from; it decides nothing by itself. */
        NOTED
    }

    /**
     * One step.
     *
     * @param result what came of it
     * @param text what was looked at, in words
     * @param place where it stands in the document, or null for what the engine does by itself
     * @param details what it consists of
     */
    public record Step(Result result, String text, @Nullable Place place, List<Step> details) {

        /** Copies the details. */
        public Step {
            details = List.copyOf(details);
        }

        /** What came of it, and where it stands. Not the text, which quotes arguments: that is for whoever asks for it. */
        @Override
        public String toString() {
            return place == null ? result.toString() : result + " at " + place;
        }
    }
}
