package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An object of a tree as a map, which makes values when they are asked for: to look at a part costs no copy of all. */
final class JsonMap extends AbstractMap<String, @Nullable Object> {

    private final JsonNode object;

    private JsonMap(JsonNode object) {
        this.object = object;
    }

    /** What a tree is in plain Java; null for null and for what is missing, the tree itself for what is no JSON. */
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
