package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.Shortened;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolClassifier;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Why a tool may be less destructive than its rating: only its annotation says that it destroys. Many servers set
 * {@code destructiveHint} on every tool that is not read-only, or on all tools.
 *
 * @param kind why
 * @param text which signal is believed and why, on one line; empty if there is no doubt
 */
record Doubt(Kind kind, String text) {

    /** The reasons. */
    enum Kind {
        /** No doubt. */
        NONE,
        /** The tool's name says that it reads. */
        READING_VERB,
        /** Most of the server's tools have the hint, so it doesn't distinguish them. */
        BLANKET
    }

    /** No doubt. */
    static final Doubt NONE = new Doubt(Kind.NONE, "");

    private static final String DESTRUCTIVE_HINT = "destructiveHint";
    private static final Set<String> HINTS = Set.of(DESTRUCTIVE_HINT, "readOnlyHint");

    private static final int LONGEST_FACTOR = 80;

    /** With fewer hinted tools than this, the share says nothing. */
    private static final int LEAST_HINTED = 3;

    /**
     * How many of a server's tools have the hint.
     *
     * @param hinted how many have it
     * @param all how many tools there are
     */
    record HintShare(long hinted, int all) {

        static HintShare of(List<ToolDefinition> tools) {
            return new HintShare(tools.stream().filter(Doubt::isHinted).count(), tools.size());
        }

        /** Whether so many have it that it doesn't distinguish them. */
        private boolean isBlanket() {
            return hinted >= LEAST_HINTED && 2 * hinted >= all;
        }
    }

    /**
     * Returns the doubt about one tool's rating.
     *
     * @param share how many tools of its server have the hint
     */
    static Doubt of(ToolDefinition tool, ToolRating rating, ToolClassifier classifier, HintShare share) {
        if (!isHinted(tool) || rating.category() != ToolCategory.DESTRUCTIVE) {
            return NONE;
        }
        ToolRating bare = classifier.rate(tool.withAnnotations(withoutHints(tool.annotations())));
        Doubt blanket = share.isBlanket() ? blanket(bare, share) : NONE;
        return switch (bare.category()) {
            case DESTRUCTIVE, FINANCIAL -> NONE;
            case READ -> isByVerb(bare) ? readingVerb(bare) : blanket;
            case WRITE, EXECUTE -> blanket;
        };
    }

    private static Doubt readingVerb(ToolRating bare) {
        return new Doubt(
                Kind.READING_VERB,
                first(bare) + " is believed, and not its destructiveHint, which many servers set on all that isn't"
                        + " read-only");
    }

    private static Doubt blanket(ToolRating bare, HintShare share) {
        return new Doubt(
                Kind.BLANKET,
                "only its destructiveHint says that it destroys, and " + share.hinted() + " of the server's "
                        + share.all() + " tools have that; without it, it is rated "
                        + bare.category().text() + " (" + first(bare) + ")");
    }

    private static String first(ToolRating rating) {
        return Shortened.line(rating.factors().get(0), LONGEST_FACTOR);
    }

    private static boolean isHinted(ToolDefinition tool) {
        return tool.annotations().get(DESTRUCTIVE_HINT) instanceof Value.Bool hint && hint.value();
    }

    private static boolean isByVerb(ToolRating rating) {
        return rating.factors().stream().anyMatch(factor -> factor.startsWith("verb '"));
    }

    private static ObjectValue withoutHints(ObjectValue annotations) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(annotations.toJava());
        rest.keySet().removeAll(HINTS);
        return Value.freeze(rest) instanceof ObjectValue object ? object : ObjectValue.EMPTY;
    }
}
