package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Posture;
import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.InitializeResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** What clients hear when something else is enforced, and so other tools may be shown. */
class ListChangesTest {

    private static final String CHANGED = "notifications/tools/list_changed";

    private final PolicyEngine engine =
            PolicyEngine.builder(Policies.allowingAll()).build();

    private final ScriptedTransport wire = new ScriptedTransport();
    private final BlockingQueue<JSONRPCMessage> shown = new LinkedBlockingQueue<>();

    private EnforcingClientTransport connected() {
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(wire, engine);
        transport.connect(message -> message.doOnNext(shown::add)).block();
        return transport;
    }

    private EnforcingClientTransport initialized() {
        EnforcingClientTransport transport = connected();
        transport
                .sendMessage(new JSONRPCNotification("notifications/initialized"))
                .block();
        return transport;
    }

    private void hide(String... tools) {
        engine.update(new Policies().hiding(tools).policy());
    }

    private String heard() throws InterruptedException {
        JSONRPCMessage message = shown.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return message instanceof JSONRPCNotification notification ? notification.method() : String.valueOf(message);
    }

    @Test
    void theHostsClientIsToldAsIfByItsServer() throws Exception {
        initialized();

        hide("danger");

        assertThat(heard()).isEqualTo(CHANGED);
        assertThat(wire.sent).hasSize(1);
    }

    @Test
    void aClientThatHasListedToolsIsToldThoughItNeverSaidThatItIsInitialized() throws Exception {
        connected().sendMessage(new JSONRPCRequest("tools/list", 1, null)).block();

        hide("danger");

        assertThat(heard()).isEqualTo(CHANGED);
    }

    @Test
    void noOneIsToldBeforeTheSessionIsInOperation() throws Exception {
        EnforcingClientTransport transport = connected();
        transport.sendMessage(new JSONRPCRequest("initialize", 0, null)).block();
        transport.sendMessage(new JSONRPCRequest("ping", 1, null)).block();
        hide("danger");
        transport
                .sendMessage(new JSONRPCNotification("notifications/initialized"))
                .block();
        assertThat(shown).isEmpty();

        hide("other");

        assertThat(heard()).isEqualTo(CHANGED);
        assertThat(shown).isEmpty();
    }

    @Test
    void anEqualPolicyIsNoChange() throws Exception {
        initialized();
        hide("danger");
        assertThat(heard()).isEqualTo(CHANGED);
        AtomicInteger told = new AtomicInteger();
        engine.onChange(told::incrementAndGet);

        hide("danger");

        assertThat(told).hasValue(0);
        assertThat(shown).isEmpty();
    }

    @Test
    void anotherLockIsAChangeAndAnEqualOneIsNone() throws Exception {
        initialized();
        engine.update(locked());
        assertThat(heard()).isEqualTo(CHANGED);
        AtomicInteger told = new AtomicInteger();
        engine.onChange(told::incrementAndGet);

        engine.update(locked());

        assertThat(told).hasValue(0);
    }

    private static ToolLock locked() {
        return ToolLock.EMPTY.accepting(null, List.of(ToolDefinition.named("send")));
    }

    @Test
    void aPolicyThatLetsNoClientHearOfItKeepsIt() {
        connected();
        engine.update(new Policies().method(CHANGED, Posture.DENY).policy());
        ListChanges changes = ToolListChanges.to(engine, () -> Mono.error(new AssertionError("told")));
        changes.heard("notifications/initialized");

        changes.changed();

        Map<String, Object> hello = Map.of("capabilities", Map.of("tools", Map.of()));
        assertThat(ToolListChanges.announced(changes, hello)).isSameAs(hello);
        assertThat(shown).isEmpty();
    }

    @Test
    void theAnswerToInitializeSaysThatTheListMayChangeAndNothingElseInItDoes() {
        EnforcingClientTransport transport = connected();
        transport.sendMessage(new JSONRPCRequest("initialize", 0, null)).block();
        wire.respond(
                0,
                Map.of(
                        "protocolVersion",
                        "2025-06-18",
                        "capabilities",
                        Map.of("tools", Map.of("x", 1), "logging", Map.of()),
                        "serverInfo",
                        Map.of("name", "s")));
        transport.sendMessage(new JSONRPCRequest("initialize", 1, null)).block();
        wire.respond(1, Map.of("capabilities", Map.of("prompts", Map.of())));

        assertThat(shown.stream().map(ListChangesTest::result))
                .containsExactly(
                        Map.of(
                                "protocolVersion",
                                "2025-06-18",
                                "capabilities",
                                Map.of("tools", Map.of("x", 1, "listChanged", true), "logging", Map.of()),
                                "serverInfo",
                                Map.of("name", "s")),
                        Map.of("capabilities", Map.of("prompts", Map.of())));
    }

    private static Object result(JSONRPCMessage message) {
        return ((JSONRPCResponse) message).result();
    }

    @Test
    void aSlowClientHoldsUpNeitherWhoUpdatesNorOthersAndHearsOfManyChangesOnceMore() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch reads = new CountDownLatch(1);
        AtomicInteger told = new AtomicInteger();
        ListChanges slow = ToolListChanges.to(
                engine,
                () -> Mono.fromRunnable(() -> {
                    told.incrementAndGet();
                    reading.countDown();
                    await(reads);
                }));
        slow.heard("notifications/initialized");
        engine.onChange(slow::changed);
        initialized();

