package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import java.util.ArrayList;
import java.util.List;

/**
 * A rating under construction: a category, a risk that only rises after the category is decided, and what was found on
 * the way. Used within one call.
 */
final class Assessment {

    private final List<String> decisive = new ArrayList<>();
    private final List<String> raising = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private ToolCategory category;
    private RiskLevel floor = RiskLevel.LOW;
    private RiskLevel ceiling = RiskLevel.CRITICAL;
    private int steps;

    Assessment(ToolCategory category, List<String> reasons) {
        this.category = category;
        decisive.addAll(reasons);
    }

    ToolCategory category() {
        return category;
    }

    /** Sets the category if it is more severe than the current one. */
    void raiseTo(ToolCategory graver, String factor) {
        if (NameReading.graver(graver, category)) {
            category = graver;
            decisive.add(0, factor);
        } else {
            notes.add(factor);
        }
    }

    /** Sets the category even if it is less severe. */
    void lowerTo(ToolCategory lower, String factor) {
        category = lower;
        decisive.add(0, factor);
    }

    /** The risk is at least this level. */
    void atLeast(RiskLevel level, String factor) {
        if (level.compareTo(floor) > 0) {
            floor = level;
        }
        (level.compareTo(category.usualRisk()) > 0 ? raising : notes).add(factor);
    }

    /** The risk is at least one level above the category's usual one. */
    void aboveUsual(String factor) {
        atLeast(above(category.usualRisk()), factor);
    }

    /** The risk is one level above the result of everything else. */
    void oneUp(String factor) {
        steps++;
        raising.add(factor);
    }

    /** The risk is at most this level, before {@link #oneUp} is applied. */
    void atMost(RiskLevel level, String factor) {
        ceiling = level;
        raising.add(factor);
    }

    /** Adds a factor that has no weight. */
    void note(String factor) {
        notes.add(factor);
    }

    ToolRating rating() {
        RiskLevel usual = category.usualRisk();
        RiskLevel level = usual.compareTo(ceiling) > 0 ? ceiling : usual;
        RiskLevel risk = level.compareTo(floor) < 0 ? floor : level;
        for (int step = 0; step < steps; step++) {
            risk = above(risk);
        }
        List<String> factors = new ArrayList<>(decisive);
        factors.addAll(raising);
        factors.addAll(notes);
        if (risk != usual) {
            String direction = risk.compareTo(usual) > 0 ? "raised" : "lowered";
            factors.add("risk " + direction + " from " + usual.text() + " to " + risk.text());
        }
        return new ToolRating(category, risk, factors);
    }

    private static RiskLevel above(RiskLevel level) {
        return switch (level) {
            case LOW -> RiskLevel.MEDIUM;
            case MEDIUM -> RiskLevel.HIGH;
            case HIGH, CRITICAL -> RiskLevel.CRITICAL;
        };
    }
}
