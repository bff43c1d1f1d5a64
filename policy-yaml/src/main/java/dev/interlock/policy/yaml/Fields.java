package dev.interlock.policy.yaml;

import org.jspecify.annotations.Nullable;

/** The values of a map with known keys. Creating one reports every unknown key. */
final class Fields {

    private final Keys keys;
    private final Node.Mapping map;
    private final NodePath at;

    private Fields(Keys keys, Node.Mapping map, NodePath at) {
        this.keys = keys;
        this.map = map;
        this.at = at;
    }

    /**
     * @param intercept what Intercept would have done with an unknown key, or null if Intercept would have failed
     *     earlier
     */
    static Fields of(
            Keys keys, Node.Mapping map, NodePath at, DiagnosticCollector findings, @Nullable String intercept) {
        Fields fields = new Fields(keys, map, at);
        for (Node.Pair pair : map.pairs()) {
            String name = pair.name();
            if (!keys.contains(name) && !Keys.isNote(name)) {
                unknown(keys, pair, at.key(name), findings, intercept);
            }
        }
        return fields;
    }

    private static void unknown(
            Keys keys, Node.Pair pair, NodePath at, DiagnosticCollector findings, @Nullable String intercept) {
        if (findings.isFull()) {
            findings.countError();
            return;
        }
        String hint =
                keys == Keys.DOCUMENT && isEntry(pair.value()) ? "a tool goes under 'tools:'" : keys.hint(pair.name());
        if (hint == null) {
            hint = "the keys of " + keys.owner() + " are " + String.join(", ", keys.names());
        }
        String end = intercept == null ? "" : (hint.endsWith("?") ? " " : "; ") + intercept;
        findings.error("unknown-key", pair.key(), at, "unknown key " + Display.quoted(pair.name()), hint + end);
    }

    private static boolean isEntry(Node value) {
        return value instanceof Node.Mapping entry
                && entry.pairs().stream().anyMatch(pair -> Keys.ENTRY.contains(pair.name()));
    }

    /** The map itself. */
    Node.Mapping map() {
        return map;
    }

    /** The name of the map in messages. */
    String owner() {
        return keys.owner();
    }

    /** The path of the map. */
    NodePath at() {
        return at;
    }

    /** The path of a key of the map. */
    NodePath at(String key) {
        return at.key(key);
    }

    /** The value under {@code key}, or null if there is none. */
    @Nullable
    Node get(String key) {
        Node.Pair pair = pair(key);
        return pair == null ? null : pair.value();
    }

    boolean has(String key) {
        return pair(key) != null;
    }

    Node.@Nullable Pair pair(String key) {
        return map.pair(key);
    }
}
