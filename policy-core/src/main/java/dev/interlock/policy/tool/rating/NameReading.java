package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.ToolCategory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text was understood to say about a call.
 *
 * @param certainty how clearly it says it
 * @param category what it says, null only if it says nothing
 * @param reasons why it was understood this way, the decisive ones first
 */
record NameReading(Certainty certainty, @Nullable ToolCategory category, List<String> reasons) {

    /** How clearly a text says what a call does, in rising order. */
    enum Certainty {
        /** Not at all. */
        SILENT,
        /** With a noun: {@code job_status}. */
        NOUN,
        /** With a word that may be a verb. */
        HINT,
        /** With a verb. */
        VERB
    }

    /** Says nothing. */
    static final NameReading SILENT = new NameReading(Certainty.SILENT, null, List.of());

    /** Copies the reasons. */
    NameReading {
        reasons = List.copyOf(reasons);
    }

    /** Returns this reading, or the other one if that is more severe. Two critical categories are equally severe. */
    NameReading orGraver(NameReading other) {
        if (category == null || other.category == null) {
            return category == null ? other : this;
        }
        if (!graver(other.category, category)) {
            return this;
        }
        Certainty surer = certainty.compareTo(other.certainty) > 0 ? certainty : other.certainty;
        return new NameReading(surer, other.category, joined(other, this));
    }

    private static List<String> joined(NameReading first, NameReading second) {
        List<String> reasons = new ArrayList<>(first.reasons);
        reasons.addAll(second.reasons);
        return reasons;
    }

    /** Whether one category is more severe than the other. Destructive and financial are equally severe. */
    static boolean graver(ToolCategory one, ToolCategory other) {
        return one.usualRisk().compareTo(other.usualRisk()) > 0;
    }
}
