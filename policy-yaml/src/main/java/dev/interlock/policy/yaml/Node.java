package dev.interlock.policy.yaml;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node of a document, with its position. The tree is immutable, has no cycles, and is within the bounds that {@link
 * Composer} enforces. A node that the document refers to by alias is shared.
 */
sealed interface Node {

    /** The line, from 1. */
    int line();

    /** The column, from 1. */
    int column();

    /** The kind of node, for messages: "a list", "a number", … */
    String describe();

    /**
     * A string, number, boolean or null, as written.
     *
     * @param text the text without quotes, escapes resolved
     * @param plain whether it was written without quotes and tag, so that its text decides its type
     */
    record Scalar(String text, boolean plain, int line, int column) implements Node {

        ScalarKind kind() {
            return plain ? ScalarKind.of(text) : ScalarKind.TEXT;
        }

        boolean isNull() {
            return plain && ScalarKind.isNull(text);
        }

        @Override
        public String describe() {
            return kind().describe();
        }
    }

    /** A list. */
    record Sequence(List<Node> items, int line, int column) implements Node {
        @Override
        public String describe() {
            return "a list";
        }
    }

    /** A map, in document order, without duplicates, merge keys resolved. */
    record Mapping(List<Pair> pairs, int line, int column) implements Node {

        @Nullable
        Pair pair(String key) {
            for (Pair pair : pairs) {
                if (pair.name().equals(key)) {
                    return pair;
                }
            }
            return null;
        }

        @Override
        public String describe() {
            return "a map";
        }
    }

    /**
     * A key with its value.
     *
     * @param key the key, with its position
     * @param value its value
     */
    record Pair(Scalar key, Node value) {
        String name() {
            return key.text();
        }
    }
}
