package dev.interlock.policy.cli;

import dev.interlock.policy.tool.SchemaValidator;
import dev.interlock.policy.value.ObjectValue;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.json.schema.jackson3.DefaultJsonSchemaValidator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Checks arguments with the SDK's own validator, which is only loaded when a policy asks for it. */
final class JsonSchemas implements SchemaValidator {

    private volatile @Nullable JsonSchemaValidator validator;

    private JsonSchemas() {}

    static SchemaValidator whenNeeded() {
        return new JsonSchemas();
    }

    @Override
    public Optional<String> problem(ObjectValue schema, ObjectValue arguments) {
        JsonSchemaValidator loaded = validator;
        if (loaded == null) {
            loaded = new DefaultJsonSchemaValidator();
            validator = loaded;
        }
        ValidationResponse response = loaded.validate(schema.toJava(), arguments.toJava());
        // The validator's own message may quote the value, and this one is for the agent.
        return response.valid()
                ? Optional.empty()
                : Optional.of("the arguments do not satisfy the tool's input schema");
    }
}
