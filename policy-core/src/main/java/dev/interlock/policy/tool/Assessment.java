package dev.interlock.policy.tool;

import java.util.ArrayList;
import java.util.List;

/**
 * One rating in the making: a category, a risk that only rises once the category stands, and what was found on the way.
 * Lives within one call.
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

    /** Takes the category, if it is graver than what was found so far. */
    void raiseTo(ToolCategory graver, String factor) {
        if (Reading.graver(graver, category)) {
            category = graver;
            decisive.add(0, factor);
        } else {
            notes.add(factor);
        }
    }

    /** Takes the category, though it may be less grave. */
    void lowerTo(ToolCategory lower, String factor) {
        category = lower;
        decisive.add(0, factor);
    }

    /** The risk is that level at least. */
    void atLeast(RiskLevel level, String factor) {
        if (level.compareTo(floor) > 0) {
            floor = level;
        }
        (level.compareTo(category.usualRisk()) > 0 ? raising : notes).add(factor);
    }

    /** The risk is at least one level above the usual one of the category. */
    void aboveUsual(String factor) {
        atLeast(above(category.usualRisk()), factor);
    }

    /** The risk is one level above what all else makes it. */
    void oneUp(String factor) {
        steps++;
        raising.add(factor);
    }

    /** The risk is that level at most, before {@link #oneUp} counts. */
    void atMost(RiskLevel level, String factor) {
        ceiling = level;
        raising.add(factor);
    }

    /** Worth knowing, without weight. */
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
