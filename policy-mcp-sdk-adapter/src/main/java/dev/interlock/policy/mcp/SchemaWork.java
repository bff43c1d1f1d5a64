package dev.interlock.policy.mcp;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bounds how long a validator can take over some arguments, before it starts: walks schema and arguments as a validator
 * would, but looks at each pair of places only once and sums up. A schema that doubles its work with every reference, or
 * has an expression that backtracks without end, is found out in time that is linear in schema times arguments.
 */
final class SchemaWork {

    /** Steps that a validator may take; some tens of milliseconds. */
    static final long MAX_STEPS = 10_000_000;

    /** Pairs of places that are looked at. */
    private static final int MAX_VISITS = 1_000_000;

    private static final int MAX_DEPTH = 500;

    /** In the table while a pair is being looked at. */
    private static final Long UNDER_WAY = -1L;

    private final ObjectValue root;
    private final IdentityHashMap<Value, IdentityHashMap<Value, Long>> seen = new IdentityHashMap<>();
    private int visits;
    private int depth;

    private SchemaWork(ObjectValue root) {
        this.root = root;
    }

    /**
     * Refuses a schema that would be too much work.
     *
     * @throws SchemaRefusedException if it is
     */
    static void check(ObjectValue schema, ObjectValue arguments) throws SchemaRefusedException {
        new SchemaWork(schema).steps(schema, arguments);
    }

    private long steps(Value schema, Value instance) throws SchemaRefusedException {
        if (!(schema instanceof ObjectValue keywords)) {
            return 1;
        }
        IdentityHashMap<Value, Long> byInstance = seen.computeIfAbsent(schema, key -> new IdentityHashMap<>());
        Long known = byInstance.get(instance);
        if (known != null) {
            if (known.equals(UNDER_WAY)) {
                throw new SchemaRefusedException("it refers to itself without end");
            }
            return known;
        }
        if (++visits > MAX_VISITS || ++depth > MAX_DEPTH) {
            throw new SchemaRefusedException("checking it would take too long");
        }
        byInstance.put(instance, UNDER_WAY);
        long total = 1;
        for (Map.Entry<String, Value> keyword : keywords.members().entrySet()) {
            total = sum(total, keyword(keyword.getKey(), keyword.getValue(), instance));
        }
        depth--;
        byInstance.put(instance, total);
        return total;
    }

    private long keyword(String name, Value value, Value instance) throws SchemaRefusedException {
        return switch (name) {
            case "$ref", "$dynamicRef", "$recursiveRef" -> steps(target(value), instance);
            case "not", "if", "then", "else" -> steps(value, instance);
            case "allOf", "anyOf", "oneOf" -> all(value, instance);
            case "dependentSchemas", "dependencies" -> each(value, instance);
            case "properties" -> properties(value, instance);
            case "patternProperties" -> patternProperties(value, instance);
            case "additionalProperties", "unevaluatedProperties" -> members(value, instance);
            case "propertyNames" -> names(value, instance);
            case "items", "prefixItems", "additionalItems", "contains", "unevaluatedItems" -> items(value, instance);
            case "pattern" -> pattern(value, instance);
            case "enum" ->
                value instanceof Value.Array options ? options.items().size() : 1;
            default -> 1;
        };
    }

    private long all(Value schemas, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (schemas instanceof Value.Array array) {
            for (Value schema : array.items()) {
                total = sum(total, steps(schema, instance));
            }
        }
        return total;
    }

    private long each(Value schemas, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (schemas instanceof ObjectValue object) {
            for (Value schema : object.members().values()) {
                total = sum(total, steps(schema, instance));
            }
        }
        return total;
    }

    private long properties(Value schemas, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (schemas instanceof ObjectValue object && instance instanceof ObjectValue arguments) {
            for (Map.Entry<String, Value> property : object.members().entrySet()) {
                Value argument = arguments.get(property.getKey());
                total = sum(total, argument == null ? 1 : steps(property.getValue(), argument));
            }
        }
        return total;
    }

    private long patternProperties(Value schemas, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (schemas instanceof ObjectValue object && instance instanceof ObjectValue arguments) {
            for (Map.Entry<String, Value> pattern : object.members().entrySet()) {
                for (Map.Entry<String, Value> argument : arguments.members().entrySet()) {
                    total = sum(total, ways(pattern.getKey(), argument.getKey()));
                    total = sum(total, steps(pattern.getValue(), argument.getValue()));
                }
            }
        }
        return total;
    }

    private long members(Value schema, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (instance instanceof ObjectValue arguments) {
            for (Value argument : arguments.members().values()) {
                total = sum(total, steps(schema, argument));
            }
        }
        return total;
    }

    private long names(Value schema, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (instance instanceof ObjectValue arguments) {
            for (String name : arguments.names()) {
                total = sum(total, steps(schema, new Value.Text(name)));
            }
        }
        return total;
    }

    private long items(Value schemas, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (instance instanceof Value.Array array) {
            for (Value schema : schemas instanceof Value.Array several ? several.items() : List.of(schemas)) {
                for (Value item : array.items()) {
                    total = sum(total, steps(schema, item));
                }
            }
        }
        return total;
    }

    private static long pattern(Value pattern, Value instance) throws SchemaRefusedException {
        return pattern instanceof Value.Text regex && instance instanceof Value.Text text
                ? ways(regex.value(), text.value())
                : 1;
    }

    private static long ways(String regex, String text) throws SchemaRefusedException {
        long ways = RegexWork.ways(regex, text.length());
        if (ways > MAX_STEPS) {
            throw new SchemaRefusedException("it has a pattern that could take too long to match");
        }
        return ways;
    }

    private static long sum(long a, long b) throws SchemaRefusedException {
        if (a + b > MAX_STEPS) {
            throw new SchemaRefusedException("checking it would take too long");
        }
        return a + b;
    }

    private Value target(Value reference) throws SchemaRefusedException {
        Value place = root;
        String pointer = reference instanceof Value.Text text ? text.value() : "";
        if (pointer.equals("#")) {
            return place;
        }
        if (!pointer.startsWith("#/")) {
            throw new SchemaRefusedException("it refers to something outside of it, or by a name");
        }
        for (String step : pointer.substring(2).split("/", -1)) {
            place = child(place, step);
        }
        return place;
    }

    private static Value child(Value place, String step) throws SchemaRefusedException {
        Value child = null;
        try {
            String key = URLDecoder.decode(step.replace("+", "%2B"), StandardCharsets.UTF_8)
                    .replace("~1", "/")
                    .replace("~0", "~");
            if (place instanceof ObjectValue object) {
                child = object.get(key);
            } else if (place instanceof Value.Array array) {
                child = array.items().get(Integer.parseInt(key));
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new SchemaRefusedException("it refers to a place that it doesn't have");
        }
        if (child == null) {
            throw new SchemaRefusedException("it refers to a place that it doesn't have");
        }
        return child;
    }
}
