package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A validator whose memory is bounded. The SDK's keeps every schema that it has compiled for good, and a server can word
 * its schemas as often as it likes. So a validator serves until it has compiled so many, or so much text; then a fresh one
 * takes its place, and what the old one has compiled goes with it.
 *
 * <p>Thread-safe. A lock is only taken for a schema that the validator in use has not seen.
 */
final class RenewedValidator {

    /** Schemas that one validator compiles. */
    static final int MAX_SCHEMAS = 1_000;

    /** Characters of schemas that one validator compiles. Compiled, a schema takes some twenty times its text. */
    static final int MAX_CHARS = 2 << 20;

    private final Supplier<? extends JsonSchemaValidator> fresh;

    private volatile @Nullable Generation current;

    /** Is made, and the first validator with it, when there is something to validate. */
    RenewedValidator(Supplier<? extends JsonSchemaValidator> fresh) {
        this.fresh = fresh;
    }

    private static final class Generation {

        private final JsonSchemaValidator validator;
        private final Set<String> compiled = ConcurrentHashMap.newKeySet();

        /** Guarded by the renewed validator. */
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
