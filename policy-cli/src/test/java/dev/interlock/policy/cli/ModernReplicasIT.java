package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.remote.FailureMode;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.EnforcingRequestManager;
import dev.interlock.policy.redis.RedisServer;
import dev.interlock.policy.redis.RedisStore;
import dev.interlock.policy.yaml.PolicyYaml;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCNotification;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCRequest;
import io.modelcontextprotocol.modern.McpException;
import io.modelcontextprotocol.modern.McpSchema.CacheScope;
import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolRequest;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.modern.McpSchema.ElicitResult;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.InputRequiredResult;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.server.HmacRequestStateCodec;
import io.modelcontextprotocol.modern.server.McpAsyncResponse;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpRequestManager;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.McpTransportResponse;
import io.modelcontextprotocol.modern.server.feature.McpAsyncTool;
import io.modelcontextprotocol.modern.server.feature.McpAsyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/**
 * Two replicas of a guarded server of the SDK's modern API behind one address on Tomcat, each with an engine and a
 * limiter of its own in one Redis. Each request of a client goes to the next replica.
 */
class ModernReplicasIT {

    /** It warns of threads that outlive the servlet: Reactor's. Kept here, or it is collected. */
    private static final Logger LEAK_WARNINGS = Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final byte[] STATE_KEY = "what all replicas of this server share".getBytes(StandardCharsets.UTF_8);

    /** A call of {@code once} counts itself, and must not read that count in its own later rounds. */
    private static final String POLICY = """
            version: "1"
            default: deny
            tools:
              ask:
                rules:
                  - {name: many, rate_limit: 100000/day}
              once:
                rules:
                  - {name: counted, state: {counter: calls, window: day}}
                  - {name: first, conditions: [{path: state.once.calls, op: eq, value: 0}]}
              pay:
                rules:
                  - {name: finance, action: require_approval}
                  - {name: many, rate_limit: 100000/day}
            """;

    @TempDir
    private Path directory;

    private final List<AuditEvent> record = Collections.synchronizedList(new ArrayList<>());
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private final AtomicInteger ran = new AtomicInteger();
    private final List<RedisStore> limiters = new ArrayList<>();
    private final List<EnforcingRequestManager> replicas = new ArrayList<>();
    private final Tomcat tomcat = new Tomcat();

    private RedisServer redis;
    private McpSyncClient client;

    /** Sends each request to the next replica. */
    private final class Balancer implements McpRequestManager {

        private final AtomicInteger requests = new AtomicInteger();

        private EnforcingRequestManager next() {
            return replicas.get(requests.getAndIncrement() % replicas.size());
        }

        @Override
        public Mono<McpTransportResponse> handle(McpTransportContext transport, JSONRPCRequest request) {
            return next().handle(transport, request);
        }

        @Override
        public Mono<McpTransportResponse> handleBlocking(McpTransportContext transport, JSONRPCRequest request) {
            return next().handleBlocking(transport, request);
        }

        @Override
        public Mono<Void> handleNotification(McpTransportContext transport, JSONRPCNotification notification) {
            return next().handleNotification(transport, notification);
        }
    }

    /** Its tools ask for a name, then for an age. */
    private final class Tools implements McpAsyncToolRepository {

        @Override
        public Mono<ToolsPage> list(McpRequestContext context, String cursor) {
            List<Tool> all = List.of(tool("ask"), tool("once"), tool("pay"));
            return Mono.just(new ToolsPage(all, null, 0L, CacheScope.PRIVATE));
        }

        @Override
        public Mono<McpAsyncTool> find(McpRequestContext context, String name) {
            return Mono.just(McpAsyncTool.of(
                    tool(name), (asked, request) -> Mono.fromCallable(() -> McpAsyncResponse.result(answer(request)))));
        }

        private CallToolOutcome answer(CallToolRequest request) {
            String state = request.requestState();
            if (state == null) {
                return question("name", "first");
            }
            if (state.equals("first")) {
                return question("age", "second");
            }
            ran.incrementAndGet();
            return CallToolResult.builder()
                    .addContent(TextContent.builder(request.name() + " " + request.arguments())
                            .build())
                    .build();
        }

        private CallToolOutcome question(String key, String state) {
            return InputRequiredResult.builder()
                    .elicit(
                            key,
                            ElicitFormRequest.builder(
                                            "Your " + key + "?",
                                            Map.of(
                                                    "type",
                                                    "object",
                                                    "properties",
                                                    Map.of(key, Map.of("type", "string"))))
                                    .build())
                    .requestState(state)
                    .build();
        }
    }

    private static Tool tool(String name) {
        return Tool.builder(name, Map.of("type", "object")).build();
    }

