package dev.interlock.policy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.ConsoleApprovals;
import dev.interlock.policy.approval.webhook.ApprovalWebhook;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.EngineListener;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.langchain4j.EnforcingMcpTransport;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.mcp.CallContext;
import dev.interlock.policy.mcp.CallContextResolver;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.mcp.EnforcingServerTransports;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.mcp.client.transport.http.StreamableHttpMcpTransport;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServer.SyncSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Plants secrets wherever a real host has them, sends calls over real transports, and looks for the secrets in all that
 * comes out beside the answers: the log, the metrics, the spans, the audit log, webhooks, and what denied agents read.
 * What a server answers to a call that was let through is the caller's, secrets and all; it is not looked at.
 */
class CanaryIT {

    /** All secrets begin so. */
    private static final String CANARY = "canary-";

    private static final String ARGUMENT = "canary-in-an-argument";
    private static final String KEY = "canary-as-a-key";
    private static final String TOKEN = "canary-in-a-header";
    private static final String STRANGER = "canary-of-a-stranger";
    private static final String FACT = "canary-in-the-context";
    private static final String SECRET = "canary-that-signs-and-digests-0123456789";
    private static final long AMOUNT = 918_273_645;

    private static final String POLICY = """
            version: "1"
            default: deny
            methods: {"prompts/*": deny}
            tools:
              pay:
                rules:
                  - name: cap
                    conditions: [{path: args.amount, op: lte, value: 1000000000}]
                  - name: budget
                    spend: {per_call: 1000000000, daily: 1000000000000, from: args.amount}
                  - name: pace
                    rate_limit: {max: 1000, window: 60}
              wire: {rules: [{name: a person, action: require_approval, approval_timeout: 5s}]}
              complain: {}
              refuse: {}
              crash: {}
              drop: {rules: [{name: never, action: deny}]}
            """;

    @TempDir
    private Path directory;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    /** The SDK's, LangChain4j's and Tomcat's own loggers are theirs: below INFO some write whole messages. */
    private final Logger ours = (Logger) LoggerFactory.getLogger("dev.interlock");

    /**
     * It warns of threads that outlive the servlet: Reactor's, which all tests share. Kept here, or it is collected.
     */
    private static final java.util.logging.Logger LEAK_WARNINGS =
            java.util.logging.Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Tomcat tomcat = new Tomcat();

    @BeforeEach
    void listen() {
        logged.start();
        ours.addAppender(logged);
        ours.setAdditive(false);
        ours.setLevel(Level.TRACE);
    }

    @AfterEach
    void stop() throws Exception {
        ours.detachAppender(logged);
        tomcat.stop();
        tomcat.destroy();
    }

    private void hear(Object thing) {
        heard.add(String.valueOf(thing));
    }

    private static Map<String, Object> secrets() {
        return Map.of("amount", AMOUNT, "token", ARGUMENT, KEY, List.of(Map.of("deep", ARGUMENT), ARGUMENT));
    }

