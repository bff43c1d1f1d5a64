package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.HeaderValues;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParamHeadersTest {

    private static final ObjectValue SCHEMA = (ObjectValue)
            Value.freeze(Map.of("properties", Map.of("room", Map.of("type", "string", "x-mcp-header", "Room"))));

    @Test
    void anArgumentIsRepeatedAsAHeaderCanCarryIt() {
        assertThat(HeaderValues.byText())
                .allSatisfy((text, value) -> assertThat(
                                ParamHeaders.of(SCHEMA, (ObjectValue) Value.freeze(Map.of("room", text))))
                        .isEqualTo(Map.of("Room", value)));
    }
}
