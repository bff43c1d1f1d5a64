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

/** Converts Jackson's trees to plain Java, ready to be frozen, and frozen values back to trees. */
final class Json {

    /**
     * The bound for messages whose size is not ours to limit. A tool definition that nests deeper counts as unreadable.
     */
    static final int MAX_DEPTH = 512;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String NODE_CLASSES = JsonNodeFactory.class.getPackageName();

    private Json() {}

    /**
     * Returns a tree as maps, lists and scalars.
     *
     * @param maxDepth how deep objects and arrays may nest; a tree that was built in code has no bound
     * @throws InvalidValueException if it is deeper, or holds something that is not JSON
     */
    static @Nullable Object toJava(JsonNode node, int maxDepth) {
        return switch (node.getNodeType()) {
            case NULL -> null;
            case BOOLEAN -> node.booleanValue();
            case STRING -> node.textValue();
            case NUMBER -> node.numberValue();
            case ARRAY -> array(node, maxDepth);
            case OBJECT -> object(node, maxDepth);
            case BINARY, MISSING, POJO -> throw new InvalidValueException("a part of it is not a JSON value");
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

    /** Returns a tree that is an object as a map. */
    static Map<String, @Nullable Object> object(JsonNode node, int maxDepth) {
        enter(maxDepth);
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            members.put(member.getKey(), toJava(member.getValue(), maxDepth - 1));
        }
        return members;
    }

    /** Whether all parts of a tree are of Jackson's own classes: others could be written in any way. */
    static boolean isPlain(JsonNode node) {
        if (!node.getClass().getPackageName().equals(NODE_CLASSES)) {
            return false;
        }
        for (JsonNode part : node) {
            if (!isPlain(part)) {
                return false;
            }
        }
        return true;
    }

    private static void enter(int maxDepth) {
        if (maxDepth < 1) {
            throw new InvalidValueException("objects and arrays are nested too deep");
        }
    }

    /** Returns a frozen value as a new tree that is not shared. */
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

    /**
     * Returns plain Java as a tree. Parts that are views of trees are not copied.
     *
     * @throws InvalidValueException if it holds something that is not JSON
     */
    static JsonNode tree(@Nullable Object plain) {
        if (plain instanceof JsonMap view) {
            return view.object();
        }
        if (plain instanceof Map<?, ?> members) {
            ObjectNode node = NODES.objectNode();
            members.forEach((name, member) -> node.set((String) name, tree(member)));
            return node;
        }
        if (plain instanceof List<?> items) {
            ArrayNode node = NODES.arrayNode(items.size());
            items.forEach(item -> node.add(tree(item)));
            return node;
        }
        if (plain instanceof String text) {
            return NODES.textNode(text);
        }
        if (plain instanceof Boolean bool) {
            return NODES.booleanNode(bool);
        }
        if (plain instanceof Double || plain instanceof Float) {
            return NODES.numberNode(((Number) plain).doubleValue());
        }
        if (plain instanceof Number number) {
            return number(number instanceof Short || number instanceof Byte ? number.intValue() : number);
        }
        if (plain == null) {
            return NODES.nullNode();
        }
        throw new InvalidValueException("a part of it is not a JSON value");
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
