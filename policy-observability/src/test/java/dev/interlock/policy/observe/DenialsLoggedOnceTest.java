package dev.interlock.policy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.langchain4j.EnforcingMcpTransport;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.CallContextResolver;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.protocol.McpCallToolRequest;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import dev.langchain4j.mcp.protocol.McpPingRequest;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A host's log at its usual level: of a denial it has what {@link DenialLog} writes, or nothing if the host has none.
 */
class DenialsLoggedOnceTest {

    private static final String POLICY = """
            version: "1"
            default: deny
            methods: {ping: deny}
            """;

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger ours = (Logger) LoggerFactory.getLogger("dev.interlock");

    @BeforeEach
    void listen() {
        logged.start();
        ours.addAppender(logged);
        ours.setAdditive(false);
        ours.setLevel(Level.TRACE);
    }

    @AfterEach
    void stopListening() {
        ours.detachAppender(logged);
        ours.setAdditive(true);
    }

    private static PolicyEngine engine(AuditSink... observers) {
        PolicyEngine.Builder builder =
                PolicyEngine.builder(PolicyYaml.read(POLICY, "test").orThrow());
        for (AuditSink observer : observers) {
            builder.observer(observer);
        }
        return builder.build();
    }

    private List<String> atTheUsualLevel() {
        return logged.list.stream()
                .filter(line -> line.getLevel().isGreaterOrEqual(Level.INFO))
                .map(line -> line.getLoggerName().replaceAll(".*\\.", "") + " " + line.getLevel())
                .toList();
    }

    /** A denied call, a refused request, and a call whose caller can't be determined, which is a failure, too. */
    private void deniedByClient(PolicyEngine engine) {
        CallContextResolver failing = (transport, reactor) -> {
            if (transport.get("unknown") != null) {
                throw new IllegalStateException("who?");
            }
            return CallContext.EMPTY;
        };
        EnforcingClientTransport transport = EnforcingClientTransport.builder(new Silent(), engine)
                .callContext(failing)
                .build();
        transport.connect(message -> message).block();
        transport
                .sendMessage(new JSONRPCRequest("tools/call", 1, Map.of("name", "drop")))
                .block();
        transport.sendMessage(new JSONRPCRequest("ping", 2, null)).block();
        transport
                .sendMessage(new JSONRPCRequest("tools/call", 3, Map.of("name", "drop")))
                .contextWrite(context ->
                        context.put(McpTransportContext.KEY, McpTransportContext.create(Map.of("unknown", true))))
                .block();
    }

    private static void deniedByServer(PolicyEngine engine) {
        Stateless bare = new Stateless();
        EnforcingServerTransports.wrap(bare, engine).setMcpHandler(new McpStatelessServerHandler() {
            @Override
            public Mono<JSONRPCResponse> handleRequest(McpTransportContext context, JSONRPCRequest request) {
                throw new AssertionError("let through");
            }

            @Override
            public Mono<Void> handleNotification(McpTransportContext context, JSONRPCNotification notification) {
                throw new AssertionError("let through");
            }
        });
        bare.handler
                .handleRequest(McpTransportContext.EMPTY, new JSONRPCRequest("tools/call", 1, Map.of("name", "drop")))
                .block();
        bare.handler
                .handleRequest(McpTransportContext.EMPTY, new JSONRPCRequest("ping", 2, null))
                .block();
    }

    private static void deniedByLangChain4j(PolicyEngine engine) {
        EnforcingMcpTransport transport = EnforcingMcpTransport.wrap(new Mute(), engine);
        transport.start(new McpOperationHandler(
                new HashMap<>(), List::of, transport, null, () -> {}, null, null, null, null, null, null, null));
        transport
                .executeOperationWithResponse(new McpCallToolRequest(1L, "drop", JsonNodeFactory.instance.objectNode()))
                .join();
        assertThat(transport.executeOperationWithResponse(new McpPingRequest(2L)))
                .isCompletedExceptionally();
    }

    @Test
    void withoutADenialLogAdaptersWriteNothingOfDenialsAtTheUsualLevel() {
        deniedByClient(engine());
        deniedByServer(engine());
        deniedByLangChain4j(engine());

        assertThat(atTheUsualLevel()).isEmpty();
        assertThat(logged.list).as("at DEBUG there is a line for each").hasSizeGreaterThanOrEqualTo(5);
    }

    @Test
    void withADenialLogEachIsWrittenOnceAndByThatAlone() {
        deniedByServer(engine(new DenialLog()));
        deniedByLangChain4j(engine(new DenialLog()));
        assertThat(atTheUsualLevel())
                .containsExactly("DenialLog INFO", "DenialLog INFO", "DenialLog INFO", "DenialLog INFO");
        logged.list.clear();

        deniedByClient(engine(new DenialLog()));
        assertThat(atTheUsualLevel())
                .containsExactly("DenialLog INFO", "DenialLog INFO", "DenialLog WARN", "DenialLog INFO");
    }

    private static final class Silent implements McpClientTransport {

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            return Mono.error(new AssertionError("sent"));
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

    private static final class Stateless implements McpStatelessServerTransport {

        @SuppressWarnings("NullAway.Init")
        private McpStatelessServerHandler handler;

        @Override
        public void setMcpHandler(McpStatelessServerHandler mcpHandler) {
            handler = mcpHandler;
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private static final class Mute implements McpTransport {

        @Override
        public void start(McpOperationHandler handler) {
            // Says nothing.
        }

        @Override
        public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
            throw new AssertionError("sent");
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage request) {
            throw new AssertionError("sent");
        }

        @Override
        public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
            throw new AssertionError("sent");
        }

        @Override
        public void executeOperationWithoutResponse(McpClientMessage request) {
            throw new AssertionError("sent");
        }

        @Override
        public void executeOperationWithoutResponse(McpCallContext context) {
            throw new AssertionError("sent");
        }

        @Override
        public void checkHealth() {
            // It is always well.
        }

        @Override
        public void onFailure(@Nullable Runnable action) {
            // It never fails.
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
