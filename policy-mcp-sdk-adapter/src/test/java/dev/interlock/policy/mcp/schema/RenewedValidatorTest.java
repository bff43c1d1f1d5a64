package dev.interlock.policy.mcp.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RenewedValidatorTest {

    /** Keeps whatever it has seen, as the SDK's does. */
    private static final class Keeping implements JsonSchemaValidator {

        private final Set<Object> kept = new HashSet<>();
        private long chars;

        @Override
        public ValidationResponse validate(Map<String, Object> schema, Object content) {
            if (kept.add(schema.get("$id"))) {
                chars += schema.toString().length();
            }
            return ValidationResponse.asValid("");
        }
    }

    private final List<Keeping> validators = new ArrayList<>();

    private final SdkSchemaValidator validator = SdkSchemaValidator.of(() -> {
        Keeping fresh = new Keeping();
        validators.add(fresh);
        return fresh;
    });

    private void check(Map<String, Object> schema) {
        assertThat(validator.problem((ObjectValue) Value.freeze(schema), ObjectValue.EMPTY))
                .isEmpty();
    }

    private static Map<String, Object> worded(String wording, int properties) {
        Map<String, Object> members = new HashMap<>();
        for (int i = 0; i < properties; i++) {
            members.put("p" + i, Map.of("type", "string", "description", wording));
        }
        return Map.of("type", "object", "properties", members);
    }

    @Test
    void aServerThatWordsItsSchemasAnewFillsNoValidatorPastTheBound() {
        for (int i = 0; i < 1_000; i++) {
            check(worded("wording " + i, 100));
        }

        assertThat(validators).hasSizeGreaterThan(1);
        assertThat(validators).allSatisfy(each -> assertThat(each.chars).isLessThan(RenewedValidator.MAX_CHARS));
    }

    @Test
    void noValidatorKeepsMoreThanSoManySmallSchemas() {
        for (int i = 0; i < 2_500; i++) {
            check(Map.of("title", "t" + i));
        }

        assertThat(validators).hasSize(3);
        assertThat(validators)
                .allSatisfy(each -> assertThat(each.kept).hasSizeLessThanOrEqualTo(RenewedValidator.MAX_SCHEMAS));
    }

    @Test
    void theSameSchemasAreCompiledOnce() {
        for (int i = 0; i < 5_000; i++) {
            check(worded("wording " + i % 50, 10));
        }

        assertThat(validators)
                .singleElement()
                .satisfies(only -> assertThat(only.kept).hasSize(50));
    }

    @Test
    void oneSchemaThatIsLargerThanTheBoundIsStillChecked() {
        check(worded("x".repeat(10_000), 100));
        check(worded("y".repeat(10_000), 100));
        check(worded("z".repeat(10_000), 100));

        assertThat(validators).hasSize(2);
    }

    @Test
    void nothingIsLoadedBeforeThereIsSomethingToCheck() {
        assertThat(validators).isEmpty();
    }
}
