package dev.interlock.policy.tool;

import java.util.List;

/**
 * How a tool is rated, and why.
 *
 * @param category what a call does
 * @param risk how bad a wrong call would be
 * @param factors the reasons, in the order of their weight, each a short phrase for people ("verb 'delete'", "takes a
 *     URL")
 */
public record ToolRating(ToolCategory category, RiskLevel risk, List<String> factors) {

    /** Copies the factors. */
    public ToolRating {
        factors = List.copyOf(factors);
    }

    /** Returns a rating set by hand: the category with its usual risk. */
    public static ToolRating of(ToolCategory category) {
        return of(category, category.usualRisk());
    }

    /** Returns a rating set by hand. */
    public static ToolRating of(ToolCategory category, RiskLevel risk) {
        return new ToolRating(category, risk, List.of("set by the host"));
    }
}
