package dev.interlock.policy.review;

import dev.interlock.policy.Path;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the part of JSON Schema that says which values are allowed: types, enumerations, bounds, members and elements,
 * {@code anyOf}, {@code oneOf}, {@code allOf} and references within the schema. It treats unknown keywords as no
 * restriction, so it never excludes a value that the schema allows.
 */
final class Schemas {

    private static final int MAX_DEPTH = 24;

    /** Alternatives multiply. Beyond this many, distinguishing them is no longer useful. */
    private static final int MAX_ALTERNATIVES = 64;

    /** Schemas that refer to themselves in many ways at once would take forever to follow. */
    private int budget = 5_000;

    private final ObjectValue root;

    Schemas(ObjectValue root) {
        this.root = root;
    }

    /** Schemas that must all hold. An empty list allows everything. */
    record All(List<ObjectValue> parts) {

        static final All ANYTHING = new All(List.of());

        All and(All other) {
            List<ObjectValue> both = new ArrayList<>(parts);
            both.addAll(other.parts);
            return new All(both);
        }
    }

    /** What the schema allows for the arguments as a whole: an object, whatever it says. */
    List<All> arguments() {
        return alternatives(root);
    }

    /** A schema as alternatives. A value satisfies at least one of them. */
    List<All> alternatives(Value schema) {
        return alternatives(schema, 0);
    }

    private List<All> alternatives(Value schema, int depth) {
        if (!(schema instanceof ObjectValue object) || depth > MAX_DEPTH || --budget < 0) {
            return List.of(All.ANYTHING);
        }
        List<All> result = List.of(new All(List.of(object)));
        if (object.get("$ref") != null) {
            Value target = resolve(object.text("$ref"));
            result = product(result, target == null ? List.of(All.ANYTHING) : alternatives(target, depth + 1));
        }
        for (Value part : items(object.get("allOf"))) {
            result = product(result, alternatives(part, depth + 1));
        }
        for (String either : List.of("anyOf", "oneOf")) {
            List<Value> branches = items(object.get(either));
            if (!branches.isEmpty()) {
                List<All> any = new ArrayList<>();
                branches.forEach(branch -> any.addAll(alternatives(branch, depth + 1)));
                result = product(result, any);
            }
        }
        return result;
    }

    private static List<All> product(List<All> left, List<All> right) {
        if ((long) left.size() * right.size() > MAX_ALTERNATIVES) {
            // Fewer demands allow more values: the result so far is still correct.
            return left;
        }
        List<All> result = new ArrayList<>();
        for (All a : left) {
            for (All b : right) {
                result.add(a.and(b));
            }
        }
        return result;
    }

    /** The target of a reference within the schema, or null. */
    private @Nullable Value resolve(@Nullable String reference) {
        if (reference == null || !reference.startsWith("#")) {
            return null;
        }
        Value at = root;
        for (String step : reference.substring(1).split("/", -1)) {
            if (step.isEmpty()) {
                continue;
            }
            String name = step.replace("~1", "/").replace("~0", "~");
            Value next = at instanceof ObjectValue object ? object.get(name) : null;
            if (next == null) {
                return null;
            }
            at = next;
        }
        return at;
    }

    // ---- values

    /** The values that satisfy one of the alternatives. */
    static Domain domain(List<All> alternatives) {
        Domain any = null;
        for (All all : alternatives) {
            Domain domain = Domain.ANY_VALUE;
            for (ObjectValue part : all.parts()) {
                domain = domain.and(domain(part));
            }
            any = any == null ? domain : any.or(domain);
        }
        return any == null ? Domain.ANY_VALUE : any;
    }

    private static Domain domain(ObjectValue schema) {
        if (schema.get("nullable") == Value.Bool.TRUE) {
            // Another dialect, in which all other keywords ignore null.
            return Domain.ANY_VALUE;
        }
        Domain domain = Domain.ANY_VALUE;
        Value type = schema.get("type");
        if (type != null) {
            List<String> types = type instanceof Value.Text text ? List.of(text.value()) : schema.texts("type");
            domain = domain.and(Domain.of(kinds(types)));
            if (types.contains("integer") && !types.contains("number")) {
                domain = domain.with(Range.INTEGERS);
            }
        }
        if (schema.get("enum") instanceof Value.Array allowed) {
            domain = domain.and(Domain.of(allowed.items()));
        }
        Value only = schema.get("const");
        if (only != null) {
            domain = domain.and(Domain.of(List.of(only)));
        }
        return domain.and(Domain.ANY_VALUE
                .with(range(schema))
                .withLength(length(schema, "minLength", 0), length(schema, "maxLength", Integer.MAX_VALUE)));
    }

    private static Set<JsonType> kinds(List<String> types) {
        EnumSet<JsonType> kinds = EnumSet.noneOf(JsonType.class);
        for (String type : types) {
            switch (type) {
                case "null" -> kinds.add(JsonType.NULL);
                case "boolean" -> kinds.add(JsonType.BOOLEAN);
                case "number", "integer" -> kinds.add(JsonType.NUMBER);
                case "string" -> kinds.add(JsonType.STRING);
                case "array" -> kinds.add(JsonType.ARRAY);
                case "object" -> kinds.add(JsonType.OBJECT);
                default -> kinds.addAll(EnumSet.allOf(JsonType.class));
            }
        }
        return kinds.isEmpty() ? EnumSet.allOf(JsonType.class) : kinds;
    }

