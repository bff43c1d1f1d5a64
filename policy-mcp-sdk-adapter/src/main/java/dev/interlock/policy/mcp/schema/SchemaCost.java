package dev.interlock.policy.mcp.schema;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how long a validator can take over some arguments, before it starts. Walks schema and arguments as a validator
 * would, but looks at each pair of places only once and adds up the cost. So a schema that doubles its work with every
 * reference, or has an expression that backtracks without end, is found in time linear in schema times arguments.
 *
 * <p>A validator collects every error and words it, which takes far longer than a successful check. So anything not
 * known to hold counts as an error. Numbers with large exponents are refused everywhere: dividing, comparing or
 * printing one can take as long as if all its digits were written out.
 */
final class SchemaCost {

    /**
     * The most steps that a validator may take. A step takes about ten nanoseconds, and more while the JVM is cold, so
     * the limit is a few tenths of a second at most.
     */
    static final long MAX_STEPS = 10_000_000;

    /** More than a JSON reader that uses double-precision numbers can hold. */
    private static final int MAX_EXPONENT = 400;

    private static final int MAX_DEPTH = 500;

    /** The steps to begin with a pair of places. */
    private static final long VISIT = 40;

    /** The steps to word an error, without its place and the keyword's value. */
    private static final long ERROR = 500;

    /** The steps to divide two numbers of the greatest length. */
    private static final long DIVISION = 1_000;

    /** The number of characters that one step copies or compares, at least. */
    private static final int CHARS_PER_STEP = 8;

    /** Dividing numbers with at most this many digits costs next to nothing. */
    private static final int FEW_DIGITS = 18;

    /** Finding a value among at most this many options costs next to nothing. */
    private static final int FEW_OPTIONS = 100;

    /** Marks a pair that is being looked at. */
    private static final Long UNDER_WAY = -1L;

    /** The formats that a validator checks if the schema's dialect requires it. */
    private static final Set<String> FORMATS = Set.of(
            "date",
            "date-time",
            "duration",
            "email",
            "hostname",
            "idn-email",
            "idn-hostname",
            "ipv4",
            "ipv6",
            "iri",
            "iri-reference",
            "json-pointer",
            "regex",
            "relative-json-pointer",
            "time",
            "uri",
            "uri-reference",
            "uri-template",
            "uuid");

    private final ObjectValue root;
    private final IdentityHashMap<Value, IdentityHashMap<Value, Long>> seen = new IdentityHashMap<>();
    private final IdentityHashMap<Value, Long> sizes = new IdentityHashMap<>();
    private final IdentityHashMap<Value, Alike> alike = new IdentityHashMap<>();

    /** The steps for one error, including the path to the deepest place in the arguments. */
    private final long error;

    private int depth;

    private SchemaCost(ObjectValue root, int longestPath) {
        this.root = root;
        this.error = ERROR + longestPath / CHARS_PER_STEP;
    }

    /**
     * Refuses a schema that would be too much work.
     *
     * @return the most steps that a validator takes
     * @throws SchemaRefusedException if the work is too much
     */
    static long check(ObjectValue schema, ObjectValue arguments) throws SchemaRefusedException {
        if (hasExtremeNumber(schema)) {
            throw new SchemaRefusedException("it has a number that is too large or too small to be checked with");
        }
        return new SchemaCost(schema, longestPath(arguments)).steps(schema, arguments);
    }

    /** Whether there is a number with an exponent beyond the limit. */
    static boolean hasExtremeNumber(Value value) {
        if (value instanceof NumberValue number) {
            BigDecimal decimal = number.toBigDecimal();
            long scale = decimal.scale();
            return Math.abs(decimal.precision() - scale - 1) > MAX_EXPONENT
                    || Math.abs(scale) > MAX_EXPONENT + ValueLimits.MAX_DIGITS;
        }
        if (value instanceof ObjectValue object) {
            return object.members().values().stream().anyMatch(SchemaCost::hasExtremeNumber);
        }
        return value instanceof Value.Array array && array.items().stream().anyMatch(SchemaCost::hasExtremeNumber);
    }

