package dev.interlock.policy.engine;

import dev.interlock.policy.text.Skeleton;
import dev.interlock.policy.value.MemberName;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds members of a call's arguments that look like a member that the tool's schema reads. At each place of the
 * arguments, all parts of the schema count that may apply there, whether they do or not: more than the validator reads,
 * never less. If one {@code properties} at a place names both of two members, the tool distinguishes them, so they
 * don't count as look-alikes of each other.
 *
 * <p>Each part of the schema is visited once for each value. One instance serves one call, on one thread.
 */
final class SchemaNames {

    /** More than any call of normal size needs. With some schemas, every value costs as much as the schema is large. */
    private static final int MAX_STEPS = 4_000_000;

    static final String UNCLEAR = "two arguments have names that differ only in case or look alike";

    private static final List<String> ALTERNATIVES = List.of("allOf", "anyOf", "oneOf");
    private static final List<String> PARTS = List.of("if", "then", "else", "not");
    private static final List<String> DEPENDENCIES = List.of("dependentSchemas", "dependentRequired", "dependencies");
    private static final List<String> REFERENCES = List.of("$ref", "$dynamicRef", "$recursiveRef");

    private final ObjectValue root;
    private int steps;

    private SchemaNames(ObjectValue root) {
        this.root = root;
    }

    /**
     * Returns what is wrong if a member looks like one that the schema reads, or if checking this would take too long;
     * otherwise null.
     */
    static @Nullable String problem(ObjectValue schema, ObjectValue arguments) {
        SchemaNames names = new SchemaNames(schema);
        boolean unclear = names.isUnclear(List.of(schema), arguments, false);
        if (names.isSpent()) {
            return "the arguments have too many parts to be held against the tool's schema; use fewer";
        }
        return unclear ? UNCLEAR : null;
    }

    /**
     * @param blind whether some part of the schema that applies here can't be found, so any member may be read
     */
    private boolean isUnclear(Collection<Value> schemas, Value value, boolean blind) {
        Applying here = new Applying(blind);
        schemas.forEach(here::add);
        if (here.parts.isEmpty() && !here.blind) {
            return false;
        }
        return value instanceof ObjectValue object
                ? hasUnclearMember(here, object)
                : value instanceof Value.Array array && hasUnclearItem(here, array.items());
    }

    private static boolean hasParts(Value value) {
        return value instanceof ObjectValue || value instanceof Value.Array;
    }

    private boolean isSpent() {
        return steps > MAX_STEPS;
    }

    private boolean hasUnclearMember(Applying here, ObjectValue object) {
        if (here.readsAny() && object.hasLookAlikes()) {
            return true;
        }
        for (ObjectValue part : here.parts) {
            if (isUnclear(part, here, object)) {
                return true;
            }
        }
        for (Map.Entry<String, Value> member : object.members().entrySet()) {
            if (hasParts(member.getValue())
                    && (isSpent() || isUnclear(here.ofMember(member.getKey()), member.getValue(), here.blind))) {
                return true;
            }
        }
        return false;
    }

