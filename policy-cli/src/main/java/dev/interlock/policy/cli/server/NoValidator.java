package dev.interlock.policy.cli.server;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.Map;

/** For ends that validate nothing: without it, the SDK loads a validator all the same. */
enum NoValidator implements JsonSchemaValidator {
    INSTANCE;

    @Override
    public ValidationResponse validate(Map<String, Object> schema, Object content) {
        return ValidationResponse.asInvalid("this end has no validator");
    }

    @Override
    public ValidationResponse validateSchema(Map<String, Object> schema) {
        return ValidationResponse.asValid("");
    }
}