        hide("a");
        assertThat(reading.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 1_000; i++) {
            hide("tool" + i);
        }
        assertThat(heard()).isEqualTo(CHANGED);
        assertThat(told).hasValue(1);
        reads.countDown();

        Await.until(() -> told.get() == 2);
        hide("last");
        Await.until(() -> told.get() == 3);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aTransportOrServerThatIsClosedIsForgottenByTheEngine() {
        List<WeakReference<?>> closed = List.of(closedClient(false), closedClient(true), closedServer());

        Await.until(() -> {
            System.gc();
            return closed.stream().allMatch(gone -> gone.get() == null);
        });
        hide("danger");
        assertThat(shown).isEmpty();
    }

    private WeakReference<?> closedClient(boolean gracefully) {
        EnforcingClientTransport transport = EnforcingClientTransport.wrap(new ScriptedTransport(), engine);
        transport.connect(message -> message.doOnNext(shown::add)).block();
        transport
                .sendMessage(new JSONRPCNotification("notifications/initialized"))
                .block();
        // As the SDK's client does when it has lost its session.
        transport.connect(message -> message.doOnNext(shown::add)).block();
        transport
                .sendMessage(new JSONRPCNotification("notifications/initialized"))
                .block();
        if (gracefully) {
            transport.closeGracefully().block();
        } else {
            transport.close();
        }
        return new WeakReference<>(transport);
    }

    private WeakReference<?> closedServer() {
        GuardedServer server = new GuardedServer(engine);
        ServerWay.SESSION.into(server);
        server.inPlace.close();
        return new WeakReference<>(server.inPlace);
    }

    // ---- a server's clients

    @ParameterizedTest
    @EnumSource(names = {"SESSION"})
    void aServersClientsAreTold(ServerWay way) {
        GuardedServer server = new GuardedServer(engine);
        ServerWay.End end = way.into(server);

        hide("danger");

        Await.until(() -> !end.received.isEmpty());
        assertThat(end.received)
                .singleElement()
                .isInstanceOfSatisfying(
                        JSONRPCNotification.class,
                        told -> assertThat(told.method()).isEqualTo(CHANGED));
    }

    @Test
    void clientsOfAServerOverHttpHearOfItAndListAnewAndItsServerNeedNotHaveAnnouncedThatItsListChanges(
            @TempDir Path directory) throws Exception {
        BlockingQueue<List<Tool>> lists = new LinkedBlockingQueue<>();
        HttpServletStreamableServerTransportProvider provider =
                HttpServletStreamableServerTransportProvider.builder().build();
        McpSyncServer server = McpServer.sync(EnforcingServerTransports.wrap(provider, engine))
                .capabilities(ServerCapabilities.builder().tools(false).build())
                .toolCall(GuardedServer.tool("echo"), (exchange, request) -> null)
                .toolCall(GuardedServer.tool("danger"), (exchange, request) -> null)
                .build();
        try (HttpServer http = HttpServer.of(provider, directory);
                McpSyncClient client = McpClient.sync(HttpClientStreamableHttpTransport.builder(http.url())
                                .openConnectionOnStartup(false)
                                .build())
                        .requestTimeout(Await.PATIENCE)
                        .initializationTimeout(Await.PATIENCE)
                        .toolsChangeConsumer(lists::add)
                        .build()) {
            InitializeResult hello = client.initialize();
            assertThat(hello.capabilities().tools().listChanged()).isTrue();
            assertThat(client.listTools().tools()).hasSize(2);

            hide("danger");

            List<Tool> list = lists.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(list).extracting(Tool::name).containsExactly("echo");
        } finally {
            server.close();
        }
    }

    @Test
    void aRealClientOverAGuardedTransportListsAnew() throws Exception {
        InMemoryPair pair = new InMemoryPair();
        BlockingQueue<List<Tool>> lists = new LinkedBlockingQueue<>();
        List<String> seen = new CopyOnWriteArrayList<>();
        McpSyncServer server = McpServer.sync(pair.server())
                .capabilities(ServerCapabilities.builder().tools(false).build())
                .toolCall(GuardedServer.tool("echo"), (exchange, request) -> null)
                .toolCall(GuardedServer.tool("danger"), (exchange, request) -> null)
                .build();
        try (McpSyncClient client = McpClient.sync(EnforcingClientTransport.wrap(pair.client(), engine))
                .requestTimeout(Await.PATIENCE)
                .initializationTimeout(Await.PATIENCE)
                .toolsChangeConsumer(lists::add)
                .build()) {
            assertThat(client.initialize().capabilities().tools().listChanged()).isTrue();
            client.listTools().tools().forEach(tool -> seen.add(tool.name()));
            assertThat(seen).contains("danger");

            hide("danger");

            assertThat(lists.poll(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .extracting(Tool::name)
                    .containsExactly("echo");
        } finally {
            server.close();
            pair.close();
        }
    }
}