    private boolean hasUnclearItem(Applying here, List<Value> items) {
        for (int i = 0; i < items.size(); i++) {
            if (hasParts(items.get(i)) && (isSpent() || isUnclear(here.ofItem(i), items.get(i), here.blind))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a member looks like one that this part of the schema names. */
    private boolean isUnclear(ObjectValue part, Applying here, ObjectValue object) {
        if (part.get("properties") instanceof ObjectValue properties && hasLookAlike(properties, true, here, object)) {
            return true;
        }
        for (String word : DEPENDENCIES) {
            if (part.get(word) instanceof ObjectValue named && hasLookAlike(named, false, here, object)) {
                return true;
            }
        }
        for (String name : part.texts("required")) {
            steps++;
            MemberName read = MemberName.of(name);
            if (PathReader.isUnclear(object.read(read, PathReader.UNCLEAR))) {
                for (String other : object.names()) {
                    if (isMistakenFor(read, other, here)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /**
     * @param apart whether the tool distinguishes the names from each other
     */
    private boolean hasLookAlike(ObjectValue named, boolean apart, Applying here, ObjectValue object) {
        for (String other : object.names()) {
            steps++;
            if (isSpent()) {
                return true;
            }
            if (!(apart && named.get(other) != null)
                    && (Skeleton.hasLongRow(other)
                            || PathReader.isUnclear(named.read(MemberName.of(other), PathReader.UNCLEAR)))) {
                for (String name : named.names()) {
                    if (isMistakenFor(MemberName.of(name), other, here)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private boolean isMistakenFor(MemberName name, String other, Applying here) {
        steps++;
        return isSpent() || (name.isPassedForBy(other) && !here.tellApart(name.text(), other));
    }

    /** The parts of the schema that may apply to one value. */
    private final class Applying {

        private final Set<ObjectValue> parts = Collections.newSetFromMap(new IdentityHashMap<>());
        private boolean blind;

        Applying(boolean blind) {
            this.blind = blind;
        }

        void add(@Nullable Value schema) {
            List<Value> open = new ArrayList<>();
            addIfThere(schema, open);
            while (!open.isEmpty() && !isSpent()) {
                steps++;
                Value next = open.remove(open.size() - 1);
                if (next instanceof ObjectValue part && parts.add(part)) {
                    addPartsOf(part, open);
                }
            }
        }

        /** Adds the parts that apply to the same value as this part. */
        private void addPartsOf(ObjectValue part, List<Value> open) {
            // If a part has its own address, its references start there and not at the root.
            blind |= part.get("$id") != null && !part.equals(root);
            for (String word : REFERENCES) {
                if (part.get(word) != null) {
                    Value target = target(part.text(word));
                    blind |= target == null;
                    addIfThere(target, open);
                }
            }
            for (String word : ALTERNATIVES) {
                if (part.get(word) instanceof Value.Array array) {
                    open.addAll(array.items());
                }
            }
            for (String word : PARTS) {
                addIfThere(part.get(word), open);
            }
            for (String word : DEPENDENCIES) {
                if (part.get(word) instanceof ObjectValue schemas) {
                    open.addAll(schemas.members().values());
                }
            }
        }

        /** Whether any member may be read here, under a name that isn't known. */
        boolean readsAny() {
            return blind || parts.stream().anyMatch(part -> part.get("patternProperties") != null);
        }

        boolean tellApart(String name, String other) {
            for (ObjectValue part : parts) {
                steps++;
                if (part.get("properties") instanceof ObjectValue properties
                        && properties.get(name) != null
                        && properties.get(other) != null) {
                    return true;
                }
            }
            return false;
        }

        List<Value> ofMember(String name) {
            List<Value> schemas = new ArrayList<>();
            for (ObjectValue part : parts) {
                Value own = part.get("properties") instanceof ObjectValue properties ? properties.get(name) : null;
                if (own == null) {
                    addIfThere(part.get("additionalProperties"), schemas);
                    addIfThere(part.get("unevaluatedProperties"), schemas);
                } else {
                    schemas.add(own);
                }
                if (part.get("patternProperties") instanceof ObjectValue patterns) {
                    schemas.addAll(patterns.members().values());
                }
            }
            return schemas;
        }

        List<Value> ofItem(int index) {
            List<Value> schemas = new ArrayList<>();
            for (ObjectValue part : parts) {
                if (part.get("prefixItems") instanceof Value.Array first) {
                    addItem(first, index, part.get("items"), schemas);
                } else if (part.get("items") instanceof Value.Array first) {
                    addItem(first, index, part.get("additionalItems"), schemas);
                } else {
                    addIfThere(part.get("items"), schemas);
                }
                addIfThere(part.get("contains"), schemas);
                addIfThere(part.get("unevaluatedItems"), schemas);
            }
            return schemas;
        }
    }

    private static void addItem(Value.Array first, int index, @Nullable Value rest, List<Value> schemas) {
        addIfThere(index < first.items().size() ? first.items().get(index) : rest, schemas);
    }

    private static void addIfThere(@Nullable Value schema, List<Value> schemas) {
        if (schema != null) {
            schemas.add(schema);
        }
    }

    /** The target of a reference within the schema; null if the reference can't be followed. */
    private @Nullable Value target(@Nullable String reference) {
        if (reference == null || !(reference.equals("#") || reference.startsWith("#/"))) {
            return null;
        }
        Value at = root;
        String[] tokens = reference.split("/", -1);
        for (int i = 1; i < tokens.length && at != null; i++) {
            String token = decoded(tokens[i]);
            at = token == null ? null : child(at, token.replace("~1", "/").replace("~0", "~"));
        }
        return at;
    }

    private static @Nullable Value child(Value at, String name) {
        if (at instanceof Value.Array array) {
            return name.matches("0|[1-9][0-9]{0,5}")
                            && Integer.parseInt(name) < array.items().size()
                    ? array.items().get(Integer.parseInt(name))
                    : null;
        }
        return at instanceof ObjectValue object ? object.get(name) : null;
    }

    /** A token without its percent-encoding; null if the encoding is broken. */
    private static @Nullable String decoded(String token) {
        try {
            return URLDecoder.decode(token.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException broken) {
            return null;
        }
    }
}
