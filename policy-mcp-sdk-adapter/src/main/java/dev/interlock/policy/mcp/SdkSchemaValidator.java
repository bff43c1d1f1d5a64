package dev.interlock.policy.mcp;

import dev.interlock.policy.engine.LookAlikes;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks arguments with the MCP SDK's own validator of JSON Schema.
 *
 * <p>A schema is a server's word and may be hostile, so it is looked through first. Refused, which denies the call, is a
 * schema that refers to another document, claims an identity inside, refers to itself without end, or would be too much
 * work on these arguments: patterns are bounded by the number of ways in which a backtracking engine could try them. What
 * the validator itself says is never passed on, since it quotes values; what is told are the names of missing arguments
 * and of those that have the wrong type, as far as they are words and no sentences that the server would have us say.
 */
public final class SdkSchemaValidator implements SchemaValidator {

    private static final int MAX_HINTS = 8;

    private static final Set<String> TYPES =
            Set.of("null", "boolean", "integer", "number", "string", "array", "object");

    private final JsonSchemaValidator validator;

    private SdkSchemaValidator(JsonSchemaValidator validator) {
        this.validator = validator;
    }

    /**
     * On the validator that the SDK finds on the class path.
     *
     * @throws IllegalStateException if there is none: the host brings one with its JSON binding
     */
    public static SdkSchemaValidator ofDefaults() {
        return new SdkSchemaValidator(McpJsonDefaults.getSchemaValidator());
    }

    /** On a validator of the host's own. */
    public static SdkSchemaValidator of(JsonSchemaValidator validator) {
        return new SdkSchemaValidator(validator);
    }

    @Override
    public Optional<String> problem(ObjectValue schema, ObjectValue arguments) {
        try {
            Map<String, Object> isolated = SchemaIsolation.isolated(schema);
            SchemaWork.check(schema, arguments);
            return validator.validate(isolated, arguments.toJava()).valid()
                    ? Optional.empty()
                    : Optional.of(mismatch(schema, arguments));
        } catch (SchemaRefusedException e) {
            return Optional.of("the tool's input schema can't be used: " + e.reason());
        } catch (RuntimeException | StackOverflowError e) {
            return Optional.of("the arguments could not be checked against the tool's input schema");
        }
    }

    private static String mismatch(ObjectValue schema, ObjectValue arguments) {
        List<String> hints = new ArrayList<>();
        for (String name : schema.texts("required")) {
            if (arguments.get(name) == null && LookAlikes.isWord(name)) {
                hints.add("'" + name + "' is missing");
            }
        }
        if (schema.get("properties") instanceof ObjectValue properties) {
            properties.members().forEach((name, property) -> {
                Value argument = arguments.get(name);
                if (argument != null
                        && LookAlikes.isWord(name)
                        && property instanceof ObjectValue described
                        && !hasType(described, argument)
                        && TYPES.containsAll(types(described))) {
                    hints.add("'" + name + "' must be of type " + String.join(" or ", types(described)));
                }
            });
        }
        return hints.isEmpty()
                ? "the arguments do not satisfy the tool's input schema"
                : "the arguments do not satisfy the tool's input schema: "
                        + String.join(", ", hints.stream().limit(MAX_HINTS).toList());
    }

    private static boolean hasType(ObjectValue property, Value argument) {
        String type = argument.typeName();
        List<String> allowed = types(property);
        return allowed.isEmpty() || allowed.contains(type) || (type.equals("integer") && allowed.contains("number"));
    }

    private static List<String> types(ObjectValue property) {
        String type = property.text("type");
        return type == null ? property.texts("type") : List.of(type);
    }
}
