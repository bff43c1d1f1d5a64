package dev.interlock.policy.mcp.schema;

import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.json.schema.JsonSchemaValidatorSupplier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Checks arguments with the MCP SDK's own validator of JSON Schema.
 *
 * <p>A schema comes from a server and may be hostile, so it is inspected first. A schema is refused, which denies the
 * call, if it refers to another document, claims an identity inside, refers to itself without end, or would be too much
 * work on these arguments. So no check takes more than a few tenths of a second on an ordinary machine, and patterns
 * are bounded by the steps that a backtracking engine could take. Numbers with an exponent beyond 400 are refused as
 * well.
 *
 * <p>The validator's own messages are never passed on, since they quote values. The problem text only names missing
 * arguments and arguments of the wrong type, and only if the names are single words: a server could otherwise put
 * sentences into our messages.
 *
 * <p>Compiled schemas are kept for the next check, up to a bound. Thread-safe.
 */
public final class SdkSchemaValidator implements SchemaValidator {

    private static final int MAX_HINTS = 8;

    private static final Set<String> TYPES =
            Set.of("null", "boolean", "integer", "number", "string", "array", "object");

    private final RenewedValidator validator;

    private SdkSchemaValidator(Supplier<? extends JsonSchemaValidator> validators) {
        this.validator = new RenewedValidator(validators);
    }

    /**
     * Uses the validator that the SDK finds on the class path. It is loaded when there is something to check.
     *
     * @throws IllegalStateException if there is none: the host brings one with its JSON binding
     */
    public static SdkSchemaValidator ofDefaults() {
        return of(ServiceLoader.load(JsonSchemaValidatorSupplier.class)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException("there is no validator of JSON Schema on the class path; add"
                                + " one of the SDK's JSON bindings,"
                                + " such as io.modelcontextprotocol.sdk:mcp-json-jackson3")));
    }

    /**
     * Uses the host's own validators.
     *
     * @param validators returns a new validator on each request; it is asked again when the current one has seen many
     *     schemas, since that one may keep everything that it has compiled
     */
    public static SdkSchemaValidator of(Supplier<? extends JsonSchemaValidator> validators) {
        return new SdkSchemaValidator(validators);
    }

    @Override
    public Optional<String> problem(ObjectValue schema, ObjectValue arguments) {
        if (SchemaCost.hasExtremeNumber(arguments)) {
            return Optional.of("the arguments have a number too large or too small to be checked against a schema");
        }
        try {
            SchemaIsolation.Isolated isolated = SchemaIsolation.isolated(schema);
            SchemaCost.check(schema, arguments);
            return validator.accepts(isolated, arguments.toJava())
                    ? Optional.empty()
                    : Optional.of(mismatch(schema, arguments));
        } catch (SchemaRefusedException e) {
            return Optional.of("the tool's input schema can't be used: " + e.reason());
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
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
