package dev.interlock.policy.tool.rating;

import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * MCP's annotations, as far as they affect a rating. A hint that is not a boolean counts as absent.
 *
 * @param readOnly {@code readOnlyHint}, null if absent
 * @param destructive {@code destructiveHint}, null if absent
 * @param openWorld {@code openWorldHint}, null if absent
 */
record AnnotationHints(
        @Nullable Boolean readOnly,
        @Nullable Boolean destructive,
        @Nullable Boolean openWorld) {

    static AnnotationHints of(ObjectValue annotations) {
        return new AnnotationHints(
                hint(annotations, "readOnlyHint"),
                hint(annotations, "destructiveHint"),
                hint(annotations, "openWorldHint"));
    }

    /** The title for people; empty if there is none. */
    static String title(ObjectValue annotations) {
        String title = annotations.text("title");
        return title == null ? "" : title;
    }

    private static @Nullable Boolean hint(ObjectValue annotations, String name) {
        return annotations.get(name) instanceof Value.Bool bool ? bool.value() : null;
    }

    void weigh(Assessment assessment, boolean trusted) {
        if (is(destructive)) {
            assessment.raiseTo(ToolCategory.DESTRUCTIVE, "annotation destructiveHint");
        }
        if (not(readOnly)) {
            assessment.raiseTo(ToolCategory.WRITE, "annotation readOnlyHint is false");
        }
        if (is(readOnly)) {
            weighReadOnly(assessment, trusted && !is(destructive));
        }
        if (not(destructive)) {
            weighNotDestructive(assessment, trusted);
        }
        if (is(openWorld)) {
            assessment.note("annotation openWorldHint");
        }
    }

    private static void weighReadOnly(Assessment assessment, boolean trusted) {
        switch (assessment.category()) {
            case READ -> assessment.note("annotation readOnlyHint");
            case WRITE, EXECUTE -> {
                if (trusted) {
                    assessment.lowerTo(ToolCategory.READ, "annotation readOnlyHint, trusted");
                } else {
                    assessment.note("annotation readOnlyHint, not trusted");
                }
            }
            case DESTRUCTIVE, FINANCIAL -> assessment.note("annotation readOnlyHint, against all else");
        }
    }

    private static void weighNotDestructive(Assessment assessment, boolean trusted) {
        if (assessment.category() != ToolCategory.DESTRUCTIVE) {
            return;
        }
        if (trusted) {
            assessment.atMost(RiskLevel.HIGH, "annotation destructiveHint is false, trusted");
        } else {
            assessment.note("annotation destructiveHint is false, not trusted");
        }
    }

    private static boolean is(@Nullable Boolean hint) {
        return hint != null && hint;
    }

    private static boolean not(@Nullable Boolean hint) {
        return hint != null && !hint;
    }
}
