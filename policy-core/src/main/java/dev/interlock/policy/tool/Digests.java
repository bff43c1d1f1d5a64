package dev.interlock.policy.tool;

import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Digests of definitions: SHA-256 of the {@linkplain CanonicalJson canonical text} of an object with the definition's
 * parts and all its other members. Absent parts are omitted, so that a part that MCP may add later does not change the
 * digests of today.
 */
final class Digests {

    /** Enough to distinguish two versions of a part. The whole definition is what a person accepts. */
    private static final int SHORT = 16;

    /** Members that MCP defines. All other members form one part, because a server may choose any names. */
    private static final Set<String> NAMED = Set.of("_meta", "icons", "execution");

    private static final String REST = "other members";

    private Digests() {}

    static ToolLock.Pin pin(ToolDefinition definition) {
        Map<String, String> shorts = new LinkedHashMap<>();
        parts(definition).forEach((name, part) -> {
            if (!name.equals("name")) {
                shorts.put(name, digest(part));
            }
        });
        Map<String, Value> rest = new LinkedHashMap<>();
        definition.others().members().forEach((name, part) -> {
            if (NAMED.contains(name)) {
                shorts.put(name, digest(part));
            } else {
                rest.put(name, part);
            }
        });
        if (!rest.isEmpty()) {
            shorts.put(REST, digest(ObjectValue.of(rest)));
        }
        return new ToolLock.Pin(whole(definition), shorts);
    }

    static String whole(ToolDefinition definition) {
        if (!definition.whole()) {
            throw new IllegalArgumentException("the definition of a tool could not be read as a whole");
        }
        Map<String, Value> all = parts(definition);
        all.putAll(definition.others().members());
        return CanonicalJson.digest(ObjectValue.of(all));
    }

    private static String digest(Value part) {
        return CanonicalJson.digest(part).substring(0, SHORT);
    }

    private static Map<String, Value> parts(ToolDefinition definition) {
        Map<String, Value> parts = new LinkedHashMap<>();
        parts.put("name", text(definition.name()));
        put(parts, "title", definition.title().isEmpty() ? null : text(definition.title()));
        put(parts, "description", definition.description().isEmpty() ? null : text(definition.description()));
        put(parts, "inputSchema", definition.inputSchema());
        put(parts, "outputSchema", definition.outputSchema());
        put(parts, "annotations", definition.annotations().size() == 0 ? null : definition.annotations());
        return parts;
    }

    private static void put(Map<String, Value> parts, String name, @Nullable Value part) {
        if (part != null) {
            parts.put(name, part);
        }
    }

    /**
     * Escapes an unpaired surrogate, which UTF-8 can't represent: two texts that differ in one must have different
     * digests.
     */
    private static Value.Text text(String text) {
        StringBuilder whole = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                whole.append(String.format("\\u%04x", c));
            } else if (c == '\\') {
                whole.append("\\\\");
            } else {
                whole.appendCodePoint(c);
            }
        }
        return new Value.Text(whole.toString());
    }
}
