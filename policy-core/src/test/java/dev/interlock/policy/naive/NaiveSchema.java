package dev.interlock.policy.naive;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Whether members of a value can be told from those that a schema reads, by going through all of its words. */
public final class NaiveSchema {

    private static final List<String> LISTS = List.of("allOf", "anyOf", "oneOf");
    private static final List<String> SINGLE = List.of("if", "then", "else", "not");
    private static final List<String> MAPS = List.of("dependentSchemas", "dependentRequired", "dependencies");

    private final ObjectValue root;

    private NaiveSchema(ObjectValue root) {
        this.root = root;
    }

    /** Whether all members that the schema reads are clear, those in members and elements too. */
    public static boolean isClear(ObjectValue schema, Value value) {
        return new NaiveSchema(schema).isClear(List.of(schema), value, false);
    }

    private boolean isClear(List<Value> schemas, Value value, boolean lost) {
        List<ObjectValue> parts = new ArrayList<>();
        schemas.forEach(schema -> collect(schema, parts));
        boolean unknown =
                lost || parts.stream().anyMatch(part -> part.get("$ref") != null && target(part.text("$ref")) == null);
        if (value instanceof Value.Array list) {
            return list.items().stream()
                    .allMatch(item -> isClear(
                            parts.stream()
                                    .flatMap(part -> values(part, "items"))
                                    .toList(),
                            item,
                            unknown));
        }
        if (!(value instanceof ObjectValue object)) {
            return true;
        }
        for (String one : object.names()) {
            for (ObjectValue part : parts) {
                if (named(part).anyMatch(name -> isMistakable(parts, name, one))) {
                    return false;
                }
            }
            boolean any = unknown || parts.stream().anyMatch(part -> part.get("patternProperties") != null);
            if (any && !NaiveNames.isClear(object, one)) {
                return false;
            }
        }
        return object.members().entrySet().stream()
                .allMatch(member -> isClear(
                        parts.stream().flatMap(part -> below(part, member)).toList(), member.getValue(), unknown));
    }

    private static boolean isMistakable(List<ObjectValue> parts, String name, String other) {
        return !NaiveNames.isClear(ObjectValue.of(Map.of(other, Value.Nil.NULL)), name)
                && parts.stream()
                        .noneMatch(part -> part.get("properties") instanceof ObjectValue properties
                                && properties.names().containsAll(List.of(name, other)));
    }

    private static Stream<String> named(ObjectValue part) {
        return Stream.concat(
                part.texts("required").stream(),
                Stream.concat(Stream.of("properties"), MAPS.stream())
                        .flatMap(word ->
                                part.get(word) instanceof ObjectValue map ? map.names().stream() : Stream.of()));
    }

    private static Stream<Value> below(ObjectValue part, Map.Entry<String, Value> member) {
        Value own = part.get("properties") instanceof ObjectValue properties ? properties.get(member.getKey()) : null;
        Stream<Value> patterns = part.get("patternProperties") instanceof ObjectValue map
                ? map.members().values().stream()
                : Stream.of();
        return Stream.concat(patterns, own == null ? values(part, "additionalProperties") : Stream.of(own));
    }

    private static Stream<Value> values(ObjectValue part, String word) {
        Value value = part.get(word);
        return value == null ? Stream.of() : Stream.of(value);
    }

    private void collect(Value schema, List<ObjectValue> parts) {
        if (!(schema instanceof ObjectValue part) || parts.contains(part)) {
            return;
        }
        parts.add(part);
        Value target = part.get("$ref") == null ? null : target(part.text("$ref"));
        if (target != null) {
            collect(target, parts);
        }
        LISTS.forEach(word -> {
            if (part.get(word) instanceof Value.Array list) {
                list.items().forEach(item -> collect(item, parts));
            }
        });
        SINGLE.forEach(word -> values(part, word).forEach(item -> collect(item, parts)));
        MAPS.forEach(word -> {
            if (part.get(word) instanceof ObjectValue map) {
                map.members().values().forEach(item -> collect(item, parts));
            }
        });
    }

    /** Only the root and its definitions can be referred to. */
    private Value target(String reference) {
        if (reference.equals("#")) {
            return root;
        }
        return reference.startsWith("#/$defs/") && root.get("$defs") instanceof ObjectValue definitions
                ? definitions.get(reference.substring("#/$defs/".length()))
                : null;
    }
}
