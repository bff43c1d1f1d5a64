package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Maps under {@code methods} in front of a server, also for what the server asks. */
class ServerMethodMapsTest extends MethodMapsContract {

    private static ServerGuard guard(PolicyEngine engine, @Nullable CallContextResolver callers) {
        EnforcingServerTransports.Builder builder = EnforcingServerTransports.builder(engine);
        return new ServerGuard(callers == null ? builder : builder.callContext(callers));
    }

    @Override
    Way open(PolicyEngine engine, @Nullable CallContextResolver callers) {
        ServerGuard guard = guard(engine, callers);
        List<String> reached = new CopyOnWriteArrayList<>();
        Exchange server = request -> {
            reached.add(request.method());
            return Mono.just(
                    request.method().equals("logging/setLevel")
                            ? JSONRPCResponse.error(request.id(), new JSONRPCResponse.JSONRPCError(-1, "broken"))
                            : JSONRPCResponse.result(request.id(), Map.of()));
        };
        return new Way() {
            @Override
            public CompletableFuture<String> ask(String method, Map<String, Object> params) {
                return guard.answer(new JSONRPCRequest(method, "1", params), guard.session("s", null), server, null)
                        .map(response ->
                                response.error() == null ? "" : response.error().message())
                        .toFuture();
            }

            @Override
            public boolean tell(String method, Map<String, Object> params) {
                guard.notified(new JSONRPCNotification(method, params), "s", passed -> {
                            reached.add(passed.method());
                            return Mono.empty();
                        })
                        .block();
                return true;
            }

            @Override
            public List<String> reached() {
                return reached;
            }
        };
    }

    // ---- what the server asks

    private final List<CompletableFuture<ApprovalAnswer>> asked = new CopyOnWriteArrayList<>();

    private PolicyEngine asking(String entry) {
        return PolicyEngine.builder(
                        PolicyYaml.read("version: \"1\"\nmethods:\n  sampling/createMessage:\n    " + entry, "test")
                                .orThrow())
                .approvals(request -> {
                    asked.add(new CompletableFuture<>());
                    return asked.get(asked.size() - 1);
                })
                .build();
    }

    private static final JSONRPCRequest SAMPLE =
            new JSONRPCRequest("sampling/createMessage", "1", Map.of("maxTokens", 5));

    @Test
    void aPersonIsAskedAboutWhatTheServerAsks() {
        ServerGuard guard = guard(asking("ask_if: [{path: params.maxTokens, op: gt, value: 1}]"), null);

        CompletableFuture<JSONRPCMessage> yes = guard.outgoing(SAMPLE).toFuture();
        assertThat(yes).isNotDone();
        asked.get(0).complete(ApprovalAnswer.approved("Ada"));
        assertThat(yes.join()).isSameAs(SAMPLE);

        CompletableFuture<JSONRPCMessage> no = guard.outgoing(SAMPLE).toFuture();
        asked.get(1).complete(ApprovalAnswer.refused("Ada", null));
        assertThatThrownBy(no::join).hasMessageContaining("A person said no.");
    }

    @Test
    void whomTheServerAsksIsNotKnown() {
        ServerGuard guard = guard(
                asking("deny_if: [{path: call.identity, op: eq, value: eve}]"),
                (context, reactor) -> CallContext.by("ada"));

        assertThatThrownBy(() -> guard.outgoing(SAMPLE).block()).hasMessageContaining("forbids");
    }
}
