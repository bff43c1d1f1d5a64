package dev.interlock.policy.cli.readme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.StandingTime;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Holds the README to what it says. */
class ReadmeTest {

    private static final Path ROOT = Path.of("..");

    private final String readme = Files.readString(ROOT.resolve("README.md"));

    ReadmeTest() throws IOException {}

    private List<String> blocks(String language) {
        Matcher matcher =
                Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$").matcher(readme);
        List<String> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    /** The two policies, in order. */
    private List<String> policies() {
        assertThat(blocks("yaml")).hasSize(2);
        return blocks("yaml");
    }

    private String onlyBlock(String language) {
        assertThat(blocks(language)).hasSize(1);
        return blocks(language).get(0);
    }

    private PolicyEngine engine() {
        ReadResult reading = PolicyYaml.read(policies().get(1), "README.md");
        assertThat(reading.diagnostics()).isEmpty();
        return PolicyEngine.builder(reading.orThrow())
                .rateLimiter(StandingTime.limiter())
                .build();
    }

    @Test
    void itsJavaCompiles() throws IOException {
        String source = Files.readString(Path.of("src/test/java/dev/interlock/policy/cli/readme/WrapAClient.java"));
        String between = source.substring(source.indexOf("// begin\n") + 9, source.indexOf("        // end\n"));

        assertThat(onlyBlock("java")).isEqualTo(between.stripTrailing().stripIndent() + "\n");
    }

    @Test
    void itsPolicyForThreeServersIsThatOfTheExample() throws IOException {
        assertThat(policies().get(0)).isEqualTo(Files.readString(ROOT.resolve("examples/three-servers/policy.yaml")));
    }

    @Test
    void itsPolicyDoesWhatItsCommentsSay() {
        PolicyEngine engine = engine();

        assertThat(code(engine, "get_customer", Map.of())).isEqualTo(Code.ALLOWED);
        assertThat(code(engine, "get_order", Map.of())).isEqualTo(Code.DEFAULT_DENY);
        assertThat(code(engine, "create_refund", Map.of("amount", 101))).isEqualTo(Code.CONDITION);
        assertThat(code(engine, "create_refund", Map.of())).isEqualTo(Code.CONDITION);
        assertThat(code(engine, "create_refund", Map.of("amount", 100))).isEqualTo(Code.ALLOWED);
        assertThat(code(engine, "delete_customer", Map.of())).isEqualTo(Code.DENY_RULE);
    }

    private static Code code(PolicyEngine engine, String tool, Map<String, Object> arguments) {
        return engine.decide(ToolCall.of(tool, arguments)).code();
    }

    @Test
    void itsDenialIsWhatAnAgentGets() throws IOException {
        List<JSONRPCMessage> answers = new ArrayList<>();
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(new Unconnected(), engine());
        transport.connect(incoming -> incoming.doOnNext(answers::add)).block();
        for (int id = 0; id < 11; id++) {
            transport
                    .sendMessage(new JSONRPCRequest(
                            "tools/call", id, Map.of("name", "create_refund", "arguments", Map.of("amount", 5))))
                    .block();
        }

        JSONRPCResponse denial = (JSONRPCResponse) answers.get(0);
        assertThat(answers).hasSize(1);
        assertThat(denial.id()).isEqualTo(10);
        assertThat(asJson(denial.result()))
                .isEqualTo(McpJsonDefaults.getMapper()
                        .readValue(onlyBlock("json"), new TypeRef<Map<String, Object>>() {}));
    }

    private static Map<String, Object> asJson(Object result) throws IOException {
        return McpJsonDefaults.getMapper()
                .readValue(
                        McpJsonDefaults.getMapper().writeValueAsString(result), new TypeRef<Map<String, Object>>() {});
    }

    @Test
    void itListsEveryModule() throws IOException {
        Matcher modules =
                Pattern.compile("<module>([^/<]+)</module>").matcher(Files.readString(ROOT.resolve("pom.xml")));
        while (modules.find()) {
            assertThat(readme).contains("| `" + modules.group(1) + "` |");
        }
    }

    @Test
    void theFilesItLinksToExist() {
        Matcher links = Pattern.compile("]\\(([^)#:]+)\\)").matcher(readme);
        List<Path> missing = new ArrayList<>();
        while (links.find()) {
            Path file = ROOT.resolve(links.group(1));
            if (!Files.exists(file)) {
                missing.add(file);
            }
        }
        assertThat(missing).isEmpty();
    }

    private static final class Unconnected implements McpClientTransport {

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            return McpJsonDefaults.getMapper().convertValue(data, type);
        }
    }
}