    private static int longestPath(Value value) {
        int longest = 0;
        if (value instanceof ObjectValue object) {
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                longest = Math.max(longest, member.getKey().length() + 1 + longestPath(member.getValue()));
            }
        } else if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                longest = Math.max(longest, 8 + longestPath(item));
            }
        }
        return longest;
    }

    private long steps(Value schema, Value instance) throws SchemaRefusedException {
        if (!(schema instanceof ObjectValue keywords)) {
            return schema == Value.Bool.TRUE ? 1 : error;
        }
        IdentityHashMap<Value, Long> byInstance = seen.computeIfAbsent(schema, key -> new IdentityHashMap<>());
        Long known = byInstance.get(instance);
        if (known != null) {
            if (known.equals(UNDER_WAY)) {
                throw new SchemaRefusedException("it refers to itself without end");
            }
            return known;
        }
        if (++depth > MAX_DEPTH) {
            throw tooLong();
        }
        byInstance.put(instance, UNDER_WAY);
        long total = VISIT;
        for (Map.Entry<String, Value> keyword : keywords.members().entrySet()) {
            total = sum(total, keyword(keyword.getKey(), keyword.getValue(), keywords, instance));
        }
        if (keywords.get("unevaluatedProperties") != null || keywords.get("unevaluatedItems") != null) {
            // The validator revisits what the other keywords have looked at.
            total = sum(total, total);
        }
        depth--;
        byInstance.put(instance, total);
        return total;
    }

    private long keyword(String name, Value value, ObjectValue keywords, Value instance) throws SchemaRefusedException {
        return switch (name) {
            case "$ref", "$dynamicRef", "$recursiveRef" -> steps(target(value), instance);
            case "not", "if", "then", "else" -> steps(value, instance);
            case "allOf", "anyOf", "oneOf" -> all(value, instance);
            case "dependentSchemas" -> each(value, instance);
            case "dependencies" -> sum(each(value, instance), dependencies(value, instance));
            case "dependentRequired" -> dependencies(value, instance);
            case "properties" -> properties(value, instance);
            case "patternProperties" -> patternProperties(value, instance);
            case "additionalProperties" -> additionalProperties(value, keywords, instance);
            case "unevaluatedProperties" -> members(value, instance, ObjectValue.EMPTY);
            case "propertyNames" -> names(value, instance);
            case "items", "prefixItems", "additionalItems", "contains", "unevaluatedItems" -> items(value, instance);
            case "pattern" -> pattern(value, instance);
            case "enum" -> enumeration(value, instance);
            case "const" -> constant(value, instance);
            case "uniqueItems" -> uniqueItems(value, instance);
            case "multipleOf" -> multipleOf(value, instance);
            case "required" -> required(value, instance);
            case "format" -> format(value, instance);
            case "contentEncoding", "contentMediaType" ->
                instance instanceof Value.Text ? sum(size(instance), error) : 1;
            case "minLength", "maxLength" -> sum(size(instance), holds(name, value, instance) ? 1 : error);
            default -> holds(name, value, instance) ? 1 : sum(size(value), error);
        };
    }

    /** Whether an assertion is known to hold. Keywords that assert nothing always hold. */
    private static boolean holds(String name, Value value, Value instance) {
        return switch (name) {
            case "type" -> isOfType(value, instance);
            case "minimum" -> compare(instance, value, order -> order >= 0);
            case "exclusiveMinimum" -> compare(instance, value, order -> order > 0);
            case "maximum" -> compare(instance, value, order -> order <= 0);
            case "exclusiveMaximum" -> compare(instance, value, order -> order < 0);
            case "minLength" -> compare(length(instance), value, order -> order >= 0);
            case "maxLength" -> compare(length(instance), value, order -> order <= 0);
            case "minItems" -> compare(count(instance), value, order -> order >= 0);
            case "maxItems" -> compare(count(instance), value, order -> order <= 0);
            case "minProperties" -> compare(members(instance), value, order -> order >= 0);
            case "maxProperties" -> compare(members(instance), value, order -> order <= 0);
            default -> true;
        };
    }

    private static boolean isOfType(Value types, Value instance) {
        String type = instance.typeName();
        for (Value allowed : types instanceof Value.Array several ? several.items() : List.of(types)) {
            if (allowed instanceof Value.Text text
                    && (text.value().equals(type) || (text.value().equals("number") && type.equals("integer")))) {
                return true;
            }
        }
        return false;
    }

    /** True if there is nothing to compare: the keyword does not apply to values of other types. */
    private static boolean compare(@Nullable Value measured, Value bound, IntPredicate order) {
        return !(measured instanceof NumberValue number)
                || (bound instanceof NumberValue limit && order.test(number.compareTo(limit)));
    }

    private static @Nullable Value length(Value instance) {
        return instance instanceof Value.Text text
                ? NumberValue.of(text.value().codePointCount(0, text.value().length()))
                : null;
    }

    private static @Nullable Value count(Value instance) {
        return instance instanceof Value.Array array
                ? NumberValue.of(array.items().size())
                : null;
    }

    private static @Nullable Value members(Value instance) {
        return instance instanceof ObjectValue object ? NumberValue.of(object.size()) : null;
    }

    /** The steps to read, compare or print a value. */
    private long size(Value value) throws SchemaRefusedException {
        if (value instanceof Value.Text text) {
            return 1L + text.value().length() / CHARS_PER_STEP;
        }
        if (value instanceof NumberValue number) {
            return 1L + number.toBigDecimal().precision() / CHARS_PER_STEP;
        }
        Long known = sizes.get(value);
        if (known != null) {
            return known;
        }
        long total = 1;
        if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                total = sum(total, size(item));
            }
        } else if (value instanceof ObjectValue object) {
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                total = sum(total, 1 + member.getKey().length() / CHARS_PER_STEP + size(member.getValue()));
            }
        }
        sizes.put(value, total);
        return total;
    }

    // ---- assertions that look at many values

    /**
     * Groups of values that a hash table may keep in one bucket, so that each is compared with each. A server can
     * choose texts with equal hashes. For whole numbers that effort doesn't pay. Nothing is assumed about the hashes of
     * other values.
     *
     * @param groups the number of such groups
     * @param largest the size of the largest
     * @param pairs the sum of the squares of their sizes
     */
    private record Alike(int groups, int largest, long pairs) {

        static Alike of(List<Value> values) {
            Map<Object, Integer> sizes = new HashMap<>();
            for (Value value : values) {
                sizes.merge(key(value), 1, Integer::sum);
            }
            int largest = 0;
            long pairs = 0;
            for (int size : sizes.values()) {
                largest = Math.max(largest, size);
                pairs += (long) size * size;
            }
            return new Alike(sizes.size(), largest, pairs);
        }

        private static Object key(Value value) {
            if (value instanceof Value.Text text) {
                return text.value().hashCode();
            }
            return value instanceof NumberValue number && number.toJava() instanceof Integer whole
                    ? Long.valueOf(whole)
                    : "";
        }
    }

    private long enumeration(Value options, Value instance) throws SchemaRefusedException {
        if (!(options instanceof Value.Array array)) {
            return error;
        }
        Alike groups = alike.computeIfAbsent(options, key -> Alike.of(array.items()));
        long found = sum(size(instance), sum(size(options), groups.largest()));
        // Look for the value only among few options, where it costs nothing. Anything else counts as an error.
        return array.items().size() <= FEW_OPTIONS && array.items().contains(instance) ? found : sum(found, error);
    }

    private long constant(Value expected, Value instance) throws SchemaRefusedException {
        long comparison = sum(size(expected), size(instance));
        return expected.equals(instance) ? comparison : sum(sum(comparison, comparison), error);
    }

    private long uniqueItems(Value unique, Value instance) throws SchemaRefusedException {
        if (unique != Value.Bool.TRUE || !(instance instanceof Value.Array array)) {
            return 1;
        }
        int count = array.items().size();
        Alike groups = alike.computeIfAbsent(instance, key -> Alike.of(array.items()));
        long each = 1 + size(instance) / Math.max(1, count);
        long pairs = product(groups.pairs(), each);
        return sum(pairs, product(count - groups.groups(), error));
    }

    private long multipleOf(Value divisor, Value instance) throws SchemaRefusedException {
        if (!(instance instanceof NumberValue number)) {
            return 1;
        }
        BigDecimal dividend = number.toBigDecimal();
        if (!(divisor instanceof NumberValue value) || !isShort(dividend) || !isShort(value.toBigDecimal())) {
            return sum(DIVISION, error);
        }
        BigDecimal by = value.toBigDecimal();
        return by.signum() != 0 && dividend.remainder(by).signum() == 0 ? VISIT : sum(VISIT, error);
    }

    private static boolean isShort(BigDecimal number) {
        return number.precision() <= FEW_DIGITS && Math.abs(number.scale()) <= FEW_DIGITS;
    }

    private long required(Value names, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (names instanceof Value.Array array && instance instanceof ObjectValue arguments) {
            for (Value name : array.items()) {
                boolean there = name instanceof Value.Text text && arguments.get(text.value()) != null;
                total = sum(total, there ? 1 : sum(size(name), error));
            }
        }
        return total;
    }

    private long dependencies(Value namesByProperty, Value instance) throws SchemaRefusedException {
        long total = 1;
        if (namesByProperty instanceof ObjectValue object && instance instanceof ObjectValue arguments) {
            for (Map.Entry<String, Value> property : object.members().entrySet()) {
                boolean there = arguments.get(property.getKey()) != null;
                total = sum(total, there ? required(property.getValue(), instance) : 1);
            }
        }
        return total;
    }

    private long format(Value format, Value instance) throws SchemaRefusedException {
        if (!(format instanceof Value.Text name && FORMATS.contains(name.value()))
                || !(instance instanceof Value.Text text)) {
            return 1;
        }
        // The validator matches formats with its own expressions, which are unknown here.
        long length = text.value().length();
        return sum(product(length, 1 + length / CHARS_PER_STEP), error);
    }

    // ---- keywords that apply other schemas

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
                    total = sum(total, match(pattern.getKey(), argument.getKey()));
                    total = sum(total, steps(pattern.getValue(), argument.getValue()));
                }
            }
        }
        return total;
    }

    /** To find the additional properties, a validator matches the patterns once more. */
    private long additionalProperties(Value schema, ObjectValue keywords, Value instance)
            throws SchemaRefusedException {
        ObjectValue known =
                keywords.get("properties") instanceof ObjectValue properties ? properties : ObjectValue.EMPTY;
        long total = members(schema, instance, known);
        if (keywords.get("patternProperties") instanceof ObjectValue patterns
                && instance instanceof ObjectValue arguments) {
            for (String pattern : patterns.names()) {
                for (String argument : arguments.names()) {
                    total = sum(total, match(pattern, argument));
                }
            }
        }
        return total;
    }

    private long members(Value schema, Value instance, ObjectValue except) throws SchemaRefusedException {
        long total = 1;
        if (instance instanceof ObjectValue arguments) {
            for (Map.Entry<String, Value> argument : arguments.members().entrySet()) {
                boolean applies = except.get(argument.getKey()) == null;
                total = sum(total, applies ? steps(schema, argument.getValue()) : 1);
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

    private long pattern(Value pattern, Value instance) throws SchemaRefusedException {
        return pattern instanceof Value.Text regex && instance instanceof Value.Text text
                ? sum(match(regex.value(), text.value()), error)
                : 1;
    }

    /** The steps to match, plus those to compute the bound here. */
    private static long match(String regex, String text) throws SchemaRefusedException {
        long steps = RegexCost.steps(regex, text.length());
        if (steps > MAX_STEPS) {
            throw new SchemaRefusedException("it has a pattern that could take too long to match");
        }
        return sum(regex.length(), steps);
    }

    private static long sum(long a, long b) throws SchemaRefusedException {
        if (a > MAX_STEPS - b) {
            throw tooLong();
        }
        return a + b;
    }

    private static long product(long a, long b) throws SchemaRefusedException {
        if (b != 0 && a > MAX_STEPS / b) {
            throw tooLong();
        }
        return a * b;
    }

    private static SchemaRefusedException tooLong() {
        return new SchemaRefusedException("checking it would take too long");
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
