package dev.interlock.policy.observe;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Failed;
import dev.interlock.policy.audit.AuditEvent.LimitReset;
import dev.interlock.policy.audit.AuditEvent.Marked;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditEvent.Outcome;
import dev.interlock.policy.audit.AuditEvent.PolicyChanged;
import dev.interlock.policy.audit.AuditEvent.ResultJudged;
import dev.interlock.policy.audit.AuditEvent.SessionCleared;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.audit.AuditEvent.SuspensionChanged;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.time.TimeSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts what an engine does:
 *
 * <ul>
 *   <li>{@code interlock.decisions}, a counter by {@code outcome}, {@code tool}, {@code rule} and {@code category};
 *   <li>{@code interlock.decision.duration}, a timer with a histogram, by {@code outcome};
 *   <li>{@code interlock.method.decisions}, a counter by {@code outcome}, {@code method} and {@code from}: decisions on
 *       requests other than {@code tools/call}, from a {@code client} or a {@code server};
 *   <li>{@code interlock.calls.ended}, a counter by {@code outcome}: {@link
 *       dev.interlock.policy.call.CallOutcome#text};
 *   <li>{@code interlock.calls.open}, how many calls were let through and have not ended. A call that waits for a
 *       person, or for an answer to its ticket, has not been let through;
 *   <li>{@code interlock.calls.leaked}, how many of these have been open for so long that the code that admitted them
 *       must have forgotten to settle them. It must be 0;
 *   <li>{@code interlock.policy.changes}, a counter by {@code change}, and {@code interlock.failures}, a counter of the
 *       engine's own failures.
 * </ul>
 *
 * <p>{@link MeteredRateLimiter} shows how much room limits have.
 *
 * <p>Only a bounded number of tools, rules and methods have series of their own; all others, and names that no policy
 * lists, are {@code (other)}. No session, identity or argument is a tag. Thread-safe.
 */
public final class MicrometerMetrics implements AuditSink {

    /** How many open calls are followed until they end. Beyond that, the two gauges are too low. */
    private static final int MOST_OPEN = 100_000;

    private static final int MOST_NAMES = 200;

    private final MeterRegistry registry;
    private final TimeSource time;
    private final Duration leakedAfter;
    private final BoundedNames tools;
    private final BoundedNames rules;
    private final BoundedNames methods;
    /** The time at which each open call was let through, in monotonic nanoseconds, by the decision's id. */
    private final Map<String, Long> open = new ConcurrentHashMap<>();

    private MicrometerMetrics(MeterRegistry registry, TimeSource time, Duration leakedAfter, int mostNames) {
        this.registry = registry;
        this.time = time;
        this.leakedAfter = leakedAfter;
        this.tools = new BoundedNames(mostNames);
        this.rules = new BoundedNames(mostNames);
        this.methods = new BoundedNames(mostNames);
        Gauge.builder("interlock.calls.open", open, Map::size)
                .description("calls that were let through and have not ended")
                .register(registry);
        Gauge.builder("interlock.calls.leaked", this, MicrometerMetrics::leaked)
                .description("open calls that will probably never be settled")
                .register(registry);
    }

    /**
     * Counts into a registry: up to 200 tools, rules and methods by name. A call that has been open for an hour has
     * leaked.
     */
    public static MicrometerMetrics in(MeterRegistry registry) {
        return in(registry, TimeSource.system(), Duration.ofHours(1), MOST_NAMES);
    }

    /**
     * Counts into a registry.
     *
     * @param time measures how long calls are open
     * @param leakedAfter how long a call may be open; choose it longer than the longest call
     * @param mostNames how many tools, how many rules and how many methods are counted by name
     */
    public static MicrometerMetrics in(MeterRegistry registry, TimeSource time, Duration leakedAfter, int mostNames) {
        return new MicrometerMetrics(registry, time, leakedAfter, mostNames);
    }

    @Override
    public void record(AuditEvent event) {
        if (event instanceof Decided decided) {
            decided(decided);
        } else if (event instanceof MethodDecided decided) {
            Counter.builder("interlock.method.decisions")
                    .tag("outcome", decided.outcome().text())
                    .tag("method", methods.of(decided.request().method()))
                    .tag("from", decided.request().fromServer() ? "server" : "client")
                    .register(registry)
                    .increment();
        } else if (event instanceof Settled settled) {
            open.remove(settled.id());
            count("interlock.calls.ended", "outcome", settled.outcome().text());
        } else if (event instanceof Marked marked) {
            if (!marked.set().isEmpty()) {
                count("interlock.marks", "change", "set");
            }
            if (!marked.cleared().isEmpty()) {
                count("interlock.marks", "change", "cleared");
            }
        } else if (event instanceof ResultJudged judged) {
            count("interlock.results", "result", judged.report().fate().text());
        } else if (event instanceof PolicyChanged changed) {
            count("interlock.policy.changes", "change", changed.change().text());
        } else if (event instanceof SuspensionChanged changed) {
            count("interlock.suspensions", "change", changed.suspended() ? "suspend" : "resume");
        } else if (event instanceof LimitReset) {
            count("interlock.resets", "what", "limit");
        } else if (event instanceof SessionCleared) {
            count("interlock.resets", "what", "session");
        } else if (event instanceof Failed) {
            Counter.builder("interlock.failures").register(registry).increment();
        }
    }

    private void decided(Decided decided) {
        Outcome outcome = decided.outcome();
        if (decided.round() > 0) {
            // The call was counted when it was new. If this round is denied, its settlement follows.
            count("interlock.calls.continued", "outcome", outcome.text());
            return;
        }
        Counter.builder("interlock.decisions")
                .tag("outcome", outcome.text())
                .tag("tool", tools.tool(decided))
                .tag("rule", rules.rule(decided.decision()))
                .tag(
                        "category",
                        decided.rating() == null
                                ? "(none)"
                                : decided.rating().category().text())
                .register(registry)
                .increment();
        Timer.builder("interlock.decision.duration")
                .tag("outcome", outcome.text())
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(1_000))
                .maximumExpectedValue(Duration.ofSeconds(10))
                .register(registry)
                .record(decided.took());
        if (!decided.decision().allowed()) {
            // Also for a call that was let through at first, but whose record was refused.
            open.remove(decided.id());
        } else if (open.size() < MOST_OPEN) {
            open.put(decided.id(), time.monotonicNanos());
        }
    }

    private void count(String name, String tag, String value) {
        Counter.builder(name).tag(tag, value).register(registry).increment();
    }

    private double leaked() {
        long now = time.monotonicNanos();
        return open.values().stream()
                .filter(since -> now - since >= leakedAfter.toNanos())
                .count();
    }
}
