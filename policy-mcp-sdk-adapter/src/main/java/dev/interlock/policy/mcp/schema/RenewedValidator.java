package dev.interlock.policy.mcp.schema;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A validator with bounded memory. The SDK's validator keeps every schema that it has compiled forever, and a server
 * can reword its schemas as often as it likes. So a validator serves until it has compiled a certain number of schemas,
 * or a certain amount of text. Then a new one takes its place, and the old one is dropped with everything that it has
 * compiled.
 *
 * <p>Thread-safe. A lock is taken only for a schema that the current validator has not seen.
 */
final class RenewedValidator {

    /** The most schemas that one validator compiles. */
    static final int MAX_SCHEMAS = 1_000;

    /**
     * The most characters of schemas that one validator compiles. A compiled schema takes about twenty times the space
     * of its text.
     */
    static final int MAX_CHARS = 2 << 20;

    private final Supplier<? extends JsonSchemaValidator> fresh;

    private volatile @Nullable Generation current;

    /** The first validator is made when there is something to validate. */
    RenewedValidator(Supplier<? extends JsonSchemaValidator> fresh) {
        this.fresh = fresh;
    }

    private static final class Generation {

        private final JsonSchemaValidator validator;
        private final Set<String> compiled = ConcurrentHashMap.newKeySet();

        /** Guarded by the enclosing {@link RenewedValidator}. */
        private long chars;

        Generation(JsonSchemaValidator validator) {
            this.validator = validator;
        }

        boolean hasRoomFor(int more) {
            return compiled.isEmpty() || (compiled.size() < MAX_SCHEMAS && chars + more <= MAX_CHARS);
        }
    }

    /** Whether the arguments satisfy the schema. */
    boolean accepts(SchemaIsolation.Isolated schema, Map<String, @Nullable Object> arguments) {
        return validator(schema).validate(schema.members(), arguments).valid();
    }

    private JsonSchemaValidator validator(SchemaIsolation.Isolated schema) {
        Generation generation = current;
        return generation != null && generation.compiled.contains(schema.id())
                ? generation.validator
                : validatorOfNew(schema);
    }

    private synchronized JsonSchemaValidator validatorOfNew(SchemaIsolation.Isolated schema) {
        Generation generation = current;
        if (generation == null || !generation.compiled.contains(schema.id())) {
            if (generation == null || !generation.hasRoomFor(schema.chars())) {
                generation = new Generation(fresh.get());
                current = generation;
            }
            generation.compiled.add(schema.id());
            generation.chars += schema.chars();
        }
        return generation.validator;
    }
}
