package dev.interlock.policy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.StandingTime;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** The example policy against the tools of the demo's server and the categories that we give them. */
class HealthImagingPolicyTest {

    private static final String CATEGORIES = "/dev/interlock/policy/cli/demo/healthimaging-categories.csv";

    private final ReadResult reading = PolicyYaml.read(Path.of("..", "examples", "policies", "aws-healthimaging.yaml"));
    private final Policy policy = reading.orThrow();
    private final PolicyEngine engine =
            PolicyEngine.builder(policy).rateLimiter(StandingTime.limiter()).build();

    private static List<Map<String, Object>> offeredTools() throws IOException {
        try (InputStream in = DemoServer.class.getResourceAsStream("aws-healthimaging-tools.json")) {
            return McpJsonDefaults.getMapper()
                    .readValue(in.readAllBytes(), new TypeRef<Map<String, List<Map<String, Object>>>>() {})
                    .get("tools");
        }
    }

    private static List<String> categorised() throws IOException {
        try (InputStream in = HealthImagingPolicyTest.class.getResourceAsStream(CATEGORIES)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .map(line -> line.substring(0, line.indexOf(',')))
                    .toList();
        }
    }

    private void learnTools() throws IOException {
        List<ToolDefinition> definitions = new ArrayList<>();
        for (Map<String, Object> tool : offeredTools()) {
            definitions.add(ToolDefinition.named((String) tool.get("name"))
                    .withInputSchema((ObjectValue) Value.freeze(tool.get("inputSchema"))));
        }
        engine.tools().learn(null, definitions);
    }

    private Map<String, Object> completeArguments(String tool) {
        Map<String, Object> arguments = new HashMap<>();
        for (String name : engine.tools().find(null, tool).definition().requiredArguments()) {
            arguments.put(name, "x");
        }
        return arguments;
    }

    private Code admit(String tool, Map<String, Object> arguments) {
        return engine.admit(ToolCall.of(tool, arguments)).decision().code();
    }

    @Test
    void isReadWithoutAWarning() {
        assertThat(reading.diagnostics()).isEmpty();
    }

    @Test
    void namesThe39ToolsThatTheServerOffersAndNoOther() throws IOException {
        List<String> offered =
                offeredTools().stream().map(tool -> (String) tool.get("name")).toList();

        assertThat(offered).hasSize(39).doesNotHaveDuplicates();
        assertThat(policy.body().tools().keySet().stream().map(NamePattern::text))
                .containsExactlyInAnyOrderElementsOf(offered);
        assertThat(categorised()).containsExactlyInAnyOrderElementsOf(offered);
    }

    @Test
    void keepsToolsThatItDoesNotNameOutOfReach() {
        assertThat(policy.body().posture()).isEqualTo(Posture.DENY);
        assertThat(admit("transcode_everything", Map.of())).isEqualTo(Code.DEFAULT_DENY);
    }

    @ParameterizedTest
    @CsvFileSource(resources = CATEGORIES, numLinesToSkip = 1)
    void treatsEachToolByItsCategory(String tool, String category) throws IOException {
        learnTools();
        Map<String, Object> complete = completeArguments(tool);
        Map<String, Object> incomplete = new LinkedHashMap<>(complete);
        incomplete.keySet().stream().findFirst().ifPresent(incomplete::remove);

        switch (category) {
            case "read" -> assertThat(admitted(tool, complete, 200)).isEqualTo(200);
            case "write" -> {
                assertThat(admitted(tool, complete, 30)).isEqualTo(30);
                assertThat(admit(tool, complete)).isEqualTo(Code.LIMIT);
            }
            case "execute" -> {
                assertThat(admit(tool, incomplete)).isEqualTo(Code.VALIDATION);
                assertThat(admitted(tool, complete, 10)).isEqualTo(10);
                assertThat(admit(tool, complete)).isEqualTo(Code.LIMIT);
            }
            case "destructive" -> {
                assertThat(admit(tool, complete)).isEqualTo(Code.DENY_RULE);
                assertThat(engine.visible(ToolCall.of(tool, complete))).isFalse();
            }
            default -> throw new AssertionError(category);
        }
    }

    private int admitted(String tool, Map<String, Object> arguments, int calls) {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            admitted += admit(tool, arguments) == Code.ALLOWED ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void theServersToolsSayWhatTheyDoInWholeSentences() throws IOException {
        for (Map<String, Object> tool : offeredTools()) {
            assertThat((String) tool.get("description")).endsWith(".");
            Map<?, ?> schema = (Map<?, ?>) tool.get("inputSchema");
            ((Map<?, ?>) schema.get("properties"))
                    .forEach((name, property) -> assertThat((String) ((Map<?, ?>) property).get("description"))
                            .as("%s of %s", name, tool.get("name"))
                            .endsWith("."));
        }
    }
}