    @Test
    void noSecretComesOutOfAnyTransport() throws Exception {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        Path plain = directory.resolve("plain.jsonl");
        Path redacted = directory.resolve("redacted.jsonl");
        BlockingQueue<String> posted = new LinkedBlockingQueue<>();
        HttpServer receiver = receiver(posted);
        byte[] secret = SECRET.getBytes(StandardCharsets.US_ASCII);
        try (SdkTracerProvider tracing = SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build();
                AuditLog first = AuditLog.at(plain).argumentsKey(secret).open();
                AuditLog second = AuditLog.at(redacted)
                        .argumentsKey(secret)
                        .arguments(Redaction.only("args.harmless"))
                        .open()) {
            ApprovalTickets tickets = ApprovalTickets.builder()
                    .onOpened(ApprovalWebhook.builder(
                                    URI.create("http://localhost:"
                                            + receiver.getAddress().getPort() + "/hook?token=" + TOKEN),
                                    secret,
                                    (ticket, failure) -> {
                                        hear(ticket);
                                        hear(failure);
                                    })
                            .alarm((delay, task) -> {
                                // It is tried again at once; the time of an exchange, ten seconds, is never over.
                                if (!delay.equals(Duration.ofSeconds(10))) {
                                    task.run();
                                }
                                return () -> {};
                            })
                            .build())
                    .build();
            PolicyEngine engine = engine(tickets, first, second);
            Span span = tracing.get("test").spanBuilder("agent").startSpan();
            Scope scope = span.makeCurrent();
            try {
                String url = startServer(engine);
                throughTheSdk(guarded(overHttp(url, "known"), engine));
                throughTheSdk(guarded(overStdio(), engine));
                throughTheSdk(overHttp(url, STRANGER));
                throughTheSdk(overHttp(url, "known"));
                throughLangChain4j(url, engine);
            } finally {
                scope.close();
            }
            span.end();
            hear(posted.poll(5, TimeUnit.MINUTES));
            tickets.list().forEach(ticket -> {
                hear(ticket);
                hear(ticket.request());
                tickets.deny(ticket.id(), "Ada", "no");
            });
            hear(tickets);
            hear(first.status());
            spans.getFinishedSpanItems().forEach(this::hear);
            assertThat(spans.getFinishedSpanItems().get(0).getEvents()).hasSizeGreaterThan(3);
        } finally {
            receiver.stop(0);
        }
        hear(registry.scrape());
        logged.list.forEach(event -> {
            hear(event.getFormattedMessage());
            hear(event.getMDCPropertyMap());
            hear(event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
        });
        for (Path file : List.of(plain, redacted)) {
            List<String> lines = Files.readAllLines(file);
            assertThat(lines).as(file.toString()).hasSizeGreaterThan(30);
            lines.forEach(this::hear);
        }
        assertThat(Files.readString(redacted))
                .as("the one argument that was opted in")
                .contains("shown on purpose");
        assertThat(logged.list)
                .extracting(ILoggingEvent::getLoggerName)
                .as("loggers of both adapters and of the observers")
                .anyMatch(name -> name.startsWith("dev.interlock.policy.mcp"))
                .anyMatch(name -> name.startsWith("dev.interlock.policy.langchain4j"))
                .anyMatch(name -> name.startsWith("dev.interlock.policy.observe"));

        assertThat(heard)
                .hasSizeGreaterThan(100)
                .noneMatch(text -> text.contains(CANARY))
                .noneMatch(text -> text.contains(Long.toString(AMOUNT)));
    }

    private PolicyEngine engine(ApprovalHandler approvals, AuditLog first, AuditLog second) {
        return PolicyEngine.builder(PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                .rateLimiter(MeteredRateLimiter.of(InMemoryRateLimiter.create(), registry))
                .approvals(approvals)
                .audit(first)
                .audit(second)
                .observer(MicrometerMetrics.in(registry))
                .observer(new OpenTelemetryEvents())
                .observer(new DenialLog())
                .observer(this::hear)
                // The host's own ear: it gets failures as they are, messages and all. That is what it is for.
                .listener(EngineListener.NONE)
                .build();
    }

    /** Takes a webhook and refuses it, so that it is tried until its failure is told. */
    private static HttpServer receiver(BlockingQueue<String> posted) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/hook", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            posted.add(exchange.getRequestHeaders().entrySet() + body);
            exchange.sendResponseHeaders(500, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    // ---- servers and clients

    /** Who calls is told by a header, as hosts do it: the token is looked up, and an unknown one is an error. */
    private static CallContext whoCalls(McpTransportContext transport) {
        if (!(transport.get("token") instanceof String token) || !token.equals("Bearer known " + TOKEN)) {
            throw new IllegalStateException("no user has the token " + transport.get("token"));
        }
        return CallContext.by("bot")
                .with(ObjectValue.of(Map.of("token", new Value.Text(token), "fact", new Value.Text(FACT))));
    }

    private String startServer(PolicyEngine engine) throws Exception {
        HttpServletStreamableServerTransportProvider provider = HttpServletStreamableServerTransportProvider.builder()
                .mcpEndpoint("/mcp")
                .contextExtractor(
                        request -> McpTransportContext.create(Map.of("token", "" + request.getHeader("Authorization"))))
                .build();
        CallContextResolver resolver = (transport, reactor) -> whoCalls(transport);
        SyncSpecification<?> server = McpServer.sync(EnforcingServerTransports.builder(engine)
                .server("leaky")
                .callContext(resolver)
                .wrap(provider));
        LeakyServer.configure(server);
        McpSyncServer running = server.build();
        hear(running.getServerInfo());
        LEAK_WARNINGS.setLevel(java.util.logging.Level.OFF);
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.setSilent(true);
        Context context = tomcat.addContext("", directory.toString());
        Tomcat.addServlet(context, "mcp", provider).setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        tomcat.start();
        return "http://localhost:" + tomcat.getConnector().getLocalPort();
    }

    private static McpClientTransport overHttp(String url, String who) {
        return HttpClientStreamableHttpTransport.builder(url)
                .requestBuilder(HttpRequest.newBuilder().header("Authorization", "Bearer " + who + " " + TOKEN))
                .build();
    }

    private static McpClientTransport overStdio() {
        return new StdioClientTransport(
                ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java")
                                .toString())
                        .args(
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                LeakyServer.class.getName())
                        .build(),
                McpJsonDefaults.getMapper());
    }

    private EnforcingClientTransport guarded(McpClientTransport transport, PolicyEngine engine) {
        EnforcingClientTransport guarded = EnforcingClientTransport.builder(transport, engine)
                .server("leaky")
                .identity("bot")
                .build();
        hear(guarded);
        return guarded;
    }

    private void throughTheSdk(McpClientTransport transport) {
        try (McpSyncClient client =
                io.modelcontextprotocol.client.McpClient.sync(transport).build()) {
            client.initialize();
            for (String tool : List.of("pay", "complain", "refuse", "crash", "drop", "wire", "unlisted", "pay\u200b")) {
                call(client, tool, secrets());
            }
            call(client, "pay", Map.of("amount", ARGUMENT));
            call(client, "pay", Map.of("amount", -1, "harmless", "shown on purpose", "token", ARGUMENT));
            call(client, "pay", Map.of("x", List.of(ARGUMENT.repeat(100_000))));
        }
    }

    /** What a denied agent reads is ours; what else it reads is the server's answer to it. */
    private void call(McpSyncClient client, String tool, Map<String, Object> arguments) {
        try {
            CallToolResult result = client.callTool(
                    CallToolRequest.builder(tool).arguments(arguments).build());
            if (String.valueOf(result.meta()).contains("dev.interlock/decision")) {
                hear(result.content());
                hear(result.meta());
            }
        } catch (RuntimeException e) {
            assertThat(tool)
                    .as("only these are answered with errors of the server's own")
                    .isIn("refuse", "crash");
        }
    }

    private void throughLangChain4j(String url, PolicyEngine engine) throws Exception {
        EnforcingMcpTransport guarded = EnforcingMcpTransport.builder(
                        StreamableHttpMcpTransport.builder()
                                .url(url + "/mcp")
                                .customHeaders(Map.of("Authorization", "Bearer known " + TOKEN))
                                .build(),
                        engine)
                .server("leaky")
                .callContext((call, invocation) -> {
                    if (call.tool().equals("crash")) {
                        throw new IllegalStateException(TOKEN);
                    }
                    return call.by("bot");
                })
                .build();
        hear(guarded);
        String secrets = "{\"amount\": " + AMOUNT + ", \"token\": \"" + ARGUMENT + "\", \"" + KEY + "\": 1}";
        // Its close may be interrupted, which a resource that is closed unseen must not be.
        McpClient client = DefaultMcpClient.builder().transport(guarded).build();
        try {
            for (String tool : List.of("pay", "complain", "refuse", "crash", "drop", "wire", "unlisted")) {
                execute(client, tool, secrets);
            }
        } finally {
            client.close();
        }
    }

    private void execute(McpClient client, String tool, String arguments) {
        try {
            client.executeTool(ToolExecutionRequest.builder()
                    .name(tool)
                    .arguments(arguments)
                    .build());
        } catch (RuntimeException e) {
            if (String.valueOf(e.getMessage()).contains("[POLICY")) {
                hear(e);
            }
        }
    }

    // ---- where a secret is shown on purpose

    @Test
    void aPersonAtAConsoleIsShownTheArgumentsSinceTheyAnswerForThem() {
        StringWriter shown = new StringWriter();
        ConsoleApprovals console =
                new ConsoleApprovals(new BufferedReader(new StringReader("")), new PrintWriter(shown), Runnable::run);
        PolicyEngine engine = PolicyEngine.builder(
                        PolicyYaml.read(POLICY, "policy.yaml").orThrow())
                .approvals(console)
                .build();
        engine.admit(
                ToolCall.of("wire", secrets()).by("bot").with(ObjectValue.of(Map.of("token", new Value.Text(TOKEN)))));

        assertThat(shown.toString())
                .as("the arguments are what the person decides on")
                .contains(ARGUMENT)
                .as("the host's facts are not")
                .doesNotContain(TOKEN);
    }
}
