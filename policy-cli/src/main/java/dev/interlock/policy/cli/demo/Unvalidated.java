package dev.interlock.policy.cli.demo;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.Map;

/** Validates nothing. Without an explicit validator, the SDK loads one even if nothing uses it. */
enum Unvalidated implements JsonSchemaValidator {
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