    @BeforeEach
    void start() throws Exception {
        redis = RedisServer.start();
        for (int i = 0; i < 2; i++) {
            RedisStore limiter = RedisStore.server(redis.uri())
                    .timeout(PATIENCE)
                    .onFailure(FailureMode.open())
                    .build();
            limiters.add(limiter);
            limiter.connect().toCompletableFuture().join();
            PolicyEngine engine = PolicyEngine.builder(
                            PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                    .rateLimiter(limiter.rateLimiter())
                    .audit(record::add)
                    .build();
            McpServer server = McpServer.builder()
                    .serverInfo(Implementation.builder("test", "1").build())
                    .feature(ToolsFeature.ofAsync(new Tools()))
                    .requestStateCodec(
                            HmacRequestStateCodec.builder().key(STATE_KEY).build())
                    .build();
            replicas.add(EnforcingRequestManager.builder(server, engine)
                    .callContext((transport, reactor) -> CallContext.by("ada"))
                    .stateKey(STATE_KEY)
                    .elicitApprovals()
                    .build());
        }
        LEAK_WARNINGS.setLevel(Level.OFF);
        Files.createDirectories(directory);
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.setSilent(true);
        Context context = tomcat.addContext("", directory.toString());
        Wrapper wrapper = Tomcat.addServlet(
                context, "mcp", HttpServletMcpTransport.builder(new Balancer()).build());
        wrapper.setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        tomcat.start();
        client = McpClient.sync(HttpClientMcpTransport.builder(
                                "http://localhost:" + tomcat.getConnector().getLocalPort() + "/mcp")
                        .build())
                .roundTimeout(PATIENCE)
                .formElicitation(question -> {
                    questions.add(question.message());
                    return new ElicitResult(
                            ElicitResult.Action.ACCEPT,
                            question.message().contains("approval")
                                    ? Map.of("decision", "approve")
                                    : Map.of("name", "Ada", "age", "36"));
                })
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        replicas.forEach(EnforcingRequestManager::closeGracefully);
        tomcat.stop();
        tomcat.destroy();
        limiters.forEach(RedisStore::close);
        redis.close();
    }

    private McpSyncClient.ToolSpec calling(String name) {
        return client.tool(tool(name));
    }

    private static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }

    private <T extends AuditEvent> List<T> events(Class<T> type) {
        return List.copyOf(record).stream()
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    @Test
    void aCallGoesOnFromReplicaToReplicaOnOneRecord() {
        assertThat(text(calling("once").arguments(Map.of("a", 1)).call())).isEqualTo("once {a=1}");

        assertThat(questions).containsExactly("Your name?", "Your age?");
        List<Decided> decisions = events(Decided.class);
        assertThat(decisions.stream().map(Decided::round)).containsExactly(0, 1, 2);
        assertThat(decisions.stream().map(Decided::id).distinct()).hasSize(1);
        assertThat(events(Settled.class).stream().map(Settled::outcome)).containsExactly(CallOutcome.UNKNOWN);
        assertThat(text(calling("once").call())).startsWith("[POLICY DENIED]");
        assertThat(ran).hasValue(1);
    }

    @Test
    void aPersonAgreesOnceAndTheCallRunsOnAtEveryReplica() {
        assertThat(text(calling("pay").arguments(Map.of("a", 1)).call())).isEqualTo("pay {a=1}");

        assertThat(questions).hasSize(3);
        assertThat(questions.get(0)).contains("waits for your approval", "finance");
        assertThat(questions.subList(1, 3)).containsExactly("Your name?", "Your age?");
        // The call that asked is one, and the call that ran in three rounds another.
        assertThat(events(Decided.class).stream().map(Decided::id).distinct()).hasSize(2);
        assertThat(ran).hasValue(1);
    }

    @Test
    void aYesCountsAtOneReplicaOnly() {
        InputRequiredResult asked = (InputRequiredResult) calling("pay").callOnce();
        Map<String, Object> yes = Map.of(
                "dev.interlock/approval", new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("decision", "approve")));

        List<InputRequiredResult> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            answers.add((InputRequiredResult) calling("pay")
                    .requestState(asked.requestState())
                    .inputResponses(yes)
                    .callOnce());
        }

        // The first has the tool ask for a name; after that, a person is asked again.
        assertThat(answers.stream()
                        .map(answer -> answer.inputRequests().keySet().toString()))
                .containsExactly(
                        "[name]", "[dev.interlock/approval]", "[dev.interlock/approval]", "[dev.interlock/approval]");
    }

    @Test
    void aStateThatOneReplicaHasTakenIsThatOfANewCallAtTheOther() {
        InputRequiredResult asked = (InputRequiredResult) calling("ask").callOnce();
        Map<String, Object> name = Map.of("name", new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("name", "Ada")));
        for (int i = 0; i < 4; i++) {
            calling("ask")
                    .requestState(asked.requestState())
                    .inputResponses(name)
                    .callOnce();
        }

        assertThat(events(Decided.class).stream().map(Decided::id).distinct()).hasSize(4);
        assertThat(events(Decided.class).stream().filter(decided -> decided.round() == 1))
                .hasSize(1);
    }

    @Test
    void withoutRedisNoStateIsGoodThoughCallsGoOnUncounted() throws Exception {
        InputRequiredResult asked = (InputRequiredResult) calling("pay").callOnce();
        Map<String, Object> yes = Map.of(
                "dev.interlock/approval", new ElicitResult(ElicitResult.Action.ACCEPT, Map.of("decision", "approve")));
        limiters.forEach(RedisStore::close);

        InputRequiredResult anew = (InputRequiredResult) calling("pay")
                .requestState(asked.requestState())
                .inputResponses(yes)
                .callOnce();

        assertThat(anew.inputRequests().keySet()).containsExactly("dev.interlock/approval");
        assertThat(ran).hasValue(0);
    }

    @Test
    void manyCallsAtOnceAreEachChargedAndSettledOnce() throws Exception {
        int calls = 300;
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                int number = i;
                all.add(threads.submit(
                        () -> text(calling("ask").arguments(Map.of("a", number)).call())));
            }
            for (int i = 0; i < calls; i++) {
                assertThat(all.get(i).get()).isEqualTo("ask {a=" + i + "}");
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(ran).hasValue(calls);
        assertThat(events(Decided.class)).hasSize(3 * calls);
        assertThat(events(Decided.class).stream().map(Decided::id).distinct()).hasSize(calls);
        assertThat(events(Settled.class)).hasSize(calls);
    }

    @Test
    void aStateOfNobodyIsTheServersToJudge() {
        assertThatThrownBy(() -> calling("ask").requestState("il1.forged").callOnce())
                .isInstanceOfAny(McpException.class, CompletionException.class);
        assertThat(ran).hasValue(0);
    }
}
