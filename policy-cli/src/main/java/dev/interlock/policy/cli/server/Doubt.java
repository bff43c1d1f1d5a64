package dev.interlock.policy.cli.server;

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
 */
enum Doubt {
    /** No doubt. */
    NONE(""),
    /** The tool's name says that it reads. */
    READING_VERB("its verb reads, against its destructiveHint"),
    /** Most of the server's tools have the hint, so it doesn't distinguish them. */
    BLANKET("only destructiveHint says that it destroys, and most tools of the server have that");

    private static final String DESTRUCTIVE_HINT = "destructiveHint";
    private static final Set<String> HINTS = Set.of(DESTRUCTIVE_HINT, "readOnlyHint");

    /** With fewer hinted tools than this, the share says nothing. */
    private static final int LEAST_HINTED = 3;

    private final String text;

    Doubt(String text) {
        this.text = text;
    }

    /** The doubt in words; empty if there is none. */
    String text() {
        return text;
    }

    /** Whether so many of a server's tools have the hint that it doesn't distinguish them. */
    static boolean isBlanket(List<ToolDefinition> tools) {
        long hinted = tools.stream().filter(Doubt::isHinted).count();
        return hinted >= LEAST_HINTED && 2 * hinted >= tools.size();
    }

    /**
     * Returns the doubt about one tool's rating.
     *
     * @param blanket whether most tools of its server have the hint
     */
    static Doubt of(ToolDefinition tool, ToolRating rating, ToolClassifier classifier, boolean blanket) {
        if (!isHinted(tool) || rating.category() != ToolCategory.DESTRUCTIVE) {
            return NONE;
        }
        ToolRating bare = classifier.rate(tool.withAnnotations(withoutHints(tool.annotations())));
        return switch (bare.category()) {
            case DESTRUCTIVE, FINANCIAL -> NONE;
            case READ -> isByVerb(bare) ? READING_VERB : blanket ? BLANKET : NONE;
            case WRITE, EXECUTE -> blanket ? BLANKET : NONE;
        };
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
