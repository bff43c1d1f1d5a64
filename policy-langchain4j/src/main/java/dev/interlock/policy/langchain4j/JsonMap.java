package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A view of a tree's object as a map that creates values on demand: looking at a part doesn't copy the whole. */
final class JsonMap extends AbstractMap<String, @Nullable Object> {

    private final JsonNode object;

    private JsonMap(JsonNode object) {
        this.object = object;
    }

    /**
     * Returns a tree as plain Java: null for JSON null and a missing node, and the tree itself for a node that is not
     * JSON.
     */
    static @Nullable Object of(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> new JsonMap(node);
            case ARRAY -> new JsonList(node);
            case STRING -> node.textValue();
            case NUMBER -> node.numberValue();
            case BOOLEAN -> node.booleanValue();
            case NULL, MISSING -> null;
            case BINARY, POJO -> node;
        };
    }

    /** The tree's object, not a copy. */
    JsonNode object() {
        return object;
    }

    @Override
    public @Nullable Object get(@Nullable Object name) {
        return name instanceof String text ? of(object.path(text)) : null;
    }

    @Override
    public Set<Map.Entry<String, @Nullable Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Map.Entry<String, @Nullable Object>> iterator() {
                Iterator<Map.Entry<String, JsonNode>> members =
                        object.properties().iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return members.hasNext();
                    }

                    @Override
                    public Map.Entry<String, @Nullable Object> next() {
                        Map.Entry<String, JsonNode> member = members.next();
                        return new SimpleImmutableEntry<>(member.getKey(), of(member.getValue()));
                    }
                };
            }

            @Override
            public int size() {
                return object.size();
            }
        };
    }

    private static final class JsonList extends AbstractList<@Nullable Object> {

        private final JsonNode array;

        JsonList(JsonNode array) {
            this.array = array;
        }

        @Override
        public @Nullable Object get(int index) {
            return of(array.get(index));
        }

        @Override
        public int size() {
            return array.size();
        }
    }
}
