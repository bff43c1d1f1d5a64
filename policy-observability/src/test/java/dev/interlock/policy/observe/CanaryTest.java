package dev.interlock.policy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.interlock.policy.Amount;
import dev.interlock.policy.Posture;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.audit.log.SealKey;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.engine.Explanation;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.mcp.EnforcingClientTransport;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Plants secrets in the arguments, the context, the results, the keys, and the exceptions of what a host plugs in, and
 * looks for them in all that comes out: log lines at every level, metrics, traces, the audit log, and what things say
 * of themselves.
 */
class CanaryTest {

    private static final String CANARY = "canary-5c1f9e";
    private static final long AMOUNT = 918_273_645;

    @TempDir
    private Path directory;

    private final List<String> heard = new ArrayList<>();
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger root = (Logger) LoggerFactory.getLogger("dev.interlock");

    @BeforeEach
    void listen() {
        logged.start();
        root.addAppender(logged);
        root.setAdditive(false);
        root.setLevel(Level.TRACE);
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(logged);
    }

    private void hear(Object thing) {
        heard.add(String.valueOf(thing));
    }

    private static ToolCall call(String tool, Object amount) {
        return ToolCall.of(
                        tool,
                        Map.of(
                                "amount",
                                amount,
                                "token",
                                CANARY,
                                "nested",
                                List.of(Map.of("deep", CANARY), CANARY),
                                CANARY,
                                1))
                .with(ObjectValue.of(Map.of("secret", new Value.Text(CANARY))));
    }

    @Test
    void noSecretComesOutOfAnything() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        Path file = directory.resolve("audit.jsonl");
        SealKey key = SealKey.hmac((CANARY + "x".repeat(32)).getBytes(StandardCharsets.US_ASCII));
        hear(key);
        hear(Redaction.only("args.token"));
        try (SdkTracerProvider tracing = SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build();
                AuditLog log = AuditLog.at(file)
                        .argumentsKey((CANARY + "y".repeat(32)).getBytes(StandardCharsets.US_ASCII))
                        .sealedBy(key)
                        .open()) {
            hear(log);
            PolicyEngine.Builder builder = Engines.observed(
                            Posture.ALLOW,
                            ManualTime.at("2026-01-01T00:00:00Z"),
                            MicrometerMetrics.in(registry),
                            new OpenTelemetryEvents(),
                            new DenialLog(),
                            this::hear)
                    .audit(log);
            Span span = tracing.get("test").spanBuilder("call").startSpan();
            Scope scope = span.makeCurrent();
            try {
                decide(builder.build());
                decide(builder.rateLimiter(new Telltale()).build());
                throughTheAdapter(
                        builder.rateLimiter(InMemoryRateLimiter.create()).build());
            } finally {
                scope.close();
            }
            span.end();
            assertThat(spans.getFinishedSpanItems().get(0).getEvents()).hasSizeGreaterThan(3);
            spans.getFinishedSpanItems().forEach(this::hear);
            hear(log.status());
        }
        registry.getMeters().forEach(meter -> {
            hear(meter.getId());
            hear(meter.measure());
        });
        hear(Files.readString(file));
        logged.list.forEach(event -> {
            hear(event.getFormattedMessage());
            hear(event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
        });

        assertThat(logged.list).isNotEmpty();
        assertThat(Files.readAllLines(file)).hasSizeGreaterThan(10);
        assertThat(heard)
                .hasSizeGreaterThan(50)
                .noneMatch(text -> text.contains(CANARY))
                .noneMatch(text -> text.contains(Long.toString(AMOUNT)));
    }

    private void decide(PolicyEngine engine) {
        for (ToolCall call : List.of(
                call("pay", AMOUNT),
                call("pay", -1),
                call("pay", CANARY),
                call("drop", AMOUNT),
                call("other", AMOUNT),
                ToolCall.of("pay", Map.of("amount", new Object() {
                    @Override
                    public String toString() {
                        return CANARY;
                    }
                })))) {
            hear(call);
            hear(call.arguments());
            hear(call.context());
            hear(engine.decide(call));
            Explanation explanation = engine.explain(call);
            hear(explanation);
            hear(explanation.steps());
            var admission = engine.admit(call);
            hear(admission);
            hear(admission.decision());
            admission.succeeded();
        }
        hear(engine);
        hear(engine.policy());
    }

    /** A server that answers with a secret, in results and in errors, and one whose connection fails with one. */
    private void throughTheAdapter(PolicyEngine engine) {
        for (boolean fails : new boolean[] {false, true}) {
            Answering server = new Answering(fails);
            EnforcingClientTransport guarded = EnforcingClientTransport.wrap(server, engine);
            hear(guarded);
            guarded.connect(incoming -> incoming.then(Mono.empty())).block();
            for (Object amount : Stream.of(AMOUNT, 1L, CANARY).toList()) {
                Map<String, Object> params =
                        Map.of("name", "pay", "arguments", Map.of("amount", amount, "token", CANARY));
                // The failure is the server's own and goes to the caller; what is heard is what we say of it.
                guarded.sendMessage(new JSONRPCRequest("2.0", "tools/call", "1", params))
                        .onErrorComplete()
                        .block();
            }
            guarded.sendMessage(new JSONRPCRequest("2.0", "tools/call", "2", CANARY))
                    .onErrorComplete()
                    .block();
            guarded.close();
        }
    }

    private static final class Answering implements McpClientTransport {

        private final boolean fails;
        private Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler = incoming -> incoming;

        Answering(boolean fails) {
            this.fails = fails;
        }

        @Override
        public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> toHandle) {
            this.handler = toHandle;
            return Mono.empty();
        }

        @Override
        public Mono<Void> sendMessage(JSONRPCMessage message) {
            if (fails) {
                return Mono.error(new IllegalStateException(CANARY));
            }
            JSONRPCRequest request = (JSONRPCRequest) message;
            return handler.apply(Mono.just(JSONRPCResponse.result(request.id(), Map.of("content", CANARY))))
                    .then();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
            throw new IllegalArgumentException(CANARY);
        }
    }

    /** A limiter that fails, and says in its exceptions what it was asked about. */
    private final class Telltale implements RateLimiter {

        private IllegalStateException failure(Object asked) {
            hear(asked);
            return new IllegalStateException(CANARY);
        }

        @Override
        public Reservation reserve(Batch batch) {
            throw failure(batch);
        }

        @Override
        public void settle(Reservation.Granted reservation, CallOutcome outcome, List<@Nullable Amount> spent) {
            throw failure(reservation);
        }

        @Override
        public List<Usage> usage(List<Charge> charges) {
            throw failure(charges);
        }
    }
}