    private static Range range(ObjectValue schema) {
        Range range = Range.ALL;
        BigDecimal minimum = number(schema, "minimum");
        BigDecimal above = number(schema, "exclusiveMinimum");
        BigDecimal maximum = number(schema, "maximum");
        BigDecimal below = number(schema, "exclusiveMaximum");
        range = minimum == null ? range : range.atLeast(minimum, false);
        range = above == null ? range : range.atLeast(above, true);
        range = maximum == null ? range : range.atMost(maximum, false);
        return below == null ? range : range.atMost(below, true);
    }

    private static @Nullable BigDecimal number(ObjectValue schema, String word) {
        return schema.get(word) instanceof NumberValue number ? number.toBigDecimal() : null;
    }

    private static int length(ObjectValue schema, String word, int otherwise) {
        BigDecimal length = number(schema, word);
        if (length == null || length.signum() < 0 || length.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) > 0) {
            return otherwise;
        }
        return length.intValue();
    }

    // ---- ways into a value

    /**
     * The result of a step into a value.
     *
     * @param below the alternatives for what is found there
     * @param missing whether there may be nothing
     * @param unknown whether a schema that lists its members doesn't list this one
     * @param names the members that it lists instead
     */
    record SchemaStep(List<All> below, boolean missing, boolean unknown, Set<String> names) {}

    /** A step to the member with this name, or to the element with this number. */
    SchemaStep member(List<All> alternatives, String name, boolean index) {
        List<All> below = new ArrayList<>();
        boolean missing = false;
        boolean unknown = true;
        Set<String> names = new LinkedHashSet<>();
        for (All all : alternatives) {
            Set<JsonType> kinds = domain(List.of(all)).kinds();
            boolean objects = kinds.contains(JsonType.OBJECT);
            boolean element = index && kinds.contains(JsonType.ARRAY);
            missing |= !objects || kinds.size() > 1;
            if (element) {
                unknown = false;
                below.addAll(elements(all));
            }
            if (!objects) {
                continue;
            }
            missing |= all.parts().stream()
                    .noneMatch(part -> part.texts("required").contains(name));
            List<All> found = List.of(All.ANYTHING);
            boolean excluded = false;
            boolean listed = false;
            boolean declared = false;
            for (ObjectValue part : all.parts()) {
                names.addAll(members(part).keySet());
                Value member = members(part).get(name);
                Value additional = part.get("additionalProperties");
                if (member != null) {
                    declared = true;
                    found = product(found, alternatives(member));
                } else if (part.get("patternProperties") != null || additional == Value.Bool.TRUE) {
                    declared = true;
                } else if (additional instanceof ObjectValue) {
                    declared = true;
                    found = product(found, alternatives(additional));
                } else if (additional == Value.Bool.FALSE) {
                    excluded = true;
                    listed = true;
                } else {
                    listed |= part.get("properties") instanceof ObjectValue;
                }
            }
            unknown &= listed && !declared;
            missing |= excluded;
            if (!excluded) {
                below.addAll(found);
            }
        }
        return new SchemaStep(below, missing || alternatives.isEmpty(), unknown && !alternatives.isEmpty(), names);
    }

    /**
     * The value that a server puts in place of what a call leaves out at a path of members; null if the schema has
     * none, has several, or requires a value there.
     */
    @Nullable
    Value defaultAt(Path path) {
        List<All> at = arguments();
        Value given = null;
        for (int i = 0; i < path.steps().size(); i++) {
            if (!(path.steps().get(i) instanceof Path.Step.Member step)) {
                return null;
            }
            SchemaStep next = member(PathDomain.objects(at), step.name(), false);
            given = given instanceof ObjectValue outer ? outer.get(step.name()) : null;
            Value own = onlyDefault(next.below());
            given = next.missing() && own != null ? own : given;
            at = next.below();
        }
        return given;
    }

    private static @Nullable Value onlyDefault(List<All> alternatives) {
        Set<Value> defaults = new LinkedHashSet<>();
        for (All all : alternatives) {
            for (ObjectValue part : all.parts()) {
                Value value = part.get("default");
                if (value != null) {
                    defaults.add(value);
                }
            }
        }
        return defaults.size() == 1 ? defaults.iterator().next() : null;
    }

    /** The alternatives for the elements of a list. */
    List<All> elements(List<All> alternatives) {
        List<All> below = new ArrayList<>();
        alternatives.forEach(all -> below.addAll(elements(all)));
        return below;
    }

    private List<All> elements(All all) {
        List<All> found = List.of(All.ANYTHING);
        for (ObjectValue part : all.parts()) {
            // With prefixItems, 'items' applies to the elements after those.
            if (part.get("items") instanceof ObjectValue items && part.get("prefixItems") == null) {
                found = product(found, alternatives(items));
            }
        }
        return found;
    }

    private static Map<String, Value> members(ObjectValue schema) {
        return schema.get("properties") instanceof ObjectValue properties ? properties.members() : Map.of();
    }

    private static List<Value> items(@Nullable Value value) {
        return value instanceof Value.Array array ? array.items() : List.of();
    }
}
