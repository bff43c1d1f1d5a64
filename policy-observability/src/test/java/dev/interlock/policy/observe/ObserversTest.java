package dev.interlock.policy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Posture;
import dev.interlock.policy.Rule;
import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ForwardingLimiter;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.engine.Admission;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Usage;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What hosts see of an engine's work, in the libraries that they have. */
class ObserversTest {

    private final ManualTime clock = ManualTime.at("2026-01-01T00:00:00Z");
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(DenialLog.class);

    @BeforeEach
    void listen() {
        logged.start();
        logger.addAppender(logged);
        logger.setAdditive(false);
        logger.setLevel(Level.TRACE);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
        logger.setAdditive(true);
    }

    private static ToolCall pay(int amount) {
        return ToolCall.of("pay", Map.of("amount", amount));
    }

    private double decisions(String outcome, String tool, String rule) {
        return registry.get("interlock.decisions")
                .tags("outcome", outcome, "tool", tool, "rule", rule)
                .counter()
                .count();
    }

    // ---- Micrometer

    @Test
    void decisionsAreCountedByOutcomeToolAndRuleAndTimed() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, MicrometerMetrics.in(registry))
                .build();
        engine.admit(pay(1)).succeeded();
        engine.admit(pay(2)).failed();
        engine.admit(pay(101));
        engine.admit(ToolCall.of("drop", Map.of()));
        engine.update(Engines.policy(Posture.DENY));

        assertThat(decisions("allowed", "pay", "(none)")).isEqualTo(2);
        assertThat(decisions("denied", "pay", "cap")).isEqualTo(1);
        assertThat(decisions("denied", "drop", "never")).isEqualTo(1);
        assertThat(registry.get("interlock.decision.duration")
                        .tag("outcome", "allowed")
                        .timer()
                        .count())
                .isEqualTo(2);
        assertThat(registry.get("interlock.calls.ended")
                        .tag("outcome", "error")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("interlock.policy.changes")
                        .tag("change", "policy")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aCallOfSeveralRoundsIsCountedOnce() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, MicrometerMetrics.in(registry))
                .build();
        Admission call = engine.admit(pay(1));
        call.inputRequired();
        engine.continueAsync(pay(1), call, 1, AdmitOptions.DEFAULT)
                .toCompletableFuture()
                .join()
                .succeeded();

        assertThat(decisions("allowed", "pay", "(none)")).isEqualTo(1);
        assertThat(registry.get("interlock.calls.continued")
                        .tag("outcome", "allowed")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("interlock.calls.open").gauge().value()).isZero();
    }

    @Test
    void aCallThatNoOneSettlesHasLeaked() {
        PolicyEngine engine = Engines.observed(
                        Posture.ALLOW, clock, MicrometerMetrics.in(registry, clock, Duration.ofMinutes(10), 10))
                .build();
        engine.admit(pay(1)).succeeded();
        Admission forgotten = engine.admit(pay(2));
        engine.admit(pay(101));
        assertThat(registry.get("interlock.calls.open").gauge().value()).isEqualTo(1);
        assertThat(registry.get("interlock.calls.leaked").gauge().value()).isZero();

        clock.advance(Duration.ofMinutes(10));
        assertThat(registry.get("interlock.calls.leaked").gauge().value()).isEqualTo(1);
        forgotten.close();
        assertThat(registry.get("interlock.calls.leaked").gauge().value()).isZero();
    }

    @Test
    void howCallsEndIsCountedInTheWordsOfTheAuditLog() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, MicrometerMetrics.in(registry))
                .build();
        for (CallOutcome end : CallOutcome.values()) {
            engine.admit(pay(1)).settle(end);
        }

        for (String word : List.of("success", "tool_error", "error", "unsent", "unknown")) {
            assertThat(registry.get("interlock.calls.ended")
                            .tag("outcome", word)
                            .counter()
                            .count())
                    .as(word)
                    .isEqualTo(1);
        }
        assertThat(registry.find("interlock.calls.ended").counters()).hasSize(CallOutcome.values().length);
        assertThat(registry.get("interlock.calls.open").gauge().value()).isZero();
    }

    private PolicyEngine asking(@Nullable ApprovalHandler person, AuditSink... observers) {
        Rule ask = new Rule.Approval(
                "a person",
                Rule.Demands.NONE,
                Rule.Approval.DEFAULT_TIMEOUT,
                null,
                Mode.ENFORCE,
                Place.of("tools.pay.rules[0]"));
        PolicyEngine.Builder builder =
                PolicyEngine.builder(Engines.policy(ask)).time(clock).approvals(person);
        for (AuditSink observer : observers) {
            builder.observer(observer);
        }
        return builder.build();
    }

    @Test
    void whatPersonsStopAndResetIsCounted() {
        Instant now = Instant.EPOCH;
        MicrometerMetrics metrics = MicrometerMetrics.in(registry);
        metrics.record(new AuditEvent.SuspensionChanged(now, true, "Stop.", "ada"));
        metrics.record(new AuditEvent.LimitReset(now, new LimitKey("tools.pay#budget", "bob"), "ada"));
        metrics.record(new AuditEvent.LimitReset(now, new LimitKey("tools.pay#budget", "eve"), "ada"));
        metrics.record(new AuditEvent.SessionCleared(now, "s1", "ada"));

        assertThat(registry.get("interlock.suspensions")
                        .tag("change", "suspend")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("interlock.resets")
                        .tag("what", "limit")
                        .counter()
                        .count())
                .isEqualTo(2);
        assertThat(registry.get("interlock.resets")
                        .tag("what", "session")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aCallThatWaitsForAPersonOrForAnAnswerToItsTicketIsNotOpenAndNeverLeaks() {
        ApprovalTickets tickets = ApprovalTickets.create();
        PolicyEngine byTicket = asking(tickets, MicrometerMetrics.in(registry, clock, Duration.ofMinutes(10), 10));
        Admission pending = byTicket.admit(pay(1));
        assertThat(pending.decision().code()).isEqualTo(Decision.Code.APPROVAL_PENDING);
        pending.unsent();
        clock.advance(Duration.ofHours(1));
        assertThat(registry.get("interlock.calls.open").gauge().value()).isZero();
        assertThat(registry.get("interlock.calls.leaked").gauge().value()).isZero();

        tickets.approve(((ApprovalAnswer.Pending) pending.answer()).ticket(), "Ada");
        Admission approved = byTicket.admit(pay(1));
        assertThat(registry.get("interlock.calls.open").gauge().value()).isEqualTo(1);
        approved.toolError();
        assertThat(registry.get("interlock.calls.open").gauge().value()).isZero();

        CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
        SimpleMeterRegistry other = new SimpleMeterRegistry();
        PolicyEngine held = asking(request -> answer, MicrometerMetrics.in(other, clock, Duration.ofMinutes(10), 10));
        CompletableFuture<Admission> waiting = held.admitAsync(pay(1)).toCompletableFuture();
        assertThat(other.get("interlock.calls.open").gauge().value()).isZero();
        answer.complete(ApprovalAnswer.approved("Ada"));
        assertThat(other.get("interlock.calls.open").gauge().value()).isEqualTo(1);
        waiting.join().succeeded();
        assertThat(other.get("interlock.calls.open").gauge().value()).isZero();
    }

    @Test
    void aCallThatNoOneCanBeAskedAboutIsCountedAndLoggedAsDenied() {
        PolicyEngine engine = asking(null, MicrometerMetrics.in(registry), new DenialLog());

        Admission denied = engine.admit(pay(1));

        assertThat(denied.decision().verdict()).isEqualTo(Decision.Verdict.DENIED);
        assertThat(decisions("denied", "pay", "a person")).isEqualTo(1);
        assertThat(registry.find("interlock.decisions").tag("outcome", "asked").counter())
                .isNull();
        assertThat(registry.find("interlock.calls.ended").counter()).isNull();
        assertThat(registry.get("interlock.calls.open").gauge().value()).isZero();
        assertThat(logged.list)
                .singleElement()
                .satisfies(line -> assertThat(line.getFormattedMessage()).startsWith("Denied a call to pay: approval"));
    }

    @Test
    void namesThatAgentsInventMakeNoSeries() {
        for (Posture posture : Posture.values()) {
            PolicyEngine engine = Engines.observed(
                            posture, clock, MicrometerMetrics.in(registry, clock, Duration.ofHours(1), 10))
                    .build();
            for (int i = 0; i < 1_000; i++) {
                engine.admit(ToolCall.of("invented_" + i, Map.of())).succeeded();
                engine.admit(ToolCall.of("invented \u200b" + i, Map.of()));
            }
            engine.admit(pay(1)).succeeded();
        }
        List<Meter> series = registry.getMeters().stream()
                .filter(meter -> meter.getId().getName().equals("interlock.decisions"))
                .toList();
        assertThat(series).hasSizeLessThan(40);
        assertThat(series.stream().map(meter -> meter.getId().getTag("tool"))).contains(BoundedNames.OTHER, "pay");
    }

    @Test
    void aLimitShowsHowMuchOfItIsLeftAtEachCall() {
        MeteredRateLimiter limiter =
                MeteredRateLimiter.of(InMemoryRateLimiter.builder().time(clock).build(), registry, clock);
        PolicyEngine engine =
                Engines.observed(Posture.ALLOW, clock).rateLimiter(limiter).build();
        engine.admit(pay(1)).succeeded();
        for (int i = 1; i < 1_000; i++) {
            engine.admit(pay(1).in("session " + i)).succeeded();
        }
        assertThat(engine.admit(pay(1)).decision().allowed()).isFalse();

        List<DistributionSummary> rooms =
                registry.find("interlock.limiter.room").summaries().stream().toList();
        assertThat(rooms).hasSize(1);
        DistributionSummary room = rooms.get(0);
        assertThat(room.getId().getTag("limit")).contains("tools.pay");
        assertThat(room.count()).isEqualTo(1_001);
        assertThat(room.max()).isEqualTo(0.999);
        assertThat(room.mean()).isCloseTo(0.499, Offset.offset(0.001));
        assertThat(registry.get("interlock.limiter.room.unknown").counter().count())
                .isZero();
    }

    @Test
    void aLimitOnAnotherMachineIsLookedAtOnceASecondAndNoCallHangsOnIt() {
        Remote remote = new Remote(InMemoryRateLimiter.builder().time(clock).build());
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock)
                .rateLimiter(MeteredRateLimiter.of(remote, registry, clock))
                .build();
        for (int i = 0; i < 10; i++) {
            assertThat(engine.admitAsync(pay(1))
                            .toCompletableFuture()
                            .join()
                            .decision()
                            .allowed())
                    .isTrue();
        }
        assertThat(registry.get("interlock.limiter.room").summary().count()).isEqualTo(1);

        clock.advance(Duration.ofSeconds(1));
        remote.fails = true;
        assertThat(engine.admit(pay(1)).decision().allowed()).isTrue();
        assertThat(registry.get("interlock.limiter.room").summary().count()).isEqualTo(1);
        assertThat(registry.get("interlock.limiter.room.unknown").counter().count())
                .isEqualTo(1);
    }

    /** A limiter that says it is far away, and whose counts can't always be read. */
    private static final class Remote extends ForwardingLimiter {
        private boolean fails;

        Remote(RateLimiter near) {
            super(near);
        }

        @Override
        public CompletionStage<List<Usage>> usageAsync(List<Charge> charges) {
            return fails
                    ? CompletableFuture.failedFuture(new IllegalStateException("away"))
                    : super.usageAsync(charges);
        }

        @Override
        public boolean blocks() {
            return true;
        }
    }

    @Test
    void prometheusReadsItAll() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        PolicyEngine engine = Engines.observed(
                        Posture.ALLOW, clock, MicrometerMetrics.in(prometheus, clock, Duration.ofMinutes(10), 10))
                .rateLimiter(MeteredRateLimiter.of(InMemoryRateLimiter.create(), prometheus, clock))
                .build();
        engine.admit(pay(1)).succeeded();
        engine.admit(pay(101));
        engine.admit(pay(2)).failed();
        engine.admit(MethodCall.of("Tools/Call").askedByServer());
        engine.admit(ToolCall.of("tool\nwith \"quotes\" \\", Map.of())).close();

        List<String> lines = prometheus.scrape().lines().toList();
        assertThat(lines)
                .contains(
                        "interlock_decisions_total{category=\"financial\",outcome=\"allowed\",rule=\"(none)\","
                                + "tool=\"pay\"} 2.0",
                        "interlock_decisions_total{category=\"financial\",outcome=\"denied\",rule=\"cap\","
                                + "tool=\"pay\"} 1.0",
                        "interlock_method_decisions_total{from=\"server\",method=\"Tools/Call\",outcome=\"denied\"}"
                                + " 1.0",
                        "interlock_calls_ended_total{outcome=\"error\"} 1.0",
                        "interlock_calls_open 0.0",
                        "interlock_calls_leaked 0.0",
                        "interlock_policy_changes_total{change=\"start\"} 1.0",
                        "interlock_decision_duration_seconds_count{outcome=\"denied\"} 2")
                .anyMatch(line ->
                        line.startsWith("interlock_limiter_room_bucket{limit=") && line.endsWith("le=\"1.0\"} 2"))
                .anyMatch(
                        line -> line.startsWith("interlock_decision_duration_seconds_bucket{outcome=\"allowed\",le="));
        assertThat(lines)
                .as("a name can't make a line of its own")
                .allMatch(line -> line.startsWith("#") || line.startsWith("interlock_"));
    }

    // ---- OpenTelemetry

    @Test
    void aDecisionIsAnEventOfTheCurrentSpanByTheNamesOfTheConventions() {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        List<EventData> events;
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .build()) {
            PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, new OpenTelemetryEvents())
                    .ids(() -> "d1")
                    .build();
            Span span = provider.get("test").spanBuilder("tools/call pay").startSpan();
            Scope scope = span.makeCurrent();
            try {
                engine.admit(pay(101));
                Admission failed = engine.admit(pay(1));
                clock.advance(Duration.ofMillis(3));
                failed.toolError();
                engine.admit(pay(1)).succeeded();
            } finally {
                scope.close();
            }
            span.end();
            engine.admit(pay(1)).succeeded();
            provider.forceFlush().join(5, TimeUnit.MINUTES);
            events = spans.getFinishedSpanItems().get(0).getEvents();
        }
        assertThat(events)
                .extracting(EventData::getName)
                .containsExactly(
                        "interlock.decision",
                        "interlock.decision",
                        "interlock.settlement",
                        "interlock.decision",
                        "interlock.settlement");
        assertThat(events.get(2).getAttributes().asMap())
                .containsEntry(AttributeKey.stringKey("gen_ai.tool.name"), "pay")
                .containsEntry(AttributeKey.stringKey("interlock.outcome"), "tool_error")
                .containsEntry(AttributeKey.stringKey("error.type"), "tool_error")
                .containsEntry(AttributeKey.longKey("interlock.call.duration"), 3_000_000L)
                .containsEntry(AttributeKey.stringKey("interlock.decision.id"), "d1");
        assertThat(events.get(4).getAttributes().asMap())
                .containsEntry(AttributeKey.stringKey("interlock.outcome"), "success")
                .doesNotContainKey(AttributeKey.stringKey("error.type"));
        assertThat(events.get(0).getName()).isEqualTo("interlock.decision");
        assertThat(events.get(0).getAttributes().asMap())
                .containsEntry(AttributeKey.stringKey("mcp.method.name"), "tools/call")
                .containsEntry(AttributeKey.stringKey("gen_ai.operation.name"), "execute_tool")
                .containsEntry(AttributeKey.stringKey("gen_ai.tool.name"), "pay")
                .containsEntry(AttributeKey.stringKey("error.type"), "interlock.condition")
                .containsEntry(AttributeKey.stringKey("interlock.decision"), "denied")
                .containsEntry(AttributeKey.stringKey("interlock.rule"), "cap")
                .containsEntry(AttributeKey.stringKey("interlock.decision.id"), "d1");
    }

    // ---- SLF4J

    @Test
    void aDenialIsLoggedOnceInAnIntervalWithTheNumberPassedOver() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, new DenialLog(Duration.ofMinutes(1)))
                .ids(() -> "d1")
                .build();
        for (int i = 0; i < 5; i++) {
            engine.admit(pay(101));
        }
        engine.admit(ToolCall.of("drop", Map.of()));
        engine.admit(pay(1)).succeeded();
        clock.advance(Duration.ofMinutes(1));
        engine.admit(pay(102));

        assertThat(logged.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "Denied a call to pay: condition, rule cap, decision d1",
                        "Denied a call to drop: deny_rule, rule never, decision d1",
                        "Denied a call to pay: condition, rule cap, decision d1 (4 more since the last time)");
        assertThat(logged.list).extracting(ILoggingEvent::getLevel).containsOnly(Level.INFO);
    }

    @Test
    void aRefusedRequestForSomethingElseIsLoggedTheSameWay() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, new DenialLog())
                .ids(() -> "d1")
                .build();
        for (int i = 0; i < 5; i++) {
            engine.admit(MethodCall.of("tools/call").askedByServer().by("someone"));
        }
        engine.admit(MethodCall.of("tools/call\u200b\nforged"));

        assertThat(logged.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "Refused a request for tools/call of the server: method, rule (methods), decision d1",
                        "Refused a request for tools/call\\u200b\\nforged of the client: method, rule (methods),"
                                + " decision d1");
    }

    @Test
    void aNameCannotBreakOutOfItsLine() {
        PolicyEngine engine = Engines.observed(Posture.ALLOW, clock, new DenialLog())
                .ids(() -> "x\nINFO forged\u001b[2J")
                .build();
        engine.admit(pay(101));

        assertThat(logged.list.get(0).getFormattedMessage())
                .contains("x\\nINFO forged\\u001b[2J")
                .doesNotContain("\n");
    }
}
