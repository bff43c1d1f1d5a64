package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Answers that are judged on a client's transport, also those of the client to what the server asks. */
class ClientJudgedAnswersTest extends JudgedAnswersContract {

    private static final TypeRef<Map<String, Object>> PLAIN = new TypeRef<>() {};

    @Override
    Way open(PolicyEngine engine, Scripted server) {
        ScriptedTransport wire = new ScriptedTransport();
        wire.onSend(message -> Mono.fromRunnable(() -> {
            if (message instanceof JSONRPCRequest request) {
                CompletableFuture<Void> unused = server.answer(request.method(), (Map<?, ?>) request.params())
                        .thenAccept(said ->
                                wire.receiving(response(request.id(), said)).subscribe());
            }
        }));
        EnforcingClientTransport transport =
                EnforcingClientTransport.builder(wire, engine).callContext(ADA).build();
        Map<Object, CompletableFuture<Map<String, Object>>> answers = new ConcurrentHashMap<>();
        List<String> held = new CopyOnWriteArrayList<>();
        transport
                .connect(messages -> messages.doOnNext(message -> {
                    Map<String, Object> json = McpJsonDefaults.getMapper().convertValue(message, PLAIN);
                    held.add(json.toString());
                    answers.get(json.get("id")).complete(json);
                }))
                .block();
        AtomicInteger ids = new AtomicInteger();
        return new Way() {
            @Override
            public CompletableFuture<Map<String, Object>> ask(String method, Map<String, Object> params) {
                String id = "r" + ids.incrementAndGet();
                CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
                answers.put(id, answer);
                transport
                        .sendMessage(new JSONRPCRequest(method, id, params))
                        .subscribe(nothing -> {}, answer::completeExceptionally);
                return answer;
            }

            @Override
            public String held() {
                return held.toString();
            }
        };
    }

    private static JSONRPCResponse response(Object id, Said said) {
        return said.result() == null
                ? JSONRPCResponse.error(id, new JSONRPCError(Said.CODE, said.message(), said.data()))
                : JSONRPCResponse.result(id, said.result());
    }

    // ---- what a script can't say

    private final ScriptedTransport wire = new ScriptedTransport();

