package dev.interlock.policy.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From Jackson's trees to plain Java, ready to be frozen, and from what was frozen back to trees. */
final class Json {

    /** As for messages that are not ours to bound: deeper ones are no definitions of tools. */
    static final int MAX_DEPTH = 512;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private Json() {}

    /**
     * A tree as maps, lists and scalars.
     *
     * @param maxDepth how deep objects and arrays may nest; one that was put together by hand has no bound of its own
     * @throws InvalidValueException if it is deeper, or holds something that is no JSON
     */
    static @Nullable Object toJava(JsonNode node, int maxDepth) {
        return switch (node.getNodeType()) {
            case NULL -> null;
            case BOOLEAN -> node.booleanValue();
            case STRING -> node.textValue();
            case NUMBER -> node.numberValue();
            case ARRAY -> array(node, maxDepth);
            case OBJECT -> object(node, maxDepth);
            case BINARY, MISSING, POJO -> throw new InvalidValueException("a part of it is no JSON value");
        };
    }

    private static List<@Nullable Object> array(JsonNode node, int maxDepth) {
        enter(maxDepth);
        List<@Nullable Object> items = new ArrayList<>();
        for (JsonNode item : node) {
            items.add(toJava(item, maxDepth - 1));
        }
        return items;
    }

    /** A tree that is an object, as a map. */
    static Map<String, @Nullable Object> object(JsonNode node, int maxDepth) {
        enter(maxDepth);
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            members.put(member.getKey(), toJava(member.getValue(), maxDepth - 1));
        }
        return members;
    }

    private static void enter(int maxDepth) {
        if (maxDepth < 1) {
            throw new InvalidValueException("objects and arrays are nested too deep");
        }
    }

    /** What was frozen, as a new tree that nobody else holds. */
    static ObjectNode tree(ObjectValue object) {
        ObjectNode node = NODES.objectNode();
        object.members().forEach((name, member) -> node.set(name, tree(member)));
        return node;
    }

    private static JsonNode tree(Value value) {
        if (value instanceof ObjectValue object) {
            return tree(object);
        }
        if (value instanceof Value.Array array) {
            ArrayNode node = NODES.arrayNode(array.items().size());
            array.items().forEach(item -> node.add(tree(item)));
            return node;
        }
        if (value instanceof Value.Text text) {
            return NODES.textNode(text.value());
        }
        if (value instanceof Value.Bool bool) {
            return NODES.booleanNode(bool.value());
        }
        return value instanceof NumberValue number ? number(number.toJava()) : NODES.nullNode();
    }

    private static JsonNode number(Object number) {
        if (number instanceof Integer small) {
            return NODES.numberNode(small.intValue());
        }
        if (number instanceof Long large) {
            return NODES.numberNode(large.longValue());
        }
        return number instanceof BigInteger whole ? NODES.numberNode(whole) : NODES.numberNode((BigDecimal) number);
    }
}
