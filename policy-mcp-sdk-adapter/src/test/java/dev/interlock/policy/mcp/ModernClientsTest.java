package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCMessage;
import io.modelcontextprotocol.modern.client.McpAsyncClient;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpClientTransport;
import io.modelcontextprotocol.modern.client.transport.McpTransportRequest;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** Which clients of the modern API go past every guard, in an application that is made of the SDK's own. */
class ModernClientsTest {

    private final PolicyEngine engine =
            PolicyEngine.builder(Policies.allowingAll()).build();
    private final McpClientTransport bare =
            HttpClientMcpTransport.builder("http://localhost:1/mcp").build();
    private final EnforcingModernTransport guard = EnforcingModernTransport.wrap(bare, engine);

    /** A bean as frameworks have them. */
    private record Named(String name, Object transport) {}

    /** A transport of the host's own in front of another. */
    private record Logging(McpClientTransport next) implements McpClientTransport {
        @Override
        public Flux<JSONRPCMessage> exchange(McpTransportRequest request) {
            return next.exchange(request);
        }
    }

    private static List<String> unguarded(Object... objects) {
        return ModernClients.unguarded(List.of(objects));
    }

    @Test
    void clientsOfBareTransportsAreFoundByTheirClass() {
        assertThat(unguarded(
                        "a bean",
                        McpClient.sync(bare).build(),
                        McpClient.async(bare).build(),
                        engine))
                .containsExactly(McpAsyncClient.class.getName(), McpSyncClient.class.getName());
    }

    @Test
    void clientsOfWrappedTransportsAreNot() {
        assertThat(unguarded(
                        McpClient.sync(guard).build(), McpClient.async(guard).build()))
                .isEmpty();
        assertThat(unguarded(bare, guard, McpClient.sync(guard).build()))
                .as("nor is what is wrapped")
                .isEmpty();
    }

    @Test
    void aClientIsFoundThatWasBuiltWithWhatAGuardWrapsElsewhere() {
        assertThat(unguarded(guard, bare, McpClient.sync(bare).build())).containsExactly(McpSyncClient.class.getName());
    }

    @Test
    void aTransportThatNothingWrapsIsFound() {
        assertThat(unguarded(bare)).containsExactly(HttpClientMcpTransport.class.getName());
    }

    @Test
    void aTransportInFrontOfAGuardPassesOnToIt() {
        assertThat(unguarded(
                        new Logging(guard), McpClient.sync(new Logging(guard)).build()))
                .isEmpty();
        assertThat(unguarded(new Logging(bare))).containsExactly(Logging.class.getName());
        assertThat(unguarded(EnforcingModernTransport.wrap(new Logging(bare), engine)))
                .isEmpty();
    }

    @Test
    void whatCanNotBeSeenThroughIsFound() {
        McpClientTransport hidden = (McpClientTransport) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {McpClientTransport.class}, (self, method, arguments) -> {
                    throw new UnsupportedOperationException();
                });

        assertThat(unguarded(hidden)).containsExactly(hidden.getClass().getName());
    }

    @Test
    void listsMapsArraysAndRecordsAreLookedInto() {
        List<Object> inItself = new ArrayList<>();
        inItself.add(inItself);
        inItself.add(new Named("a", bare));

        assertThat(unguarded(inItself)).hasSize(1);
        assertThat(unguarded(Map.of("a", List.of(bare)))).hasSize(1);
        assertThat(unguarded((Object) new Object[] {Set.of(bare)})).hasSize(1);
        assertThat(unguarded(List.of(new Named("a", guard)))).isEmpty();
    }

    @Test
    void eachClassIsToldOnce() {
        Set<String> classes = Set.of("a.Class", "an.Other");

        assertThat(ModernClients.untold(classes)).containsExactlyInAnyOrderElementsOf(classes);
        assertThat(ModernClients.untold(Set.of("a.Class", "a.Third"))).containsExactly("a.Third");
    }
}
