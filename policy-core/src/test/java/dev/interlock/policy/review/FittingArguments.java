package dev.interlock.policy.review;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Map;

/** The plain way to ask whether a value fits a schema: word by word, for the words that the properties generate. */
final class FittingArguments {

    private FittingArguments() {}

    static boolean fits(Value schema, Value value) {
        if (!(schema instanceof ObjectValue object)) {
            return schema != Value.Bool.FALSE;
        }
        return object.members().entrySet().stream().allMatch(word -> fits(object, word, value));
    }

    private static boolean fits(ObjectValue schema, Map.Entry<String, Value> word, Value value) {
        Value operand = word.getValue();
        return switch (word.getKey()) {
            case "type" ->
                operand instanceof Value.Text text
                        ? isA(text.value(), value)
                        : schema.texts("type").stream().anyMatch(type -> isA(type, value));
            case "enum" -> items(operand).contains(value);
            case "const" -> operand.equals(value);
            case "minimum" -> !(value instanceof NumberValue n) || n.compareTo((NumberValue) operand) >= 0;
            case "exclusiveMinimum" -> !(value instanceof NumberValue n) || n.compareTo((NumberValue) operand) > 0;
            case "maximum" -> !(value instanceof NumberValue n) || n.compareTo((NumberValue) operand) <= 0;
            case "minLength" -> !(value instanceof Value.Text t) || t.value().length() >= number(operand);
            case "maxLength" -> !(value instanceof Value.Text t) || t.value().length() <= number(operand);
            case "anyOf" -> items(operand).stream().anyMatch(branch -> fits(branch, value));
            case "allOf" -> items(operand).stream().allMatch(branch -> fits(branch, value));
            case "items" ->
                !(value instanceof Value.Array list) || list.items().stream().allMatch(item -> fits(operand, item));
            case "required" ->
                !(value instanceof ObjectValue o)
                        || schema.texts("required").stream().allMatch(name -> o.get(name) != null);
            case "properties" ->
                !(value instanceof ObjectValue o)
                        || ((ObjectValue) operand)
                                .members().entrySet().stream()
                                        .allMatch(each -> hasNoOtherCase(o, each.getKey())
                                                && (o.get(each.getKey()) == null
                                                        || fits(each.getValue(), o.get(each.getKey()))));
            case "additionalProperties" ->
                operand != Value.Bool.FALSE
                        || !(value instanceof ObjectValue o)
                        || ((ObjectValue) schema.get("properties")).names().containsAll(o.names());
            default -> throw new AssertionError(word.getKey());
        };
    }

    /** Whether no member passes for the one of that name, as far as the properties generate such. */
    private static boolean hasNoOtherCase(ObjectValue object, String name) {
        return object.names().stream().noneMatch(other -> other.equalsIgnoreCase(name) && !other.equals(name));
    }

    private static boolean isA(String type, Value value) {
        return type.equals("integer")
                ? value instanceof NumberValue number
                        && number.toBigDecimal().stripTrailingZeros().scale() <= 0
                : type.equals(JsonType.of(value).text());
    }

    private static List<Value> items(Value array) {
        return ((Value.Array) array).items();
    }

    private static int number(Value value) {
        return ((NumberValue) value).toBigDecimal().intValueExact();
    }
}
