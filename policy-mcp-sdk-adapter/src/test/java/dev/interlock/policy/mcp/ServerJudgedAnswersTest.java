package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Answers that are judged in front of a server, also those of its clients to what it asks. */
class ServerJudgedAnswersTest extends JudgedAnswersContract {

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    @Override
    Way open(PolicyEngine engine, Scripted server) {
        ServerGuard guard =
                new ServerGuard(EnforcingServerTransports.builder(engine).callContext(ADA));
        ClientSession session = guard.session("s", null);
        List<String> held = new CopyOnWriteArrayList<>();
        Exchange exchange = request -> Mono.fromFuture(server.answer(request.method(), (Map<?, ?>) request.params()))
                .map(said -> said.result() == null
                        ? JSONRPCResponse.error(request.id(), new JSONRPCError(Said.CODE, said.message(), said.data()))
                        : JSONRPCResponse.result(request.id(), said.result()));
        return new Way() {
            @Override
            public CompletableFuture<Map<String, Object>> ask(String method, Map<String, Object> params) {
                return guard.answer(new JSONRPCRequest(method, "1", params), session, exchange, null)
                        .map(response -> McpJsonDefaults.getMapper().convertValue(response, PLAIN))
                        .doOnNext(response -> held.add(response.toString()))
                        .toFuture();
            }

            @Override
            public String held() {
                return held.toString();
            }
        };
    }

    private static ServerGuard guard(String policy) {
        return new ServerGuard(EnforcingServerTransports.builder(
                        PolicyEngine.builder(PolicyYaml.read("version: \"1\"\n" + policy, "test")
                                        .orThrow())
                                .build())
                .callContext(ADA));
    }

    @Test
    void aTypedResultIsJudgedAsItWouldBeWritten() {
        ServerGuard guard = guard("""
                tools:
                  read:
                    results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
                """);
        CallToolResult typed = CallToolResult.builder()
                .addTextContent("it is SECRET-1")
                .structuredContent(Map.of("key", new Key("SECRET-2")))
                .build();

        JSONRPCResponse shown = guard.answer(
                        new JSONRPCRequest("tools/call", "1", Map.of("name", "read", "arguments", Map.of())),
                        guard.session("s", null),
                        request -> Mono.just(JSONRPCResponse.result(request.id(), typed)),
                        null)
                .block();

        assertThat(shown.result().toString())
                .contains("it is [redacted]", "key={value=[redacted]}")
                .doesNotContain("SECRET");
    }

    /** What a tool of the host's may put into a result. */
    private record Key(String value) {}

    private static final String SAMPLING = """
            methods:
              sampling/createMessage:
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
            """;

    @Test
    void whatAClientAnswersToTheServerIsJudged() {
        ServerGuard guard = guard(SAMPLING);
        ClientSession session = guard.session("s", null);
        List<JSONRPCResponse> taken = new ArrayList<>();

        guard.outgoing(new JSONRPCRequest("sampling/createMessage", "s-1", Map.of()))
                .block();
        for (int i = 0; i < 2; i++) {
            guard.answered(JSONRPCResponse.result("s-1", Map.of("text", "SECRET-1")), session, response -> {
                        taken.add(response);
                        return Mono.empty();
                    })
                    .block();
        }

        assertThat(taken).hasSize(2);
        assertThat(taken.get(0).result().toString()).isEqualTo("{text=[redacted]}");
        assertThat(taken.get(1).error().message()).startsWith("[RESULT WITHHELD] ");
    }
}
