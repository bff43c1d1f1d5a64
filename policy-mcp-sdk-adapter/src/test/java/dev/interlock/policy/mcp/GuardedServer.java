package dev.interlock.policy.mcp;

import dev.interlock.policy.Policy;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerFeatures;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpServerTransportProvider;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A real server of the SDK behind a policy. A reader of {@link #REPORT} is told what ran, how it was settled and what
 * still runs. It checks no arguments itself, so that a call that slips through shows.
 */
final class GuardedServer {

    static final String REPORT = "test://report";

    /** The report of the server that was there before, in the same process. */
    static final String BEFORE = "test://before";

    /**
     * Three exports for each session, hidden purges, no deletion, no prompts, no sampling, payments by approval, no
     * secrets.
     */
    static final Policy POLICY = new Policies()
            .hiding("purge_*")
            .tool("start_export", Policies.limit(3), Policies.requiredArguments())
            .tool("delete_store", Policies.denied("Stores are not deleted by agents."))
            .tool("complain", Policies.limit(10))
            .tool("crash", Policies.limit(10))
            .tool("refuse", Policies.limit(10))
            .tool("missing", Policies.limit(10))
            .tool("wait", Policies.limit(10))
            .tool("pay", Policies.requiredArguments(), Policies.limit(10), Policies.ask())
            .tool("pay_at_once", Policies.ask(Duration.ofMillis(300)))
            .reading("""
                    tools:
                      read_item: {results: [{redact: [{pattern: "SECRET-[0-9]+"}]}]}
                      work: {results: [{deny_if: [{path: result.text, op: contains, value: SECRET}]}]}
                    """)
            .method("prompts/*", Posture.DENY)
            .method("sampling/*", Posture.DENY)
            .policy();

    static final List<Tool> TOOLS = List.of(
            tool("purge_all"),
            tool("read_item", "id"),
            tool("start_export", "to"),
            tool("delete_store", "id"),
            tool("complain"),
            tool("crash"),
            tool("refuse"),
            tool("work"),
            tool("wait"),
            tool("release"),
            tool("grow"),
            tool("ask_model"),
            tool("log_in"),
            tool("pay", "to"),
            tool("pay_at_once"));

    final LoggingLimiter limiter = new LoggingLimiter();
    final Denials denials = new Denials();
    final EnforcingServerTransports.Builder guard;
    private final Map<String, Integer> ran = new ConcurrentHashMap<>();
    private final CountDownLatch waiting = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @Nullable
    ServerGuard inPlace;

    private @Nullable GuardedServer before;
    private Runnable stop = () -> {};
    private Runnable grow = () -> {};

    GuardedServer() {
        this(POLICY);
    }

    GuardedServer(Policy policy) {
        this.guard = guard(
                PolicyEngine.builder(policy).rateLimiter(limiter).audit(denials).build());
    }

    /** One whose engine counts and records somewhere else. */
    GuardedServer(PolicyEngine engine) {
        this.guard = guard(engine);
    }

    private static EnforcingServerTransports.Builder guard(PolicyEngine engine) {
        return EnforcingServerTransports.builder(engine)
                .toolListTimeout(Await.PATIENCE)
                .approvalWait(Await.PATIENCE)
                .elicitApprovals();
    }

    static Tool tool(String name, String... required) {
        Map<String, Object> properties = new TreeMap<>();
        for (String argument : required) {
            properties.put(argument, Map.of("type", "string"));
        }
        return Tool.builder(
                        name, Map.<String, Object>of("type", "object", "properties", properties, "required", required))
                .build();
    }

    GuardedServer on(McpServerTransportProvider provider) {
        GuardedProvider wrapped = (GuardedProvider) guard.wrap(provider);
        inPlace = wrapped.guard;
        return started(McpServer.sync(wrapped));
    }

    GuardedServer on(McpStreamableServerTransportProvider provider) {
        GuardedStreamableProvider wrapped = (GuardedStreamableProvider) guard.wrap(provider);
        inPlace = wrapped.guard;
        return started(McpServer.sync(wrapped));
    }

    private <S extends McpServer.SyncSpecification<S>> GuardedServer started(McpServer.SyncSpecification<S> spec) {
        spec.serverInfo("guarded", "1")
                .validateToolInputs(false)
                .capabilities(capabilities())
                .resources(new SyncResourceSpecification(
                        Resource.builder(REPORT, "report").build(), (e, r) -> content(report())))
                .resources(new SyncResourceSpecification(
                        Resource.builder(BEFORE, "before").build(), (e, r) -> content(before.report())))
                .prompts(new SyncPromptSpecification(Prompt.builder("greet").build(), (e, r) -> greeting()));
        TOOLS.forEach(tool -> spec.toolCall(tool, this::run));
        McpSyncServer server = spec.build();
        stop = server::close;
        grow = () -> List.of("late_read", "purge_late")
                .forEach(name -> server.addTool(SyncToolSpecification.builder()
                        .tool(tool(name))
                        .callHandler(this::run)
                        .build()));
        return this;
    }

    GuardedServer on(McpStatelessServerTransport transport) {
        GuardedStatelessTransport wrapped = (GuardedStatelessTransport) guard.wrap(transport);
        inPlace = wrapped.guard();
        McpServer.StatelessSyncSpecification spec = McpServer.sync(wrapped)
                .serverInfo("guarded", "1")
                .validateToolInputs(false)
                .capabilities(capabilities())
                .resources(new McpStatelessServerFeatures.SyncResourceSpecification(
                        Resource.builder(REPORT, "report").build(), (c, r) -> content(report())))
                .prompts(new McpStatelessServerFeatures.SyncPromptSpecification(
                        Prompt.builder("greet").build(), (c, r) -> greeting()));
        TOOLS.forEach(tool -> spec.toolCall(tool, (context, request) -> run(null, request)));
        McpStatelessSyncServer server = spec.build();
        stop = server::close;
        grow = () -> List.of("late_read", "purge_late")
                .forEach(name -> server.addTool(McpStatelessServerFeatures.SyncToolSpecification.builder()
                        .tool(tool(name))
                        .callHandler((context, request) -> run(null, request))
                        .build()));
        return this;
    }

    private static ServerCapabilities capabilities() {
        return ServerCapabilities.builder()
                .tools(true)
                .resources(false, false)
                .prompts(false)
                .build();
    }

    void stop() {
        released.countDown();
        stop.run();
    }

    /** Lets the calls to {@code wait} go on. */
    void release() {
        released.countDown();
    }

    Map<String, Integer> ran() {
        return Map.copyOf(ran);
    }

    /** Returns once a call to {@code wait} has begun. */
    void awaitWaiting() throws InterruptedException {
        if (!waiting.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("'wait' was not called");
        }
    }

    private CallToolResult run(@Nullable McpSyncServerExchange exchange, CallToolRequest request) {
        ran.merge(request.name(), 1, Integer::sum);
        String said = request.name() + " " + request.arguments();
        switch (request.name()) {
            case "crash" -> throw new IllegalStateException("the tool broke");
            case "refuse" ->
                throw McpError.builder(-32099).message("the tool refused").build();
            case "log_in" ->
                throw McpError.builder(-32042)
                        .message("log in first")
                        .data(Map.of("elicitations", List.of(Map.of("mode", "url", "url", "https://login.example/"))))
                        .build();
            case "grow" -> grow.run();
            case "release" -> released.countDown();
            case "wait" -> await();
            case "work" -> {
                if (exchange != null && request.progressToken() != null) {
                    exchange.progressNotification(ProgressNotification.builder(request.progressToken(), 0.5)
                            .message("half way")
                            .build());
                }
            }
            case "ask_model" -> said = askModel(exchange);
            default -> {}
        }
        return CallToolResult.builder()
                .addTextContent(said)
                .isError(request.name().equals("complain"))
                .build();
    }

    private void await() {
        waiting.countDown();
        try {
            if (!released.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("'release' was not called");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("deprecation") // sampling is
    private static String askModel(@Nullable McpSyncServerExchange exchange) {
        try {
            exchange.createMessage(CreateMessageRequest.builder(
                            List.of(SamplingMessage.builder(
                                            Role.USER, TextContent.builder("hi").build())
                                    .build()),
                            10)
                    .build());
            return "the model answered";
        } catch (McpError e) {
            return e.getMessage();
        }
    }

    private static GetPromptResult greeting() {
        return GetPromptResult.builder(List.of(PromptMessage.builder(
                                Role.USER, TextContent.builder("hello").build())
                        .build()))
                .build();
    }

    /** What ran, how it was settled, and how much still runs. */
    record Report(Map<String, Integer> ran, List<String> settled, int running) {}

    Report report() {
        return new Report(
                Map.copyOf(ran),
                limiter.settlements().stream().map(CallOutcome::name).toList(),
                inPlace.runningCalls());
    }

    private static ReadResourceResult content(Report report) {
        try {
            String json = McpJsonDefaults.getMapper().writeValueAsString(report);
            return ReadResourceResult.builder(
                            List.of(TextResourceContents.builder(REPORT, json).build()))
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Serves one client after another on stdin and stdout. */
    public static void main(String... args) throws IOException {
        AtomicReference<GuardedServer> latest = new AtomicReference<>(new GuardedServer());
        ServerProcess.serve(provider -> {
            GuardedServer server = new GuardedServer();
            server.before = latest.getAndSet(server);
            return server.on(provider)::stop;
        });
    }
}
