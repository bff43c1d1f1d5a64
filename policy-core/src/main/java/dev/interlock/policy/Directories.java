package dev.interlock.policy;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The operand of {@link Operator#WITHIN_PATH}: a path, a list of paths, or a map of {@code in} (one of these) and
 * {@code base}.
 *
 * @param in the directories, as the policy writes them
 * @param base the directory that a relative path starts from; null if a relative path is invalid
 */
record Directories(List<String> in, @Nullable String base) {

    private static final String EXPECTED = "an absolute path, a list of them, or a map of 'in' and 'base'";

    /** Copies the list, so that it can't change afterwards. */
    Directories {
        in = List.copyOf(in);
    }

    /** The directories that an operand names in which there is no {@link #problem}. */
    static Directories of(Value operand) {
        if (operand instanceof ObjectValue map) {
            return new Directories(texts(map.get("in")), map.text("base"));
        }
        return new Directories(texts(operand), null);
    }

    /**
     * Returns what is wrong with an operand's type; empty if nothing is. The engine checks whether a path has a
     * meaning.
     */
    static Optional<String> problem(Value operand) {
        if (!(operand instanceof ObjectValue map)) {
            return wrongPath(operand);
        }
        for (String name : map.names()) {
            if (!name.equals("in") && !name.equals("base")) {
                return Optional.of("'within_path' takes " + EXPECTED + ", and knows no '" + name + "'");
            }
        }
        Value in = map.get("in");
        if (in == null || in instanceof ObjectValue) {
            return Optional.of("'within_path' takes " + EXPECTED + "; 'in' is " + (in == null ? "missing" : "a map"));
        }
        Value base = map.get("base");
        boolean list = base instanceof Value.Array;
        return wrongPath(in)
                .or(() -> list ? Optional.of("'base' is one absolute path, not a list") : Optional.empty())
                .or(() -> base == null ? Optional.empty() : wrongPath(base));
    }

    private static Optional<String> wrongPath(Value operand) {
        for (Value item : operand instanceof Value.Array array ? array.items() : List.of(operand)) {
            if (!(item instanceof Value.Text text) || text.value().isBlank()) {
                return Operands.wrong(Operator.WITHIN_PATH, EXPECTED, item);
            }
        }
        return Optional.empty();
    }

    private static List<String> texts(@Nullable Value oneOrMany) {
        if (!(oneOrMany instanceof Value.Array array)) {
            return oneOrMany instanceof Value.Text text ? List.of(text.value()) : List.of();
        }
        List<String> texts = new ArrayList<>();
        array.items().forEach(item -> texts.add(((Value.Text) item).value()));
        return texts;
    }
}