    private EnforcingClientTransport connected(String policy) {
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read("version: \"1\"\n" + policy, "test").orThrow())
                .build();
        EnforcingClientTransport transport =
                EnforcingClientTransport.builder(wire, engine).callContext(ADA).build();
        transport.connect(wire::show).block();
        return transport;
    }

    private static final String REDACTING = """
            tools:
              read:
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
            """;

    private static JSONRPCRequest call(Object id, String tool) {
        return new JSONRPCRequest("tools/call", id, Map.of("name", tool, "arguments", Map.of()));
    }

    private static Map<String, Object> text(String text) {
        return Map.of("content", List.of(Map.of("type", "text", "text", text)));
    }

    @Test
    void theSameObjectPassesIfNothingIsFoundOrNothingIsJudged() {
        EnforcingClientTransport transport = connected(REDACTING);
        JSONRPCResponse judged = JSONRPCResponse.result("1", text("plain"));
        JSONRPCResponse unjudged = JSONRPCResponse.result("2", text("SECRET-1"));

        transport.sendMessage(call("1", "read")).block();
        transport.sendMessage(call("2", "other")).block();
        wire.receive(judged);
        wire.receive(unjudged);

        assertThat(wire.shown.get(0)).isSameAs(judged);
        assertThat(wire.shown.get(1)).isSameAs(unjudged);
    }

    @Test
    void aTypedResultIsJudgedAsItWouldBeWritten() {
        EnforcingClientTransport transport = connected(REDACTING);

        transport.sendMessage(call("1", "read")).block();
        wire.respond("1", CallToolResult.builder().addTextContent("SECRET-1!").build());

        assertThat(wire.shownResponse(0).result().toString()).contains("[redacted]!", "type=text");
    }

    @Test
    void aResultThatCanNotBeReadIsWithheld() {
        EnforcingClientTransport transport = connected(REDACTING);

        transport.sendMessage(call("1", "read")).block();
        wire.respond("1", Map.of("content", List.of(new Object() {
            @SuppressWarnings({"unused", "EffectivelyPrivate"}) // the converter calls it
            public String getText() {
                throw new IllegalStateException("SECRET-1");
            }
        })));

        assertThat(wire.shownResponse(0).result().toString()).contains("[RESULT WITHHELD] ");
    }

    @Test
    void aSecondAnswerAndOneThatComesTooLateAreWithheld() {
        EnforcingClientTransport transport = connected(REDACTING);

        transport.sendMessage(call("1", "read")).block();
        wire.respond("1", text("SECRET-1"));
        wire.respond("1", text("SECRET-1"));
        transport.sendMessage(call("2", "read")).block();
        transport
                .sendMessage(new JSONRPCNotification("notifications/cancelled", Map.of("requestId", "2")))
                .block();
        wire.respond("2", text("SECRET-1"));
        wire.respond("none", text("SECRET-1"));

        assertThat(wire.shown).hasSize(4);
        assertThat(wire.shown.toString()).doesNotContain("SECRET").contains("[RESULT WITHHELD] ");
    }

    @Test
    void anAnswerThatComesBeforeItsCallIsDecidedIsWithheld() {
        PolicyEngine engine = PolicyEngine.builder(PolicyYaml.read("""
                        version: "1"
                        tools:
                          read:
                            rules: [{name: ask, action: require_approval}]
                            results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
                        """, "test").orThrow())
                .approvals(request -> new CompletableFuture<>())
                .build();
        EnforcingClientTransport transport =
                EnforcingClientTransport.builder(wire, engine).callContext(ADA).build();
        transport.connect(wire::show).block();

        transport.sendMessage(call("1", "read")).subscribe();
        wire.respond("1", text("SECRET-1"));

        assertThat(wire.sent.toString()).contains("tools/list").doesNotContain("tools/call");
        assertThat(wire.shown.toString()).doesNotContain("SECRET").contains("[RESULT WITHHELD] ");
    }

    @Test
    void twoRequestsWithOneIdGetNoAnswerThatWasJudgedForTheOther() {
        EnforcingClientTransport transport = connected(REDACTING);

        transport.sendMessage(call("1", "read")).block();
        transport.sendMessage(new JSONRPCRequest("ping", "1", Map.of())).block();
        wire.respond("1", text("SECRET-1"));
        wire.respond("1", text("SECRET-1"));

        assertThat(wire.shown.toString()).doesNotContain("SECRET");
    }

    // ---- what the server asks

    private static final String SAMPLING = """
            methods:
              sampling/createMessage:
                results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]
            """;

    private static JSONRPCRequest sample(Object id) {
        return new JSONRPCRequest("sampling/createMessage", id, Map.of("maxTokens", 5));
    }

    @Test
    void whatTheClientAnswersToTheServerIsJudged() {
        EnforcingClientTransport transport = connected(SAMPLING);

        wire.receive(sample("1"));
        wire.receive(sample("2"));
        transport
                .sendMessage(JSONRPCResponse.result(
                        "1",
                        CreateMessageResult.builder(
                                        Role.ASSISTANT,
                                        TextContent.builder("it is SECRET-1").build(),
                                        "m")
                                .build()))
                .block();
        transport
                .sendMessage(JSONRPCResponse.error("2", new JSONRPCError(-1, "SECRET-2", null)))
                .block();
        transport.sendMessage(JSONRPCResponse.result("1", text("SECRET-3"))).block();

        assertThat(wire.sent).hasSize(3);
        assertThat(wire.sent.toString())
                .contains("[redacted]", "[RESULT WITHHELD] ")
                .doesNotContain("SECRET-");
    }

    @Test
    void whatIsWithheldFromTheServerIsAnErrorForIt() {
        EnforcingClientTransport transport = connected("""
                methods:
                  sampling/createMessage:
                    results: [{deny_if: [{path: result.bytes, op: gt, value: 5}]}]
                """);

        wire.receive(sample("1"));
        transport.sendMessage(JSONRPCResponse.result("1", text("long"))).block();

        assertThat(((JSONRPCResponse) wire.sent.get(0)).error().message()).startsWith("[RESULT WITHHELD] ");
    }
}
